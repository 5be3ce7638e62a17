from markupsafe import Markup

from odoo import api, fields, models


class InternalIncentiveRun(models.TransientModel):
    """What a plan does for a period, or from a day on."""

    _name = "internal.incentive.run"
    _description = "A Plan and a Period"
    _inherit = ["internal.validated"]

    plan_id = fields.Many2one(
        "internal.incentive.plan", required=True, ondelete="cascade"
    )
    kind = fields.Selection(
        [
            ("simulate", "Try on a period"),
            ("award", "Award a period"),
            ("pay", "Pay"),
            ("version", "New version"),
        ],
        required=True,
    )
    company_id = fields.Many2one(related="plan_id.company_id", related_sudo=False)
    period_kind = fields.Selection(related="plan_id.period_kind", related_sudo=False)
    period_id = fields.Many2one("internal.period", ondelete="cascade")
    date_from = fields.Date(
        "Valid From", help="A day after the end of the last closed period."
    )
    result = fields.Html("What It Would Pay", compute="_compute_result")

    @api.depends("kind", "plan_id", "period_id")
    def _compute_result(self):
        for run in self:
            run.result = False
            if run.kind == "simulate" and run.plan_id and run.period_id:
                awards = run.plan_id.action_simulate(run.period_id.id)
                run.result = Markup().join(run._tell(award) for award in awards)

    def _tell(self, award):
        amount = self.plan_id.currency_id.format(award["amount"])
        lines = Markup().join(Markup("<li>%s</li>") % line for line in award["lines"])
        return Markup("<h4>%s: %s</h4><ul>%s</ul>") % (
            award["department"],
            amount,
            lines,
        )

    def action_run(self):
        """Do it, and open what it made."""
        self._check_one()
        return getattr(self, f"_run_{self.kind}")()

    def _run_simulate(self):
        """Show again what it would pay: nothing is written."""
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def _run_award(self):
        self.plan_id.action_evaluate(self.period_id.id)
        return self._open_awards()

    def _run_pay(self):
        self.plan_id.action_close(self.period_id.id)
        return self._open_awards()

    def _run_version(self):
        version = self.plan_id.action_new_version(self.date_from)
        return {
            "type": "ir.actions.act_window",
            "res_model": "internal.incentive.plan",
            "res_id": version["id"],
            "views": [(False, "form")],
        }

    def _open_awards(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "internal_customer.internal_incentive_award_action"
        )
        plan, period = self.plan_id, self.period_id
        return {
            **action,
            "domain": [("plan_id", "=", plan.id), ("period_id", "=", period.id)],
            "context": {},
        }
