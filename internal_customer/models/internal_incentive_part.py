from odoo import api, models
from odoo.tools import SQL


class InternalIncentivePart(models.AbstractModel):
    """What belongs to a plan: changes with it alone, and names its editor."""

    _name = "internal.incentive.part"
    _description = "Part of an Incentive Plan"

    @api.model_create_multi
    def create(self, vals_list):
        parts = super().create(vals_list)
        parts._touch_plan()
        return parts

    def write(self, vals):
        self._touch_plan()
        res = super().write(vals)
        self._touch_plan()
        return res

    @api.ondelete(at_uninstall=True)
    def _unlink_of_draft(self):
        self._touch_plan()

    def _touch_plan(self):
        # locked: who submits at this moment waits, or makes us run again
        self.env.cr.execute(
            SQL(
                "SELECT FROM internal_incentive_plan WHERE id = ANY(%s) FOR UPDATE",
                self.plan_id.ids,
            )
        )
        self.plan_id._require_draft()
        self.plan_id.check_access("write")
        self.plan_id._update_rows(
            self.plan_id.ids, [{"editor_id": self.env.uid}] * len(self.plan_id)
        )
