"""S14, the parts: Engineering needs them, Purchasing buys them and is rated for it.

With stock the warehouse receives them, without stock the buyer enters what came.
"""

import functools
import itertools
import unittest
from datetime import datetime, timezone

import pytest
from company import (
    CARD,
    PERIOD,
    REQUEST,
    Company,
    fingerprint,
    quarter_of,
    sql,
    unique,
)
from rpc import RpcError

ORDER = "purchase.order"
LINE = "purchase.order.line"
PICKING = "stock.picking"
MODULE = "internal_customer_purchase"
PROTOCOLS = ("odoorpc", "json2")


class Shop(Company):
    """A company with a Purchasing that serves the others, and a vendor."""

    def __init__(self, server):
        super().__init__(server)
        self.eve = self.employ("eve", "Engineering")
        self.bob = self.employ("bob", "Purchasing", "purchase.group_purchase_user")
        self.olga = self.person("olga")
        self.vendor = self.hire("vendor")
        portal = [[6, 0, [self.ref("base.group_portal")]]]
        self.write("res.users", self.vendor.user_id, {"group_ids": portal})
        self.vendor.partner_id = self.partner(self.vendor)
        self.buying = self.service("Purchasing", name="Buying")
        self.write(
            "res.company", self.id, {"internal_purchase_service_id": self.buying}
        )
        # people are told when the test says so
        self.tell = self.ref("internal_customer.cron_tell")
        self.write("ir.cron", self.tell, {"active": False})
        self.bolt, self.nut = (
            self.create("product.product", {"name": name, "type": "consu"})
            for name in ("Bolt", "Nut")
        )

    def employ(self, name, department, *groups):
        person = self.hire(name, department)
        groups = [[4, self.ref(group)] for group in groups]
        self.write("res.users", person.user_id, {"group_ids": groups})
        person.partner_id = self.partner(person)
        return person

    def partner(self, person):
        return self.read("res.users", person.user_id, "partner_id")[0]


the_shop = functools.cache(Shop)


@pytest.fixture(scope="class")
def purchase_server(request, serve):
    with serve("--install", request.cls.install) as server:
        request.cls.server = server
        yield


@pytest.mark.usefixtures("purchase_server")
class PurchaseCase(unittest.TestCase):
    """``self.act("bob", …)`` calls as Bob, by the protocol of the moment."""

    install = MODULE

    def setUp(self):
        self.shop = the_shop(self.server)
        self.protocol = PROTOCOLS[0]

    def act(self, who, model, method, *args, **kwargs):
        """Call as one of the shop; a vendor can make no key for JSON-2."""
        protocol = PROTOCOLS[0] if who == "vendor" else self.protocol
        call = getattr(getattr(self.shop, who), protocol)
        return call(model, method, *args, **kwargs)

    def make(self, who, model, values, **kwargs):
        """Create a record; odoorpc's server takes no names for that."""
        if self.protocol == "json2":
            [made] = self.act(who, model, "create", vals_list=[values], **kwargs)
            return made
        return self.act(who, model, "create", values, **kwargs)

    def buy(self, *lines):
        """Ask for a quotation in Eve's name, as Bob; return the order's id."""
        lines = lines or [(self.shop.bolt, 10)]
        values = {
            "partner_id": self.shop.vendor.partner_id,
            "internal_requester_id": self.shop.eve.user_id,
            "order_line": [
                [0, 0, {"product_id": product, "product_qty": quantity}]
                for product, quantity in lines
            ],
        }
        return self.make("bob", ORDER, values)

    def ordered(self, *lines):
        order = self.buy(*lines)
        self.act("bob", ORDER, "button_confirm", ids=[order])
        return order

    def look(self, order, *names):
        [values] = self.act("bob", ORDER, "read", ids=[order], fields=list(names))
        return values[names[0]] if len(names) == 1 else values

    def enter(self, order, name, *quantities):
        """Write on the lines, as the buyer does in the form."""
        lines = self.look(order, "order_line")
        values = [
            [1, line, {name: quantity}]
            for line, quantity in zip(lines, quantities, strict=True)
        ]
        self.act("bob", ORDER, "write", ids=[order], vals={"order_line": values})

    def request(self, order):
        """Return the id of Eve's order."""
        return self.look(order, "internal_request_id")[0]

    def stands(self, order):
        names = ("state", "rating_state")
        values = self.shop.read(REQUEST, self.request(order), *names)
        return tuple(values[name] for name in names)

    def all_requests(self, order):
        domain = [["res_model", "=", ORDER], ["res_id", "=", order]]
        return self.shop.call(REQUEST, "search", domain, order="id")

    def told(self, person):
        """Return what was sent to somebody, once those to be told have been told."""
        self.shop.call("ir.cron", "method_direct_trigger", ids=[self.shop.tell])
        statement = (
            "SELECT message.body FROM mail_notification"
            " JOIN mail_message message ON message.id = mail_message_id"
            " WHERE res_partner_id = %s ORDER BY message.id"
        )
        return [body for (body,) in sql(self.server, statement, person.partner_id)]

    def assertVendorHeardNothing(self):
        vendor = self.shop.vendor
        self.assertEqual(self.told(vendor), [])
        asked = "SELECT FROM internal_rating WHERE rater_id = %s"
        self.assertEqual(sql(self.server, asked, vendor.user_id), [])

    def assertRefused(self, who, model, method, **kwargs):
        with self.assertRaises(RpcError) as caught:
            self.act(who, model, method, **kwargs)
        self.assertEqual(caught.exception.name, "odoo.exceptions.AccessError")

    def story(self, receive):
        """Order, receive in two parts, rate; ``receive(order, quantities)``."""
        shop, scores = self.shop, {"odoorpc": 5, "json2": 2}
        shop.eve = shop.employ("eve", "Engineering")  # who was told nothing today
        for number, self.protocol in enumerate(PROTOCOLS, 1):
            with self.subTest(self.protocol):
                order = self.buy((shop.bolt, 10), (shop.nut, 20))
                name = self.look(order, "name")
                self.assertEqual(self.stands(order), ("in_progress", "none"))
                request = self.request(order)
                [seen] = self.act(
                    "eve",
                    REQUEST,
                    "read",
                    ids=[request],
                    fields=["name", "state", "user_id", "document_name", "can_rate"],
                )
                self.assertEqual(seen["name"], f"{name}: Bolt, Nut")
                self.assertEqual(seen["user_id"][0], shop.bob.user_id)
                self.assertFalse(seen["document_name"] or seen["can_rate"])
                self.assertRefused("eve", ORDER, "read", ids=[order], fields=["name"])

                self.act("bob", ORDER, "button_confirm", ids=[order])
                receive(order, 10, 5)
                self.assertEqual(self.stands(order), ("in_progress", "none"))
                self.assertEqual(len(self.told(shop.eve)), number - 1)
                receive(order, 10, 20)
                self.assertEqual(self.stands(order), ("delivered", "asked"))
                self.assertEqual(self.all_requests(order), [request])

                told = self.told(shop.eve)[number - 1 :]
                if number == 1:
                    self.assertEqual(len(told), 1)
                    self.assertIn(name, told[0])
                else:
                    self.assertEqual(told, [], "once a day")
                self.assertVendorHeardNothing()
                self.assertRefused(
                    "bob", REQUEST, "action_rate", ids=[request], score=5
                )
                self.assertRefused(
                    "vendor", REQUEST, "action_rate", ids=[request], score=5
                )
                answer = self.act(
                    "eve",
                    REQUEST,
                    "action_rate",
                    ids=[request],
                    score=scores[self.protocol],
                )
                state = "done" if scores[self.protocol] >= 3 else "delivered"
                self.assertEqual(answer[0]["state"], state)
                self.assertEqual(self.stands(order), (state, "answered"))
                his = {"ids": [order], "fields": ["name"]}
                [seen] = self.act("vendor", ORDER, "read", **his)
                self.assertEqual(seen["name"], name)
                known = self.act("vendor", ORDER, "fields_get", attributes=["type"])
                ours = [key for key in known if key.startswith("internal_request_")]
                self.assertEqual(ours, [], "what the vendor reads of it")

        period = shop.quarter(quarter_of(datetime.now(timezone.utc).date()))
        for self.protocol in PROTOCOLS:
            with self.subTest(self.protocol):
                self.act("olga", PERIOD, "action_compute", ids=[period])
                cards = self.act("olga", CARD, "report_scorecards", period_id=period)
                [card] = [
                    card
                    for card in cards
                    if card["subject"] == "department"
                    and card["department_id"] == shop.department("Purchasing")
                ]
                names = ("rating_count", "satisfaction", "worst_score", "worst_count")
                self.assertEqual([card[name] for name in names], [2, 3.5, 2, 1])


class TestWithoutStock(PurchaseCase):
    """The buyer enters what came."""

    def receive(self, order, *quantities):
        self.enter(order, "qty_received", *quantities)

    def test_the_story(self):
        self.story(self.receive)

    def test_taken_back_and_cancelled(self):
        for self.protocol in PROTOCOLS:
            with self.subTest(self.protocol):
                order = self.ordered()
                request = self.request(order)
                self.receive(order, 10)
                self.assertEqual(self.stands(order), ("delivered", "asked"))
                self.receive(order, 8)
                self.assertEqual(self.stands(order), ("in_progress", "none"))
                self.act("bob", ORDER, "button_cancel", ids=[order])
                self.assertEqual(self.stands(order), ("cancelled", "none"))
                self.act("bob", ORDER, "button_draft", ids=[order])
                self.assertEqual(self.stands(order), ("in_progress", "none"))
                again = self.request(order)
                self.assertEqual(self.all_requests(order), [request, again])
                origin = self.shop.read(REQUEST, again, "origin_id")
                self.assertEqual(origin[0], request)

    def test_quantities_lowered_to_what_came(self):
        for self.protocol in PROTOCOLS:
            with self.subTest(self.protocol):
                order = self.ordered()
                self.receive(order, 4)
                self.enter(order, "product_qty", 4)
                self.assertEqual(self.stands(order), ("delivered", "asked"))

    def test_another_requester_silences_the_one_who_was_asked(self):
        sara = self.shop.person("sara")
        for self.protocol in PROTOCOLS:
            with self.subTest(self.protocol):
                order = self.ordered()
                self.receive(order, 10)
                request = self.request(order)
                values = {"internal_requester_id": sara.user_id}
                self.act("bob", ORDER, "write", ids=[order], vals=values)
                self.assertEqual(self.stands(order), ("delivered", "none"))
                self.assertEqual(self.request(order), request)
                for who in (self.shop.eve, sara):
                    with self.assertRaises(RpcError):
                        call = getattr(who, self.protocol)
                        call(REQUEST, "action_rate", ids=[request], score=5)

    def test_nobody_writes_what_stands_on_the_order(self):
        order, other = self.ordered(), self.ordered()
        request = self.request(order)
        values = {
            "internal_request_id": self.request(other),
            "internal_request_stage_id": self.shop.ref("internal_customer.stage_done"),
            "internal_request_sla_state": "met",
            "internal_request_can_rate": True,
            "internal_request_deadline": "2030-01-01 00:00:00",
        }
        before = fingerprint(self.shop)
        for self.protocol in PROTOCOLS:
            with self.subTest(self.protocol):
                for name, value in values.items():
                    try:
                        self.act("bob", ORDER, "write", ids=[order], vals={name: value})
                    except RpcError as error:
                        self.assertTrue(
                            error.name.startswith("odoo.exceptions."), error
                        )
                    self.assertEqual(fingerprint(self.shop), before, name)
        self.assertEqual(self.request(order), request)


class TestWithStock(PurchaseCase):
    """The warehouse receives, and knows nothing of who needs it."""

    install = f"{MODULE},purchase_stock"

    def setUp(self):
        super().setUp()
        shop = self.shop
        if not hasattr(shop, "wendy"):
            shop.wendy = shop.employ("wendy", "Warehouse", "stock.group_stock_user")
            shop.create("stock.warehouse", {"name": unique("Warehouse "), "code": "W"})

    def pickings(self, order, *states):
        pickings = self.look(order, "picking_ids")
        names = ["state"]
        seen = self.act("wendy", PICKING, "read", ids=pickings, fields=names)
        return sorted(row["id"] for row in seen if row["state"] in states)

    def receive(self, order, *quantities):
        """Receive what is missing to ``quantities`` in all; more is to come."""
        came = {}
        lines = self.look(order, "order_line")
        fields = ["product_id", "qty_received"]
        for line, quantity in zip(
            self.act("bob", LINE, "read", ids=lines, fields=fields),
            quantities,
            strict=True,
        ):
            came[line["product_id"][0]] = quantity - line["qty_received"]
        [picking] = self.pickings(order, "assigned")
        return self.move(picking, came)

    def move(self, picking, quantities):
        """Do a picking as Wendy; what is not moved waits in another one."""
        [seen] = self.act("wendy", PICKING, "read", ids=[picking], fields=["move_ids"])
        moves = self.act(
            "wendy",
            "stock.move",
            "read",
            ids=seen["move_ids"],
            fields=["product_id"],
        )
        for move in moves:
            quantity = quantities[move["product_id"][0]]
            values = {"quantity": quantity, "picked": True}
            self.act("wendy", "stock.move", "write", ids=[move["id"]], vals=values)
        answer = self.act("wendy", PICKING, "button_validate", ids=[picking])
        if isinstance(answer, dict):
            model, context = answer["res_model"], answer["context"]
            self.assertEqual(model, "stock.backorder.confirmation")
            wizard = self.make("wendy", model, {}, context=context)
            self.act("wendy", model, "process", ids=[wizard], context=context)
        return picking

    def return_(self, picking, quantities):
        """Send something of a receipt back to the vendor."""
        model = "stock.return.picking"
        context = {"active_model": PICKING, "active_id": picking}
        wizard = self.make("wendy", model, {}, context=context)
        [seen] = self.act(
            "wendy", model, "read", ids=[wizard], fields=["product_return_moves"]
        )
        line = f"{model}.line"
        for row in self.act(
            "wendy",
            line,
            "read",
            ids=seen["product_return_moves"],
            fields=["product_id"],
        ):
            values = {"quantity": quantities[row["product_id"][0]]}
            self.act("wendy", line, "write", ids=[row["id"]], vals=values)
        action = self.act("wendy", model, "action_create_returns", ids=[wizard])
        return self.move(action["res_id"], quantities)

    def test_the_story(self):
        self.story(self.receive)

    def test_something_goes_back_to_the_vendor(self):
        bolt = self.shop.bolt
        for self.protocol in PROTOCOLS:
            with self.subTest(self.protocol):
                order = self.ordered()
                receipt = self.receive(order, 10)
                self.assertEqual(self.stands(order), ("delivered", "asked"))
                request = self.request(order)
                self.return_(receipt, {bolt: 3})
                self.assertEqual(self.stands(order), ("in_progress", "none"))
                self.assertEqual(self.all_requests(order), [request])
                self.assertEqual(self.shop.read(REQUEST, request, "reopen_count"), 1)
                self.enter(order, "product_qty", 7)
                self.assertEqual(self.stands(order), ("delivered", "asked"))
                self.assertVendorHeardNothing()

    def test_the_rest_never_comes(self):
        """Odoo calls it fully received; Engineering has four bolts of ten."""
        for self.protocol in PROTOCOLS:
            with self.subTest(self.protocol):
                order = self.ordered()
                self.receive(order, 4)
                [rest] = self.pickings(order, "assigned")
                self.act("wendy", PICKING, "action_cancel", ids=[rest])
                self.assertEqual(self.look(order, "receipt_status"), "full")
                self.assertEqual(self.stands(order), ("in_progress", "none"))
                self.enter(order, "product_qty", 4)
                self.assertEqual(self.stands(order), ("delivered", "asked"))

    def test_more_is_ordered_and_comes(self):
        for self.protocol in PROTOCOLS:
            with self.subTest(self.protocol):
                order = self.ordered()
                self.receive(order, 10)
                self.enter(order, "product_qty", 12)
                self.assertEqual(self.stands(order), ("in_progress", "none"))
                self.receive(order, 12)
                self.assertEqual(self.stands(order), ("delivered", "asked"))
                self.assertEqual(len(self.all_requests(order)), 1)

    def test_two_orders_come_on_one_day(self):
        for self.protocol in PROTOCOLS:
            with self.subTest(self.protocol):
                orders = [self.ordered(), self.ordered((self.shop.nut, 5))]
                pickings = list(
                    itertools.chain(*(self.pickings(o, "assigned") for o in orders))
                )
                self.assertIs(
                    self.act("wendy", PICKING, "button_validate", ids=pickings), True
                )
                for order in orders:
                    self.assertEqual(self.stands(order), ("delivered", "asked"))


class TestUninstalled(PurchaseCase):
    """Who takes the addon off keeps what was ordered, rated and counted."""

    def module(self, button):
        [module] = self.shop.call("ir.module.module", "search", [["name", "=", MODULE]])
        self.shop.call("ir.module.module", button, ids=[module])
        state = self.shop.read("ir.module.module", module, "state")
        self.assertEqual(
            state,
            {
                "button_immediate_install": "installed",
                "button_immediate_uninstall": "uninstalled",
            }[button],
        )

    def test_taken_off_and_put_back(self):
        shop = self.shop
        rated, asked, going = self.ordered(), self.ordered(), self.ordered()
        nobodys = self.ordered()
        self.act(
            "bob", ORDER, "write", ids=[nobodys], vals={"internal_requester_id": False}
        )
        for order in (rated, asked):
            self.enter(order, "qty_received", 10)
        self.enter(going, "qty_received", 4)
        requests = {order: self.request(order) for order in (rated, asked, going)}
        self.act("eve", REQUEST, "action_rate", ids=[requests[rated]], score=4)
        period = shop.quarter(quarter_of(datetime.now(timezone.utc).date()))
        self.act("olga", PERIOD, "action_compute", ids=[period])
        cards = self.act("olga", CARD, "report_scorecards", period_id=period)
        self.assertIn(1, {card["rating_count"] for card in cards})
        count = shop.call(REQUEST, "search_count", [])
        before = fingerprint(shop)

        self.module("button_immediate_uninstall")
        self.assertEqual(fingerprint(shop), before)
        seen = self.act("olga", CARD, "report_scorecards", period_id=period)
        self.assertEqual(seen, cards)
        for who in ("eve", "bob", "olga"):
            form = self.act(who, REQUEST, "get_views", views=[[False, "form"]])
            names = list(form["models"][REQUEST]["fields"])
            rows = self.act(
                who, REQUEST, "read", ids=list(requests.values()), fields=names
            )
            self.assertEqual([row["document_name"] for row in rows], [False] * 3)
            self.assertRefused(
                who, REQUEST, "action_open_document", ids=[requests[asked]]
            )
        broken = self.act("olga", REQUEST, "verify_events")["broken"]
        self.assertEqual(broken, [])
        self.act("eve", REQUEST, "action_rate", ids=[requests[asked]], score=5)
        self.act("bob", REQUEST, "action_deliver", ids=[requests[going]])
        self.enter(going, "qty_received", 10)

        self.module("button_immediate_install")
        self.assertEqual(shop.call(REQUEST, "search_count", []), count)
        self.assertFalse(self.look(rated, "internal_requester_id"))
        for order, request in requests.items():
            self.assertEqual(self.request(order), request, "it is found again")
        shop.write(
            "res.company", shop.id, {"internal_purchase_service_id": shop.buying}
        )
        for order in (rated, asked, going, nobodys):
            self.act("bob", ORDER, "write", ids=[order], vals={"partner_ref": "B"})
            self.enter(order, "qty_received", 10)
        self.assertEqual(shop.call(REQUEST, "search_count", []), count)
        new = self.ordered()
        self.enter(new, "qty_received", 10)
        self.assertEqual(self.stands(new), ("delivered", "asked"))
