from odoo.tests import HttpCase, tagged

from .common import HelpdeskCase


@tagged("post_install", "-at_install")
class TestTours(HelpdeskCase, HttpCase):
    """S13: the agent works on his ticket; the colleague who wrote it rates it there."""

    def test_s13_helpdesk(self):
        ticket = self.make_tickets(name="Printer on fire")
        self.start_tour(
            "/odoo/helpdesk-tickets", "internal_customer_s13_agent", login="clerk"
        )
        self.env.invalidate_all()
        self.assertEqual(self.order(ticket).state, "waiting")
        self.move(ticket, "done")
        self.start_tour(
            f"/odoo/helpdesk-tickets/{ticket.id}",
            "internal_customer_s13_customer",
            login="seller",
        )
        self.env.invalidate_all()
        self.assertEqual(self.order(ticket).rating_ids.score, 4)
