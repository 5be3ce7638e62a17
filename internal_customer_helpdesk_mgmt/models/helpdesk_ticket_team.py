from odoo import fields, models


class HelpdeskTicketTeam(models.Model):
    _name = "helpdesk.ticket.team"
    _inherit = ["helpdesk.ticket.team", "internal.officer.fields"]

    internal_service_id = fields.Many2one(
        "internal.service",
        "Serves Colleagues With",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        copy=False,
        groups="internal_customer.group_internal_customer_officer",
        help="Tickets of colleagues become orders of this service from now on. Empty:"
        " this team serves outsiders only.",
    )
