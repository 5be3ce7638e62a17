from odoo import api, fields, models

from ..engine import transitions
from ..models.internal_request_event import CAUSES


class InternalRequestWord(models.TransientModel):
    """What has to be said in words before something happens to an order."""

    _name = "internal.request.word"
    _description = "A Word on an Order"
    _inherit = ["internal.validated"]

    request_id = fields.Many2one(
        "internal.request", "Order", required=True, ondelete="cascade"
    )
    kind = fields.Selection(
        [
            ("accept", "Accept with a date"),
            ("counter", "Offer another date"),
            ("decline", "Decline"),
            ("wait", "Wait"),
            ("deliver", "Deliver with a note"),
            ("reject", "Send back"),
            ("cancel", "Cancel"),
            ("rate", "Rate"),
        ],
        required=True,
    )
    needed_by = fields.Datetime(related="request_id.needed_by", related_sudo=False)
    moment = fields.Datetime("Promised", help="When the customer will have it.")
    reason = fields.Text(help="The other side will read it.")
    note = fields.Text(help="What the customer should know about the delivery.")
    code = fields.Selection(
        [
            ("capacity", "No capacity"),
            ("incomplete", "The order is incomplete"),
            ("impossible", "It cannot be done"),
            ("not_ours", "Not our service"),
            ("rule", "Against a rule"),
            ("other", "Another reason"),
        ],
        "Why",
        default="other",
    )
    cause = fields.Selection(
        [(key, name) for key, name in CAUSES if key in transitions.CAUSES],
        "Waiting For",
        default="customer",
        help="The time stops while you wait for the customer; for a third party only"
        " where that was agreed; for yourselves never.",
    )
    rating_scale = fields.Selection(
        related="request_id.rating_scale", related_sudo=False
    )
    score = fields.Selection(
        [
            ("1", "1 – Very bad"),
            ("2", "2 – Bad"),
            ("3", "3 – Fair"),
            ("4", "4 – Good"),
            ("5", "5 – Very good"),
        ],
        "How Was It?",
    )
    score_two = fields.Selection([("1", "Not good"), ("5", "Good")], "Was It Good?")
    comment = fields.Text(help="Read by the supplier and by the officer.")
    pressed = fields.Boolean(
        "I was pressed for a score", help="A private word: only the officer reads it."
    )

    @api.constrains("request_id")
    def _check_request_id(self):
        """Its name and date are shown: only to whoever may see the order."""
        self.sudo(False).request_id.check_access("read")

    def action_say(self):
        """Let it happen, as the order's own method of that kind does it."""
        self._check_one()
        getattr(self, f"_say_{self.kind}")(self.request_id)
        return {"type": "ir.actions.act_window_close"}

    def _say_accept(self, request):
        request.action_accept(self.moment)

    def _say_counter(self, request):
        request.action_counter(self.moment, self.reason)

    def _say_decline(self, request):
        request.action_decline(self.reason, self.code)

    def _say_wait(self, request):
        request.action_wait(self.reason, self.cause)

    def _say_deliver(self, request):
        request.action_deliver(self.note)

    def _say_reject(self, request):
        request.action_reject_delivery(self.reason)

    def _say_cancel(self, request):
        request.action_cancel(self.reason)

    def _say_rate(self, request):
        score = self.score_two if self.rating_scale == "two" else self.score
        request.action_rate(int(score or 0), self.comment, pressed=self.pressed)
