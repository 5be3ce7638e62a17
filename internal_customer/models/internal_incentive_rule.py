from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..engine import incentive
from .internal_scorecard import FIGURES


class InternalIncentiveRule(models.Model):
    _name = "internal.incentive.rule"
    _description = "Incentive Rule"
    _inherit = ["internal.validated", "internal.incentive.part"]
    _order = "sequence, id"
    _rec_names_search = ["plan_id"]

    plan_id = fields.Many2one(
        "internal.incentive.plan", required=True, index=True, ondelete="cascade"
    )
    sequence = fields.Integer(default=10)
    kind = fields.Selection(
        [
            ("linear", "Linear: between points"),
            ("step", "Steps: of the highest point reached"),
            ("gate", "Gate: must hold"),
            ("veto", "Veto: one bad moment blocks it"),
        ],
        required=True,
        default="linear",
    )
    metric = fields.Selection(
        "_select_metric", "Figure", help="A figure of the scorecard."
    )
    operator = fields.Selection(
        [(">=", "≥"), (">", ">"), ("<=", "≤"), ("<", "<"), ("=", "=")], default=">="
    )
    value = fields.Float(digits=(16, 4), help="What a gate's figure is compared with.")
    weight = fields.Float(default=1.0, help="Its part of the sum of all weights.")
    tier_ids = fields.One2many(
        "internal.incentive.tier", "rule_id", "Points", copy=True
    )
    floor = fields.Float("At Least", help="Never pays less than this share.")
    cap = fields.Float("At Most", help="Never pays more than this share; 0: no limit.")

    @api.model
    def _select_metric(self):
        cards = self.env["internal.scorecard"]
        return [
            (name, cards._fields[name]._description_string(self.env))
            for name in FIGURES
            if name != "enough_data"
        ]

    @api.constrains("kind", "metric", "operator", "value", "weight", "floor", "cap")
    def _check_rules(self):
        for rule in self:
            if rule.kind in incentive.PAYING and not rule.tier_ids:
                continue  # told at submission: points are added after the rule
            rule._check_rule()

    def _check_rule(self):
        try:
            incentive.check_rule(self._as_rule())
        except ValueError as error:
            raise ValidationError(
                self.env._(
                    "Rule %(rule)s: %(error)s", rule=self.display_name, error=error
                )
            ) from error

    @api.depends("kind", "metric")
    def _compute_display_name(self):
        for rule in self:
            names = [
                dict(self._fields[name]._description_selection(self.env)).get(
                    rule[name]
                )
                for name in ("kind", "metric")
            ]
            rule.display_name = " · ".join(filter(None, names))

    def _as_rule(self):
        return incentive.Rule(
            id=self.id,
            kind=self.kind,
            metric=self.metric or "",
            operator=self.operator or ">=",
            value=self.value,
            weight=self.weight,
            tiers=tuple(
                (tier.from_value, tier.factor)
                for tier in self.tier_ids.sorted("from_value")
            ),
            floor=self.floor or None,
            cap=self.cap or None,
        )
