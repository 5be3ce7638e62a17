from collections import defaultdict
from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import format_datetime

from ..engine.worktime import Timeline, period_edge

KINDS = [("month", "Month"), ("quarter", "Quarter"), ("year", "Year")]
MONTHS = {"month": 1, "quarter": 3, "year": 12}
CUTOFF_DAYS = 5
"""Working days after a period's end before it can be closed."""


def is_counted(moment, recorded, spans):
    """Return whether one of these closed periods has counted a fact of ``moment`` that
    was known since ``recorded``: what is closed stays."""
    return any(
        start <= moment < end and recorded <= closed for start, end, closed in spans
    )


class InternalPeriod(models.Model):
    _name = "internal.period"
    _description = "Period"
    _inherit = ["internal.validated"]
    _order = "date_from desc, kind, id"

    name = fields.Char(compute="_compute_name", store=True)
    kind = fields.Selection(
        KINDS,
        required=True,
        default="quarter",
    )
    date_from = fields.Date("From", required=True)
    date_to = fields.Date(
        "To",
        compute="_compute_date_to",
        precompute=True,
        store=True,
        readonly=False,
        required=True,
        help="Last day; from its first second to the last one of this day, in the time"
        " zone of the company's working hours.",
    )
    start_at = fields.Datetime(compute="_compute_edges", store=True)
    end_at = fields.Datetime(compute="_compute_edges", store=True)
    state = fields.Selection(
        [("open", "Open"), ("closed", "Closed")],
        required=True,
        readonly=True,
        copy=False,
        default="open",
    )
    closed_at = fields.Datetime("Closed", readonly=True, copy=False)
    closed_by_id = fields.Many2one(
        "res.users", readonly=True, copy=False, ondelete="restrict"
    )
    closable_at = fields.Datetime(
        "Can Be Closed From",
        compute="_compute_closable_at",
        help="Five working days after its end.",
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self.env.company,
    )
    scorecard_ids = fields.One2many("internal.scorecard", "period_id", "Scorecards")

    _dates_forward = models.Constraint(
        "CHECK (date_from <= date_to)", "A period cannot end before it begins."
    )

    @api.depends("kind", "date_from")
    def _compute_name(self):
        for period in self:
            day = period.date_from
            period.name = day and {
                "month": f"{day:%Y-%m}",
                "quarter": f"Q{(day.month + 2) // 3} {day.year}",
                "year": f"{day.year}",
            }.get(period.kind)

    @api.depends("kind", "date_from")
    def _compute_date_to(self):
        for period in self:
            if period.date_from and period.kind:
                end = period.date_from + relativedelta(months=MONTHS[period.kind])
                period.date_to = end - timedelta(days=1)

    @api.depends("date_from", "date_to", "company_id")
    def _compute_edges(self):
        for period in self:
            zone = period._zone(period.company_id)
            if period.date_from and period.date_to:
                after = period.date_to + timedelta(days=1)
                period.start_at = period_edge(period.date_from, zone)
                period.end_at = period_edge(after, zone)

    @api.model
    def _zone(self, company):
        """Return the time zone in which the days of ``company`` begin and end."""
        return company.sudo().resource_calendar_id.tz or "UTC"

    @api.model
    def _edges_changed(self, companies):
        """Work out anew when open periods begin and end: the time zone changed."""
        periods = self.search(
            [("company_id", "in", companies.ids), ("state", "=", "open")]
        )
        self.env.add_to_compute(self._fields["start_at"], periods)
        self.env.add_to_compute(self._fields["end_at"], periods)

    @api.depends("end_at", "company_id")
    def _compute_closable_at(self):
        for period in self:
            company = period.company_id
            timeline = company.sudo().resource_calendar_id._internal_timeline(company)
            if not timeline.has_hours:
                timeline = Timeline()
            period.closable_at = period.end_at and timeline.plan_days(
                period.end_at, CUTOFF_DAYS
            )

    @api.constrains("kind", "date_from", "date_to", "company_id")
    def _check_overlap(self):
        for period in self:
            others = Domain("id", "!=", period.id) & Domain(
                [
                    ("kind", "=", period.kind),
                    ("company_id", "=", period.company_id.id),
                    ("date_from", "<=", period.date_to),
                    ("date_to", ">=", period.date_from),
                ]
            )
            if self.search_count(others, limit=1):
                raise ValidationError(
                    self.env._("%s overlaps another period of its kind.", period.name)
                )

    def _prepare_create(self, vals_list):
        for vals in vals_list:
            self._check_by_hand(vals)
        return [{**vals, "state": "open", "closed_at": False} for vals in vals_list]

    def write(self, vals):
        self._check_ids()
        self._check_by_hand(self._validate_values(vals))
        self._require_open()
        return super().write(vals)

    def _check_by_hand(self, vals):
        if extra := vals.keys() - {"kind", "date_from", "date_to", "company_id"}:
            raise AccessError(
                self.env._(
                    "%s: nobody writes that by hand; compute or close the period.",
                    ", ".join(sorted(extra)),
                )
            )

    def _require_open(self):
        for period in self:
            if period.state == "closed":
                raise UserError(
                    self.env._(
                        "%s is closed: it does not change any more.", period.name
                    )
                )

    @api.ondelete(at_uninstall=True)
    def _unlink_open(self):
        self._require_open()
        self.env["internal.scorecard"]._drop(self)

    def action_compute(self):
        """Work out the scorecards of open periods anew.

        :return: ``[{"id", "state"}]``
        """
        self.env.user._internal_require("officer")
        self._check_batch()
        self.check_access("write")
        self._require_open()
        self._compute_scorecards()
        return self.read(["state"])

    def action_close(self):
        """Compute the scorecards a last time and freeze them.

        :raises UserError: the period is not over for five working days yet
        :return: ``[{"id", "state"}]``
        """
        self.env.user._internal_require("officer")
        self._check_batch()
        self.check_access("write")
        self._require_open()
        now = fields.Datetime.now()
        for period in self:
            if not period.closable_at or period.closable_at > now:
                raise UserError(
                    self.env._(
                        "%(period)s can be closed from %(moment)s on: five working days"
                        " after its end.",
                        period=period.name,
                        moment=format_datetime(self.env, period.closable_at),
                    )
                )
        self._compute_scorecards()
        closed = {"state": "closed", "closed_at": now, "closed_by_id": self.env.uid}
        self._update_rows(self.ids, [closed] * len(self))
        return self.read(["state"])

    @api.model
    def _closed_spans(self):
        """Return ``{company id: [(start, end, closed)]}`` of the closed periods, for
        :func:`is_counted`."""
        spans = defaultdict(list)
        for period in self.search([("state", "=", "closed")]):
            span = (period.start_at, period.end_at, period.closed_at)
            spans[period.company_id.id].append(span)
        return spans

    def _compute_scorecards(self):
        now = fields.Datetime.now()
        self.env["internal.sla.clock"].sudo()._judge_due(now)
        self.env["internal.request"].sudo()._accept_due(now)
        self.env["internal.rating"].sudo()._expire_due(now)
        for period in self:
            self.env["internal.scorecard"].sudo()._compute_period(period.sudo())

    def _cron_compute(self):
        """Open the current quarter where there are services; compute what is open."""
        now = fields.Datetime.now()
        companies = self.env["internal.service"].search([]).company_id
        quarters = self.search([("kind", "=", "quarter")]).grouped("company_id")
        current = []
        for company in companies:
            today = fields.Datetime.context_timestamp(
                self.with_context(tz=self._zone(company)), now
            ).date()
            start = today.replace(day=1, month=(today.month - 1) // 3 * 3 + 1)
            end = start + relativedelta(months=3, days=-1)
            known = quarters.get(company, self.browse())
            if not known.filtered(
                lambda q, start=start, end=end: (
                    q.date_from <= end and q.date_to >= start
                )
            ):
                current.append(
                    {"kind": "quarter", "date_from": start, "company_id": company.id}
                )
        self.create(current)
        for period in self.search([("state", "=", "open"), ("start_at", "<=", now)]):
            period._compute_scorecards()
            self.env["ir.cron"]._commit_progress(1)
