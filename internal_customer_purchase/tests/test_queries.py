"""What follows from a thousand purchases costs as many statements as from one."""

from odoo.tests import tagged

from .common import PurchaseCase

SIZES = (1, 10, 100, 1000)


@tagged("post_install", "-at_install")
class TestQueries(PurchaseCase):
    def test_opened_received_and_returned_in_one_transaction(self):
        self.follow(self.bought(1), 10)  # what is read once and kept
        costs = {"opened": [], "received": [], "returned": []}
        for size in SIZES:
            orders = self.bought(size)
            costs["opened"].append(self.cost())
            self.assertStates(orders, "in_progress")
            orders.button_confirm()
            costs["received"].append(self.follow(orders, 10))
            self.assertStates(orders, "delivered")
            costs["returned"].append(self.follow(orders, 9))
            self.assertStates(orders, "in_progress")
        for name, numbers in costs.items():
            with self.subTest(name):
                self.assertLessEqual(numbers[-1], min(numbers) + 3, costs)
                self.assertLessEqual(max(numbers), 40, costs)

    def bought(self, count):
        orders = self.env["purchase.order"].with_user(self.buyer)
        values = {
            "partner_id": self.vendor.id,
            "internal_requester_id": self.engineer.id,
            "order_line": [
                (0, 0, {"product_id": self.bolt.id, "product_qty": 10}),
            ],
        }
        return orders.with_context(tracking_disable=True).create([values] * count)

    def follow(self, orders, quantity):
        """Return what it costs to follow orders of which so much has come."""
        # not qty_received itself: of that Odoo posts a message a line
        orders.order_line.qty_received_manual = quantity
        return self.cost()

    def cost(self):
        self.env.flush_all()
        before = self.env.cr.sql_log_count
        self.env.cr.flush()
        return self.env.cr.sql_log_count - before

    def assertStates(self, orders, state):
        requests = self.requests(orders)
        self.assertEqual(len(requests), len(orders))
        self.assertEqual(set(requests.mapped("state")), {state})

    def test_a_list_of_orders_shows_their_promises(self):
        names = ["internal_request_stage_id", "internal_request_promise"]
        names += ["internal_request_sla_state", "internal_request_can_rate"]
        names += ["internal_requester_id", "internal_department_id", "name"]
        costs = []
        for size in (1, *SIZES[:-1]):
            orders = self.bought(size)
            self.env.cr.flush()
            costs.append(self.count_queries(lambda orders=orders: orders.read(names)))
        _warm, one, *more = costs
        self.assertLessEqual(max(more), one + 1, costs)
