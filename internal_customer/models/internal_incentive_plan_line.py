from odoo import fields, models


class InternalIncentivePlanLine(models.Model):
    _name = "internal.incentive.plan.line"
    _description = "Weight of a Department"
    _inherit = ["internal.validated", "internal.incentive.part"]
    _rec_names_search = ["plan_id", "department_id"]

    plan_id = fields.Many2one(
        "internal.incentive.plan", required=True, index=True, ondelete="cascade"
    )
    department_id = fields.Many2one("hr.department", required=True, ondelete="restrict")
    weight = fields.Float(default=1.0, required=True)

    _weight_positive = models.Constraint(
        "CHECK (weight >= 0)", "A weight must be 0 or more."
    )
    _department_uniq = models.UniqueIndex(
        "(plan_id, department_id)", "A department has one weight in a plan."
    )
