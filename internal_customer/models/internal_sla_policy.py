from collections import defaultdict

from odoo import api, fields, models, tools
from odoo.exceptions import AccessError, ValidationError

from ..engine import clock

PRIORITIES = [("0", "Low"), ("1", "Normal"), ("2", "High"), ("3", "Urgent")]


class InternalSlaPolicy(models.Model):
    _name = "internal.sla.policy"
    _description = "SLA Policy"
    _inherit = ["internal.validated"]
    _order = "metric, name, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        index=True,
        ondelete="restrict",
        default=lambda self: self.env.company,
        help="Empty: every company; kept by somebody who belongs to all of them.",
    )
    metric = fields.Selection(
        [("response", "First answer"), ("resolution", "Delivery")],
        required=True,
        default="resolution",
        help="What must be done in time: the supplier's first answer, or the delivery.",
    )
    hours = fields.Float(
        required=True, help="Working hours in which it must be done.", default=8
    )
    calendar_id = fields.Many2one(
        "resource.calendar",
        "Working Hours",
        ondelete="restrict",
        check_company=True,
        help="Hours that count; empty: those of the service.",
    )
    service_ids = fields.Many2many(
        "internal.service",
        "internal_service_sla_policy_rel",
        "policy_id",
        "service_id",
        string="Services",
        context={"active_test": False},
        check_company=True,
        help="Empty: every service.",
    )
    customer_department_ids = fields.Many2many(
        "hr.department",
        string="Customers",
        ondelete="restrict",
        context={"active_test": False},
        check_company=True,
        help="Empty: every customer.",
    )
    priority = fields.Selection(
        PRIORITIES,
        help="Empty: every priority.",
    )
    pause_third_party = fields.Boolean(
        "Pauses for Third Parties",
        help="Waiting for somebody outside stops the time, as waiting for the customer"
        " does.",
    )
    at_risk_percent = fields.Float(
        "At Risk From (%)",
        default=75,
        help="Share of the time used from which an order is soon due.",
    )

    _hours_range = models.Constraint(
        "CHECK (hours > 0 AND hours <= 20000)",
        "The hours must be more than 0 and at most 20,000.",
    )
    _at_risk_range = models.Constraint(
        "CHECK (at_risk_percent > 0 AND at_risk_percent <= 100)",
        "The share at risk must be more than 0 and at most 100 percent.",
    )

    @api.constrains("calendar_id")
    def _check_calendar(self):
        for calendar in self.calendar_id:
            if not calendar._internal_timeline(calendar.company_id).has_hours:
                raise ValidationError(
                    self.env._(
                        "%s has no working hours: choose another calendar.",
                        calendar.name,
                    )
                )

    @api.constrains(
        "metric",
        "hours",
        "service_ids",
        "customer_department_ids",
        "priority",
        "company_id",
        "active",
    )
    def _check_answer_before_delivery(self):
        """The first answer is not due after the delivery of the same scope."""
        scopes = defaultdict(dict)
        for policy in self.search([]):
            scope = (
                policy.company_id,
                policy.service_ids,
                policy.customer_department_ids,
                policy.priority,
            )
            scopes[scope].setdefault(policy.metric, []).append(policy.hours)
        for hours in scopes.values():
            answers, deliveries = hours.get("response"), hours.get("resolution")
            if answers and deliveries and min(answers) > min(deliveries):
                raise ValidationError(
                    self.env._(
                        "The first answer would be due after the delivery: give it"
                        " at most %s hours.",
                        min(deliveries),
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        self._forget_cached()
        policies = super().create(vals_list)
        policies._check_of_all_companies()
        return policies

    def unlink(self):
        self._forget_cached()
        return super().unlink()

    def write(self, vals):
        self._check_ids()
        self._forget_cached()
        self._check_of_all_companies()
        res = super().write(vals)
        self._check_of_all_companies()
        self.flush_recordset()  # refused numbers are judged by nobody
        if vals.keys() & {
            "hours",
            "calendar_id",
            "pause_third_party",
            "at_risk_percent",
        }:
            self.env["internal.sla.clock"]._judge_open([("policy_id", "in", self.ids)])
        return res

    def _check_company(self, fnames=None):
        """A policy of every company may name services of any."""
        return super(InternalSlaPolicy, self.filtered("company_id"))._check_company(
            fnames
        )

    def _check_of_all_companies(self):
        """What holds in every company is changed by somebody who belongs to all."""
        if self.env.su or all(policy.company_id for policy in self):
            return
        companies = self.env["res.company"].sudo().search([])
        if companies - self.env.user.company_ids:
            raise AccessError(
                self.env._(
                    "This policy is for every company: only who belongs to all of them"
                    " may change it."
                )
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_unused(self):
        self._check_of_all_companies()
        clocks = self.env["internal.sla.clock"].sudo()
        if clocks.search_count([("policy_id", "in", self.ids)], limit=1):
            raise ValidationError(
                self.env._("Orders were judged by this policy: archive it instead.")
            )

    @api.model
    def _of_company(self, company):
        """Return the policies that may hold there, as :mod:`engine.clock` chooses
        among them."""
        return [
            facts
            for company_id, facts in self.sudo()._all_facts()
            if company_id in (False, company.id)
        ]

    @api.model
    @tools.ormcache()
    def _all_facts(self):
        policies = self.with_context(active_test=True).search([])
        return [(policy.company_id.id, policy._facts()) for policy in policies]

    def _facts(self):
        return clock.Policy(
            id=self.id,
            metric=self.metric,
            hours=self.hours,
            service_ids=frozenset(self.service_ids.ids),
            customer_ids=frozenset(self.customer_department_ids.ids),
            priority=self.priority or None,
            pausing=self._pausing(),
            at_risk_percent=self.at_risk_percent,
        )

    def _pausing(self):
        return frozenset(["third_party"] if self.pause_third_party else [])
