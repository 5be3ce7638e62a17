"""A company that buys: Purchasing buys what Engineering needs, from a vendor.

Give every person a first letter of his own: Odoo makes his address of it, and who has
the same address is the same person to us.
"""

from odoo.fields import Command

from odoo.addons.internal_customer.tests.common import InternalCustomerCase

BUYER = "purchase.group_purchase_user"


class PurchaseCase(InternalCustomerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.purchasing = cls.make_department("Purchasing")
        cls.engineering = cls.make_department("Engineering")
        cls.buyer = cls.make_person("buyer", cls.purchasing, BUYER)
        cls.engineer = cls.make_person("engineer", cls.engineering)
        cls.buying = cls.make_service("buying", cls.purchasing)
        cls.env.company.internal_purchase_service_id = cls.buying
        cls.vendor = cls.env["res.partner"].create(
            {"name": "Bolts Ltd", "email": "sales@bolts.example"}
        )
        cls.bolt = cls.make_product("Bolt")
        cls.nut = cls.make_product("Nut")
        cls.advice = cls.make_product("Advice", "service")

    @classmethod
    def make_product(cls, name, kind="consu"):
        return cls.env["product.product"].create(
            {"name": name, "type": kind, "standard_price": 1}
        )

    def buy(self, *lines, who=None, **values):
        """Ask for a quotation as the buyer; ``lines``: (product, quantity)."""
        order = {
            "partner_id": self.vendor.id,
            "internal_requester_id": self.engineer.id,
            "order_line": [
                Command.create({"product_id": product.id, "product_qty": quantity})
                for product, quantity in lines or [(self.bolt, 10)]
            ],
            **values,
        }
        return self.env["purchase.order"].with_user(who or self.buyer).create(order)

    def ordered(self, *lines, **values):
        """Order it from the vendor."""
        order = self.buy(*lines, **values)
        order.button_confirm()
        return order

    def delivered(self, *lines, **values):
        """Order it, and receive all of it."""
        order = self.ordered(*lines, **values)
        self.receive(order)
        self.assertEqual(self.request(order).state, "delivered")
        return order

    def receive(self, order, *quantities):
        """Enter what came in all, line by line; without quantities: everything."""
        lines = order.order_line
        for line, quantity in zip(
            lines, quantities or lines.mapped("product_qty"), strict=True
        ):
            line.qty_received = quantity

    def request(self, order):
        """Return the order of the colleague, as the superuser sees it."""
        return self.Request.browse(order.internal_request_id.id)

    def requests(self, orders):
        """Return every request there ever was for these orders, the oldest first."""
        return self.Request.search(
            [("res_model", "=", "purchase.order"), ("res_id", "in", orders.ids)],
            order="id",
        )

    def happened(self, request):
        return request.event_ids.sorted("id").mapped("kind")
