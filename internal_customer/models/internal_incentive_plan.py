from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import (
    AccessError,
    ConcurrencyError,
    UserError,
    ValidationError,
)

from ..engine import incentive
from .internal_period import KINDS

SPEED = frozenset(
    {"on_time_rate", "promise_kept_rate", "resolution_hours", "resolution_hours_max"}
)
RATINGS = frozenset({"good_rate", "good_rate_low", "satisfaction"})
QUALITY = RATINGS | {"reopen_rate"}


class InternalIncentivePlan(models.Model):
    _name = "internal.incentive.plan"
    _description = "Incentive Plan"
    _inherit = ["internal.validated"]
    _order = "name, version desc, id"
    _check_company_auto = True

    name = fields.Char(required=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self.env.company,
    )
    period_kind = fields.Selection(
        KINDS,
        "Pays Each",
        required=True,
        default="quarter",
    )
    subject = fields.Selection(
        [("department", "Departments")], "Pays", required=True, default="department"
    )
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        ondelete="restrict",
        default=lambda self: self.env.company.currency_id,
    )
    pool_amount = fields.Monetary(
        "Pool",
        required=True,
        help="Money of one period. A department's share is the pool × its weight ÷ all"
        " weights; its award is the share × its result.",
    )
    department_ids = fields.Many2many(
        "hr.department",
        string="Departments",
        ondelete="restrict",
        context={"active_test": False},
        check_company=True,
        help="Empty: every department that supplied something in the period.",
    )
    line_ids = fields.One2many(
        "internal.incentive.plan.line",
        "plan_id",
        "Weights",
        copy=True,
        help="Departments whose share is not the usual one; without a line: 1.",
    )
    rule_ids = fields.One2many("internal.incentive.rule", "plan_id", "Rules", copy=True)
    version = fields.Integer(default=1, readonly=True, copy=False)
    date_from = fields.Date(
        "Valid From", help="Pays periods that begin on this day or later; empty: all."
    )
    previous_id = fields.Many2one(
        "internal.incentive.plan",
        "Previous Version",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("submitted", "Submitted"),
            ("approved", "Approved"),
        ],
        required=True,
        readonly=True,
        copy=False,
        default="draft",
    )
    editor_id = fields.Many2one(
        "res.users", "Last Edited By", readonly=True, copy=False, ondelete="restrict"
    )
    first_approver_id = fields.Many2one(
        "res.users", "First Approval", readonly=True, copy=False, ondelete="restrict"
    )
    second_approver_id = fields.Many2one(
        "res.users", "Second Approval", readonly=True, copy=False, ondelete="restrict"
    )
    approved_at = fields.Datetime("Approved", readonly=True, copy=False)
    award_ids = fields.One2many("internal.incentive.award", "plan_id", "Awards")
    warning = fields.Char(compute="_compute_warning")

    _pool_range = models.Constraint(
        "CHECK (pool_amount >= 0 AND pool_amount <= 1e12)",
        "The pool must be 0 or more.",
    )
    _four_eyes = models.Constraint(
        "CHECK (first_approver_id <> second_approver_id"
        " AND first_approver_id <> editor_id AND second_approver_id <> editor_id)",
        "A plan is approved by two people, neither of them its last editor.",
    )
    _approved_by_two = models.Constraint(
        "CHECK (state <> 'approved' OR first_approver_id IS NOT NULL"
        " AND second_approver_id IS NOT NULL AND editor_id IS NOT NULL)",
        "A plan is approved by two people.",
    )
    _version_uniq = models.UniqueIndex(
        "(previous_id) WHERE previous_id IS NOT NULL",
        "This plan has a newer version already.",
    )

    @api.depends("name", "version")
    def _compute_display_name(self):
        for plan in self:
            plan.display_name = f"{plan.name or ''} v{plan.version}"

    @api.depends("rule_ids.kind", "rule_ids.metric", "rule_ids.weight")
    def _compute_warning(self):
        for plan in self:
            paying = plan.rule_ids.filtered(lambda r: r.kind in incentive.PAYING)
            quality = paying.filtered(lambda rule: rule.metric in QUALITY)
            least = max(
                paying.filtered(lambda r: r.metric in SPEED).mapped("weight"), default=0
            )
            plan.warning = False
            if sum(quality.mapped("weight")) < least / 2:
                plan.warning = self.env._(
                    "Pays for speed with little weight on quality: people will hurry."
                )
            elif paying and set(paying.mapped("metric")) <= RATINGS:
                plan.warning = self.env._("Pays for ratings alone: people will beg.")

    # Scripts say ``pool``; a field cannot, since that is the registry of every model

    @api.model
    def _validate_values(self, vals):
        if isinstance(vals, dict) and "pool" in vals:
            vals = {**vals, "pool_amount": vals["pool"]}
            del vals["pool"]
        return super()._validate_values(vals)

    def read(self, fields=None, load="_classic_read"):
        if "pool" not in (fields or ()):
            return super().read(fields, load)
        names = ["pool_amount" if name == "pool" else name for name in fields]
        rows = super().read(names, load)
        return [{**row, "pool": row["pool_amount"]} for row in rows]

    @api.model
    def search_read(
        self, domain=None, fields=None, offset=0, limit=None, order=None, **read_kwargs
    ):
        if "pool" not in (fields or ()):
            return super().search_read(
                domain, fields, offset, limit, order, **read_kwargs
            )
        plans = self.search(domain or [], offset=offset, limit=limit, order=order)
        return plans.read(fields, **read_kwargs)

    # Only drafts change, and who edits is written down

    def _prepare_create(self, vals_list):
        for vals in vals_list:
            self._check_by_hand(vals)
        protected = {
            "state": "draft",
            "version": 1,
            "previous_id": False,
            "first_approver_id": False,
            "second_approver_id": False,
            "approved_at": False,
            "editor_id": self.env.uid,
        }
        return [{**vals, **protected} for vals in vals_list]

    def write(self, vals):
        self._check_ids()
        vals = self._validate_values(vals)
        self._check_by_hand(vals)
        self._require_draft()
        return super().write({**vals, "editor_id": self.env.uid})

    def _check_by_hand(self, vals):
        if extra := vals.keys() & {
            "state",
            "version",
            "previous_id",
            "editor_id",
            "first_approver_id",
            "second_approver_id",
            "approved_at",
            "award_ids",
        }:
            raise AccessError(
                self.env._(
                    "%s: nobody writes that by hand; use the buttons of the plan.",
                    ", ".join(sorted(extra)),
                )
            )

    def _require_draft(self):
        for plan in self:
            if plan.state != "draft":
                raise UserError(
                    self.env._(
                        "%s was submitted: it does not change; make a new version.",
                        plan.display_name,
                    )
                )

    @api.ondelete(at_uninstall=True)
    def _unlink_draft(self):
        self._require_draft()

    # Four eyes

    def action_submit(self):
        """Send a draft to two other people for approval.

        :return: ``[{"id", "state"}]``
        """
        self._check_actor()
        self._require_draft()
        for plan in self:
            if not plan.rule_ids:
                raise ValidationError(
                    self.env._("%s has no rules: add one.", plan.display_name)
                )
            for rule in plan.rule_ids:
                rule._check_rule()
        self._update_rows(self.ids, [{"state": "submitted"}] * len(self))
        return self.read(["state"])

    def action_approve(self):
        """Approve a submitted plan; it holds when two people have.

        :raises AccessError: the caller edited it last, is paid by it, or approved it
        :return: ``[{"id", "state"}]``
        """
        self._check_actor()
        now = fields.Datetime.now()
        for plan in self:
            if plan.state != "submitted":
                raise UserError(
                    self.env._("%s is not up for approval.", plan.display_name)
                )
            plan._check_approver()
            if plan.first_approver_id:
                values = {
                    "state": "approved",
                    "second_approver_id": self.env.uid,
                    "approved_at": now,
                }
            else:
                values = {"first_approver_id": self.env.uid}
            plan._update_rows(plan.ids, [values])
        return self.read(["state"])

    def action_reset(self):
        """Take a submitted plan back to draft; its approvals are cleared.

        :return: ``[{"id", "state"}]``
        """
        self._check_actor()
        for plan in self:
            if plan.state != "submitted":
                raise UserError(
                    self.env._("%s is not up for approval.", plan.display_name)
                )
        draft = {"state": "draft", "first_approver_id": None}
        self._update_rows(self.ids, [draft] * len(self))
        return self.read(["state"])

    def _check_approver(self):
        user = self.env.user
        for other in self.editor_id | self.first_approver_id:
            if user._internal_is_person(other):
                raise AccessError(
                    self.env._(
                        "%s: the editor and the two who approve are three people.",
                        self.display_name,
                    )
                )
        departments = user._internal_departments(self.company_id)
        own, managed = departments[user, self.company_id]
        below = (
            self.env["hr.department"]
            .sudo()
            .search([("id", "child_of", self._paid_departments().ids)])
        )
        if paid := (own | managed) & below:
            raise AccessError(
                self.env._(
                    "%(plan)s pays %(department)s: its people cannot approve it.",
                    plan=self.display_name,
                    department=paid[0].name,
                )
            )

    def _paid_departments(self):
        suppliers = (
            self.env["internal.service"]
            .sudo()
            .with_context(active_test=False)
            .search([("company_id", "=", self.company_id.id)])
        )
        return self.sudo().department_ids or suppliers.supplier_department_id

    def action_new_version(self, date_from=None):
        """Copy the plan into a draft that replaces it from a day on.

        :param date_from: a day after the end of the last closed period
        :return: ``{"id", "version"}``
        """
        self._check_actor()
        self._check_one()
        if self.state != "approved":
            raise UserError(
                self.env._(
                    "%s: only an approved plan gets a version.", self.display_name
                )
            )
        date_from = self._validate_value("date_from", date_from)
        closed = (
            self.env["internal.period"]
            .sudo()
            .search(
                [
                    ("company_id", "=", self.company_id.id),
                    ("kind", "=", self.period_kind),
                    ("state", "=", "closed"),
                ],
                order="date_to desc",
                limit=1,
            )
        )
        last = max(filter(None, [closed.date_to, self.date_from]), default=None)
        if not date_from or (last and date_from <= last):
            raise ValidationError(
                self.env._(
                    "date_from: give a day after the last closed period and after the"
                    " day from which this version is valid."
                )
            )
        plan = self.copy({"name": self.name, "date_from": date_from})
        plan._update_rows(
            plan.ids, [{"version": self.version + 1, "previous_id": self.id}]
        )
        return {"id": plan.id, "version": plan.version}

    # Money

    def action_simulate(self, period_id=None):
        """Return what the plan would award for a period; writes nothing.

        :return: dicts ``{"department_id", "department", "amount", "share", "factor",
            "withheld", "lines"}``
        """
        self.env.user._internal_require("incentive")
        self._check_one()
        self.check_access("read")
        period = self._parse_period(period_id)
        awards = self._award(period)
        return [
            {
                "department_id": department.id,
                "department": department.name,
                "amount": float(award.amount),
                "share": float(award.share),
                "factor": float(award.factor),
                "withheld": not award.amount,
                "lines": [
                    self.env["internal.incentive.award.line"]._say(
                        line.code, line.data, self.currency_id, line.amount
                    )
                    for line in award.lines
                ],
            }
            for department, award in awards.items()
        ]

    def action_evaluate(self, period_id=None):
        """Write the awards of a closed period; again: returns the same awards.

        :raises UserError: the plan is not approved, was approved after the period was
            closed, or the period is still open
        :return: ``[{"id", "department_id", "amount", "state"}]``
        """
        self._check_actor()
        self._check_one()
        period = self._parse_period(period_id)
        existing = self._awards_of(period)
        if not existing:
            self._check_may_pay(period)
            awards = self.env["internal.incentive.award"].sudo()
            try:
                with self.env.cr.savepoint():
                    awards._write_awards(self.sudo(), period, self._award(period))
            except UniqueViolation as error:  # somebody evaluates it now: run again
                raise ConcurrencyError(str(error)) from error
            existing = self._awards_of(period)
        return [award._as_result() for award in existing]

    def action_close(self, period_id=None):
        """Pay the awards that are due for a period.

        :return: ``[{"id", "department_id", "amount", "state"}]``
        """
        self._check_actor()
        self._check_one()
        awards = self._awards_of(self._parse_period(period_id))
        if not awards:
            raise UserError(
                self.env._("%s has no awards for it yet.", self.display_name)
            )
        due = awards.filtered(lambda award: award.state == "due")
        due.sudo()._update_rows(due.ids, [{"state": "paid"}] * len(due))
        return [award._as_result() for award in awards]

    def _check_actor(self):
        self.env.user._internal_require("incentive")
        self._check_batch()
        self.check_access("write")

    def _parse_period(self, period_id):
        period = self.sudo()._parse_record("period_id", period_id, "internal.period")
        if period.company_id != self.company_id or period.kind != self.period_kind:
            raise ValidationError(
                self.env._("period_id: %s is not a period of this plan.", period.name)
            )
        return period

    def _awards_of(self, period):
        return self.env["internal.incentive.award"].search(
            [("plan_id", "=", self.id), ("period_id", "=", period.id)]
        )

    def _check_may_pay(self, period):
        if self.state != "approved":
            raise UserError(self.env._("%s is not approved.", self.display_name))
        if period.state != "closed":
            raise UserError(
                self.env._("%s is open: close it before it is paid.", period.name)
            )
        if self.approved_at > period.closed_at:
            raise UserError(
                self.env._(
                    "%(plan)s was approved after %(period)s was closed.",
                    plan=self.display_name,
                    period=period.name,
                )
            )
        if self.date_from and period.date_from < self.date_from:
            raise UserError(
                self.env._("%s is not valid yet in this period.", self.display_name)
            )
        newer = self.sudo().search(
            [
                ("previous_id", "=", self.id),
                ("state", "=", "approved"),
                ("date_from", "<=", period.date_from),
            ]
        )
        if newer:
            raise UserError(self.env._("%s replaces this version.", newer.display_name))

    def _award(self, period):
        """Return ``{department: engine award}`` of this plan in ``period``."""
        cards = (
            self.env["internal.scorecard"]
            .sudo()
            .search(
                [
                    ("period_id", "=", period.id),
                    ("role", "=", "supplier"),
                    ("subject", "=", "department"),
                ]
            )
        )
        by_department = {card.department_id: card for card in cards}
        departments = self.sudo().department_ids or cards.department_id
        weights = {line.department_id: line.weight for line in self.sudo().line_ids}
        results = incentive.awards(
            self.pool_amount,
            {d.id: weights.get(d, 1.0) for d in departments},
            [rule._as_rule() for rule in self.sudo().rule_ids],
            {d.id: card._as_card() for d, card in by_department.items()},
            self.currency_id.decimal_places,
        )
        return {d: results[d.id] for d in departments}
