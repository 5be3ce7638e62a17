from odoo import models


class HelpdeskTicket(models.Model):
    _name = "helpdesk.ticket"
    _inherit = ["helpdesk.ticket", "internal.request.source"]

    _internal_request_who = frozenset({"partner_id", "team_id"})
    _internal_request_how = frozenset({"stage_id", "user_id", "duplicate_id"})

    def _internal_request_values(self):
        service = self.team_id.internal_service_id
        if not service:
            return {}
        colleagues = self.partner_id.user_ids.filtered(lambda user: not user.share)
        return {
            "service_id": service.id,
            "requester_id": colleagues.sorted("active", reverse=True)[:1].id,
            "name": self.name,
            "user_id": self.user_id.id,
            "priority": self.priority,
        }

    def _internal_request_state(self):
        if self.duplicate_id:
            return "cancelled"
        return self.stage_id.internal_state or "submitted"

    def _internal_request_cause(self):
        return self.stage_id.internal_cause or super()._internal_request_cause()

    def _internal_request_reason(self):
        if self.duplicate_id:
            return self.env._(
                "%(ticket)s is a duplicate of %(other)s.",
                ticket=self.number,
                other=self.duplicate_id.number,
            )
        return f"{self.number}: {self.stage_id.name}"

    def rating_send_request(self, *args, **kwargs):
        """Of ``helpdesk_mgmt_rating``: who is asked by the order is not asked twice."""
        others = self.filtered(lambda ticket: not ticket.sudo().internal_request_id)
        ask = super(HelpdeskTicket, others).rating_send_request
        return others and ask(*args, **kwargs)
