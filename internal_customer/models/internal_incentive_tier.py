from odoo import api, fields, models


class InternalIncentiveTier(models.Model):
    _name = "internal.incentive.tier"
    _description = "Point of a Rule"
    _inherit = ["internal.validated", "internal.incentive.part"]
    _order = "from_value, id"
    _rec_names_search = ["rule_id"]

    rule_id = fields.Many2one(
        "internal.incentive.rule", required=True, index=True, ondelete="cascade"
    )
    plan_id = fields.Many2one(related="rule_id.plan_id")
    from_value = fields.Float("From", digits=(16, 4), required=True)
    factor = fields.Float(
        "Pays", digits=(16, 4), required=True, help="Share paid: 1 is 100 %."
    )

    _factor_positive = models.Constraint(
        "CHECK (factor >= 0 AND factor <= 100)",
        "A point pays a share between 0 and 100 (1 is 100 %).",
    )
    _from_uniq = models.UniqueIndex(
        "(rule_id, from_value)", "Two points of a rule begin at the same figure."
    )

    @api.depends("from_value", "factor", "rule_id.metric")
    def _compute_display_name(self):
        lines = self.env["internal.incentive.award.line"]
        for tier in self:
            tier.display_name = self.env._(
                "from %(value)s: %(paid)s",
                value=lines._value(tier.rule_id.metric, f"{tier.from_value:g}"),
                paid=lines._percent(tier.factor),
            )
