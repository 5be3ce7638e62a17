from odoo import api, fields, models

from odoo.addons.internal_customer.engine.transitions import CAUSES, STANDINGS

OFFICER = "internal_customer.group_internal_customer_officer"
BY_HAND = ("accepted", "waiting", "declined", "cancelled")
"""What no tick of a stage says: the officer chose it."""


class HelpdeskTicketStage(models.Model):
    _name = "helpdesk.ticket.stage"
    _inherit = ["helpdesk.ticket.stage", "internal.officer.fields"]

    internal_state = fields.Selection(
        lambda self: self._selection_of("internal.request", "state", STANDINGS),
        "Order Is",
        compute="_compute_internal_state",
        store=True,
        readonly=False,
        copy=False,
        groups=OFFICER,
        help="Where the order of a colleague is while his ticket stands here; it holds"
        " from the next move of a ticket.",
    )
    internal_cause = fields.Selection(
        lambda self: self._selection_of("internal.request.event", "cause", CAUSES),
        "Waiting For",
        default="customer",
        copy=False,
        groups=OFFICER,
        help="The time of the promise stops while you wait for the customer; for a"
        " third party only where that was agreed; for yourselves never.",
    )

    @api.model
    def _selection_of(self, model, name, keys):
        """Return the choices ``keys`` of a field of the core, with its labels."""
        labels = self.env[model]._fields[name]._description_selection(self.env)
        return [(key, label) for key, label in labels if key in keys]

    @api.depends("closed", "unattended")
    def _compute_internal_state(self):
        for stage in self.filtered(lambda s: s.internal_state not in BY_HAND):
            stage.internal_state = (
                "delivered"
                if stage.closed
                else "submitted"
                if stage.unattended
                else "in_progress"
            )
