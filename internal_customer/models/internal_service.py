from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

FLOWS = [
    ("material", "Material"),
    ("service", "Service"),
    ("information", "Information"),
]


class InternalService(models.Model):
    _name = "internal.service"
    _description = "Internal Service"
    _inherit = ["internal.validated"]
    _order = "name, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    code = fields.Char(
        required=True,
        copy=False,
        help="Short name for scripts and imports, unique in the company.",
    )
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self.env.company,
    )
    flow = fields.Selection(
        FLOWS,
        required=True,
        default="service",
        help="What runs to the customer: goods, work done for him, or figures.",
    )
    description = fields.Text(translate=True, help="What the customer gets.")
    constraint_note = fields.Text(
        "Rules",
        translate=True,
        help="Company rules that the customer reads before ordering.",
    )
    supplier_department_id = fields.Many2one(
        "hr.department",
        "Supplier",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    customer_department_ids = fields.Many2many(
        "hr.department",
        string="Customers",
        ondelete="restrict",
        context={"active_test": False},
        check_company=True,
        help="Departments that may order; empty: every department.",
    )
    user_id = fields.Many2one(
        "res.users",
        "Owner",
        index=True,
        ondelete="restrict",
        domain=[("share", "=", False)],
        help="Answers for the service and may always act on its orders.",
    )
    user_ids = fields.Many2many(
        "res.users",
        string="Fulfilled By",
        ondelete="restrict",
        context={"active_test": False},
        domain=[("share", "=", False)],
        help="Who fulfils orders; empty: everybody of the supplier department.",
    )
    calendar_id = fields.Many2one(
        "resource.calendar",
        "Working Hours",
        ondelete="restrict",
        check_company=True,
        help="Hours in which promised time runs; empty: the company's.",
    )
    intake_calendar_id = fields.Many2one(
        "resource.calendar",
        "Intake Hours",
        ondelete="restrict",
        check_company=True,
        help="When orders are taken: outside, the clock starts at the next opening."
        " Empty: always.",
    )
    lead_time_hours = fields.Float(
        "Lead Time",
        help="Working hours of notice that the supplier needs; 0: none.",
    )
    acceptance_days = fields.Integer(
        default=5,
        help="Working days after which silence accepts a delivery; 0: at once.",
    )
    rating_scale = fields.Selection(
        [("two", "Good or not good"), ("five", "Five levels")],
        required=True,
        default="five",
    )
    rating_days = fields.Integer(
        default=14, help="Days in which the customer may rate a delivery: 7 to 30."
    )
    veto = fields.Boolean(
        help="A score of 2 or less on this service blocks rewards with a veto rule."
    )
    policy_ids = fields.Many2many(
        "internal.sla.policy",
        "internal_service_sla_policy_rel",
        "service_id",
        "policy_id",
        string="Policies",
    )
    fulfilled_by_me = fields.Boolean(
        compute="_compute_fulfilled_by_me", search="_search_fulfilled_by_me"
    )

    _code_uniq = models.UniqueIndex(
        "(company_id, code)", "Another service of this company has this code."
    )
    _lead_time_positive = models.Constraint(
        "CHECK (lead_time_hours BETWEEN 0 AND 20000)",
        "The lead time must lie between 0 and 20,000 hours.",
    )
    _acceptance_days_range = models.Constraint(
        "CHECK (acceptance_days BETWEEN 0 AND 60)",
        "The acceptance days must lie between 0 and 60.",
    )
    _rating_days_range = models.Constraint(
        "CHECK (rating_days BETWEEN 7 AND 30)",
        "The rating days must lie between 7 and 30.",
    )

    @api.depends("user_id", "user_ids", "supplier_department_id")
    @api.depends_context("uid")
    def _compute_fulfilled_by_me(self):
        mine = self._fulfilled_by(self.env.user)
        for service in self:
            service.fulfilled_by_me = service._origin in mine

    def _search_fulfilled_by_me(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain("id", "in", self._fulfilled_by(self.env.user).ids)

    @api.model
    def _fulfilled_by(self, user):
        """Return the services on whose supplier side ``user`` stands today."""
        services = self.sudo().with_context(active_test=False)
        [(departments, employee_ids)] = services.env["hr.employee"]._read_group(
            [("user_id", "=", user.id), ("active", "=", True)],
            aggregates=["department_id:recordset", "id:array_agg"],
        )
        members = Domain("user_ids", "=", False) & Domain(
            "supplier_department_id", "parent_of", departments.ids
        )
        return services.search(
            Domain("user_id", "=", user.id)
            | Domain("user_ids", "in", user.ids)
            | Domain("supplier_department_id.manager_id", "in", employee_ids or [])
            | members
        )

    @api.constrains("calendar_id", "intake_calendar_id")
    def _check_calendars(self):
        calendars = self.calendar_id | self.intake_calendar_id
        for calendar in calendars:
            if not calendar._internal_timeline(calendar.company_id).has_hours:
                raise ValidationError(
                    self.env._(
                        "%s has no working hours: choose another calendar.",
                        calendar.name,
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_unnamed(self):
        """What names only deleted services would hold for all."""
        for name in ("internal.sla.policy", "internal.request.stage"):
            holders = self.env[name].sudo().with_context(active_test=False)
            if holders.search_count([("service_ids", "in", self.ids)], limit=1):
                raise ValidationError(
                    self.env._("A policy or stage names it: archive it instead.")
                )

    @api.model_create_multi
    def create(self, vals_list):
        self._forget_cached()  # policies know their services
        return super().create(vals_list)

    def write(self, vals):
        self._check_ids()
        vals = self._validate_values(vals)
        if "policy_ids" in vals:
            self._forget_cached()
        res = super().write(vals)
        if "calendar_id" in vals:
            self.env["internal.sla.clock"]._judge_open(
                [("request_id.service_id", "in", self.ids)]
            )
        return res

    def _order_values(self):
        """Return what an order takes from its service."""
        return {
            "service_id": self.id,
            "company_id": self.company_id.id,
            "flow": self.flow,
            "supplier_department_id": self.supplier_department_id.id,
        }

    def _calendar(self):
        """Return the calendar in which this service's promises run; empty: always."""
        return self.calendar_id or self.company_id.resource_calendar_id

    def _accepted_by(self, delivered_at):
        """Return when silence accepts a delivery; 0 days: at once."""
        if not self.acceptance_days:
            return delivered_at
        return self._timeline().plan_days(delivered_at, self.acceptance_days)

    def _timeline(self):
        return self._calendar()._internal_timeline(self.company_id)
