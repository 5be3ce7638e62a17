from odoo import api, fields, models


class InternalIncentiveAward(models.Model):
    """What a plan pays a department for a period, with every step of the sum."""

    _name = "internal.incentive.award"
    _description = "Award"
    _inherit = ["internal.validated"]
    _order = "period_id, plan_id, department_id, id"
    _rec_names_search = ["plan_id", "department_id"]

    plan_id = fields.Many2one(
        "internal.incentive.plan", required=True, index=True, ondelete="restrict"
    )
    plan_version = fields.Integer("Version")
    period_id = fields.Many2one(
        "internal.period", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, ondelete="restrict"
    )
    department_id = fields.Many2one(
        "hr.department", required=True, index=True, ondelete="restrict"
    )
    scorecard_id = fields.Many2one(
        "internal.scorecard", index="btree_not_null", ondelete="restrict"
    )
    currency_id = fields.Many2one("res.currency", required=True, ondelete="restrict")
    share = fields.Monetary(help="Its part of the pool, before the result.")
    amount = fields.Monetary(help="Share × result, rounded once.")
    state = fields.Selection(
        [("due", "Due"), ("paid", "Paid"), ("withheld", "Withheld")], required=True
    )
    line_ids = fields.One2many("internal.incentive.award.line", "award_id", "Lines")

    _once = models.UniqueIndex(
        "(plan_id, period_id, department_id)", "This period is awarded already."
    )

    @api.depends("department_id", "plan_id", "period_id")
    def _compute_display_name(self):
        for award in self.sudo():
            award.display_name = " · ".join(
                filter(
                    None,
                    [
                        award.department_id.name,
                        award.plan_id.display_name,
                        award.period_id.name,
                    ],
                )
            )

    @api.model
    @api.readonly
    def report_awards(self, period_id=None):
        """Return the awards of a period that the caller may see, as plain dicts.

        :param int period_id: a period
        :return: dicts ``{"id", "plan_id", "plan", "plan_version", "period_id",
            "period", "department_id", "department", "amount", "share", "currency",
            "state", "lines"}``; lines are ``{"sequence", "rule", "code", "text",
            "amount", "data"}``
        """
        period = self._parse_record("period_id", period_id, "internal.period")
        return [
            {
                **award._as_result(),
                "plan_id": award.plan_id.id,
                "plan": award.sudo().plan_id.display_name,
                "plan_version": award.plan_version,
                "period_id": period.id,
                "period": period.name,
                "department": award.department_id.name,
                "share": award.share,
                "currency": award.currency_id.name,
                "lines": [line._as_dict() for line in award.line_ids],
            }
            for award in self.search([("period_id", "=", period.id)])
        ]

    def _as_result(self):
        return {
            "id": self.id,
            "department_id": self.department_id.id,
            "amount": self.amount,
            "state": self.state,
        }

    @api.model
    def _write_awards(self, plan, period, results):
        """Store what the engine answered, once for a plan, period and department."""
        cards = self.env["internal.scorecard"].search(
            [("period_id", "=", period.id), ("subject", "=", "department")]
        )
        card_ids = {card.department_id: card.id for card in cards}
        ids = self._insert_rows(
            [
                {
                    "plan_id": plan.id,
                    "plan_version": plan.version,
                    "period_id": period.id,
                    "company_id": plan.company_id.id,
                    "department_id": department.id,
                    "scorecard_id": card_ids.get(department),
                    "currency_id": plan.currency_id.id,
                    "share": result.share,
                    "amount": result.amount,
                    "state": "due" if result.amount else "withheld",
                }
                for department, result in results.items()
            ]
        )
        self.env["internal.incentive.award.line"]._insert_rows(
            [
                {
                    "award_id": award_id,
                    "sequence": sequence,
                    "rule_id": line.rule,
                    "code": line.code,
                    "data": self._with_moment(line, department, cards),
                    "amount": line.amount,
                }
                for award_id, (department, result) in zip(
                    ids, results.items(), strict=True
                )
                for sequence, line in enumerate(result.lines, 1)
            ]
        )
        self.invalidate_model(flush=False)

    def _with_moment(self, line, department, cards):
        """Add to a veto's data by which moment it struck."""
        if line.code != "veto":
            return line.data
        rating = cards.filtered(lambda c: c.department_id == department).veto_rating_id
        return {
            **line.data,
            "at": fields.Datetime.to_string(rating.answered_at),
            "service": rating.service_id.name,
            "request": rating.request_id.number,
            "request_id": rating.request_id.id,
        }
