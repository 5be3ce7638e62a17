from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError

from ..engine.transitions import STATES

STATE_NAMES = [
    ("draft", "Draft"),
    ("submitted", "Ordered"),
    ("countered", "Other Date Offered"),
    ("accepted", "Accepted"),
    ("in_progress", "In Work"),
    ("waiting", "Waiting"),
    ("delivered", "Delivered"),
    ("done", "Done"),
    ("declined", "Declined"),
    ("cancelled", "Cancelled"),
]


class InternalRequestStage(models.Model):
    _name = "internal.request.stage"
    _description = "Order Stage"
    _inherit = ["internal.validated"]
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    state = fields.Selection(
        STATE_NAMES,
        "Meaning",
        required=True,
        help="What the stage means; the name may be your own.",
    )
    fold = fields.Boolean("Folded", help="Show the column folded in the kanban.")
    service_ids = fields.Many2many(
        "internal.service",
        string="Services",
        context={"active_test": False},
        help="Empty: for every service.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        self._forget_cached()
        return super().create(vals_list)

    def write(self, vals):
        self._check_ids()
        vals = self._validate_values(vals)
        self._forget_cached()
        if vals.keys() & {"state", "service_ids"}:
            self._require_empty()
        res = super().write(vals)
        if vals.keys() & {"state", "service_ids"}:
            self._require_every_state(self.browse())
        return res

    def _require_empty(self):
        orders = self.env["internal.request"].sudo()
        if orders.search_count([("stage_id", "in", self.ids)], limit=1):
            raise ValidationError(
                self.env._("Orders stand in this stage: move them first.")
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_keeps_every_state(self):
        self._require_every_state(self)

    def unlink(self):
        self._forget_cached()
        return super().unlink()

    def _require_every_state(self, leaving):
        general = self.search([("service_ids", "=", False)]) - leaving
        if missing := set(STATES) - set(general.mapped("state")):
            names = dict(self._fields["state"]._description_selection(self.env))
            raise ValidationError(
                self.env._(
                    "Keep one stage for every service that means: %s.",
                    ", ".join(sorted(names[state] for state in missing)),
                )
            )

    @api.model
    def _stage_ids_by_state(self, services):
        """Return ``{(service id, state): stage id}``: the first stage of each."""
        chosen = {}
        for stage_id, state, service_ids in self.sudo()._labels():
            for service_id in services.ids:
                if not service_ids or service_id in service_ids:
                    chosen.setdefault((service_id, state), stage_id)
        return chosen

    @api.model
    @tools.ormcache()
    def _labels(self):
        return [(s.id, s.state, frozenset(s.service_ids.ids)) for s in self.search([])]
