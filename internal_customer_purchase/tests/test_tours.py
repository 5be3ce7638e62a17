from odoo.tests import HttpCase, tagged

from .common import PurchaseCase


@tagged("post_install", "-at_install")
class TestTours(PurchaseCase, HttpCase):
    """S14 on the phone: the buyer sees what is promised; who needs it, and may not open
    the purchase, rates his order."""

    browser_size = "390x844"
    touch_enabled = True

    def test_s14_purchase(self):
        order = self.ordered((self.bolt, 10))
        self.env.cr.flush()
        self.start_tour(
            "/odoo/purchase-orders", "internal_customer_s14_buyer", login="buyer"
        )
        self.receive(order)
        self.env.cr.flush()
        self.start_tour(
            "/odoo/internal-orders-by-us",
            "internal_customer_s14_customer",
            login="engineer",
        )
        self.env.invalidate_all()
        self.assertEqual(self.request(order).rating_ids.score, 5)
