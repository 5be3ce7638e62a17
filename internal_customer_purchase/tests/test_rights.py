"""Who may do what around a purchase: with no right but Odoo's own on the purchase."""

import contextlib

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from .common import BUYER, PurchaseCase

MIXIN = (
    "internal_request_id",
    "internal_request_stage_id",
    "internal_request_promise",
    "internal_request_sla_state",
    "internal_request_deadline",
    "internal_request_can_rate",
    "internal_request_is_visible",
)


@tagged("post_install", "-at_install")
class TestRights(PurchaseCase):
    def test_the_smallest_purchase_user_does_it_all(self):
        """Through the form, as he works."""
        self.assertEqual(self.buyer.group_ids, self.env.ref(BUYER))
        form = Form(self.env["purchase.order"].with_user(self.buyer))
        form.partner_id = self.vendor
        form.internal_requester_id = self.engineer
        with form.order_line.new() as line:
            line.product_id = self.bolt
            line.product_qty = 10
        order = form.save()
        self.assertEqual(order.internal_department_id, self.engineering)
        order.button_confirm()
        for quantity, state in ((4, "in_progress"), (10, "delivered")):
            with Form(order) as form:
                with form.order_line.edit(0) as line:
                    line.qty_received = quantity
            self.assertEqual(self.request(order).state, state)
        self.assertTrue(order.internal_request_is_visible)
        action = order.action_open_internal_request()
        self.assertEqual(action["res_id"], self.request(order).id)
        request = self.request(order).with_user(self.buyer)
        self.assertEqual(request.document_name, order.name)
        self.assertEqual(request.action_open_document()["res_id"], order.id)
        with self.assertRaises(AccessError):
            request.action_rate(5)

    def test_who_requested_it_follows_and_rates_without_any_right_in_purchase(self):
        order = self.delivered()
        request = self.request(order).with_user(self.engineer)
        for call in (
            lambda: order.with_user(self.engineer).read(["name"]),
            lambda: order.with_user(self.engineer).read(["internal_request_id"]),
            order.with_user(self.engineer).action_open_internal_request,
            request.action_open_document,
        ):
            with self.assertRaises(AccessError):
                call()
        self.assertEqual(request.read(["name"])[0]["name"], f"{order.name}: Bolt")
        self.assertFalse(request.document_name)
        self.assertTrue(request.can_rate)
        request.action_rate(4, "Two of them are bent")
        self.assertEqual(request.state, "done")

    def test_strangers_see_nothing(self):
        order = self.delivered()
        request = self.request(order)
        with self.assertRaises(AccessError):
            request.with_user(self.seller).read(["name"])
        with self.assertRaises(AccessError):
            request.with_user(self.seller).action_open_document()

    def test_a_purchase_user_who_is_not_the_supplier(self):
        """He buys for others, though Purchasing is another department than his."""
        outsider = self.make_person("helper", self.finance, BUYER)
        order = self.delivered(who=outsider)
        request = self.request(order)
        self.assertEqual(request.user_id, outsider)
        self.assertEqual(request.rating_ids.rater_id, self.engineer)
        self.assertTrue(order.internal_request_stage_id)
        self.assertTrue(order.internal_request_sla_state)
        self.assertFalse(order.internal_request_is_visible)
        self.assertFalse(order.internal_request_can_rate)
        with self.assertRaises(AccessError):
            order.action_open_internal_request()
        with self.assertRaises(AccessError):
            request.with_user(outsider).read(["name"])
        order.button_cancel()
        self.assertEqual(self.request(order).state, "delivered")

    def test_no_purchase_is_without_its_action(self):
        order = self.ordered(internal_requester_id=False)
        with self.assertRaises(AccessError):
            order.action_open_internal_request()

    def test_nobody_writes_what_the_order_says(self):
        order, other = self.delivered(), self.delivered()
        before = self.everything(order, other)
        for who in (self.buyer, self.officer, self.env.ref("base.user_admin")):
            mine = order.with_user(who)
            for name in MIXIN:
                with self.subTest(name, who=who.login):
                    value = other[name]
                    value = getattr(value, "id", value)
                    with contextlib.suppress(AccessError):
                        mine.write({name: value})
                        self.env.cr.flush()
                    self.env.invalidate_all()
                    self.assertEqual(self.everything(order, other), before)

    def everything(self, *orders):
        request_ids = [order.internal_request_id.id for order in orders]
        requests = self.Request.browse(request_ids)
        self.env.flush_all()
        return (
            request_ids,
            requests.read(load=None),
            requests.event_ids.mapped("kind"),
            self.env["internal.request.stage"].search([]).read(["name"]),
        )

    def test_companies(self):
        """A service serves its company only; who works in two is found in both."""
        here, there = self.env.company, self.env["res.company"].create({"name": "B"})
        there.resource_calendar_id = self.calendar.copy({"company_id": there.id})
        lab, shop = self.env["hr.department"].create(
            [{"name": "Lab", "company_id": there.id}] * 2
        )
        both = here | there
        both_ways = {"company_ids": both.ids}
        self.buyer.write(both_ways)
        self.engineer.write(both_ways)
        self.env["hr.employee"].create(
            {
                "name": "engineer there",
                "user_id": self.engineer.id,
                "company_id": there.id,
                "department_id": lab.id,
            }
        )
        at_both = {"allowed_company_ids": [there.id, here.id]}
        buyer = self.env["purchase.order"].with_user(self.buyer).with_context(**at_both)
        values = {
            "partner_id": self.vendor.id,
            "internal_requester_id": self.engineer.id,
            "order_line": [
                Command.create({"product_id": self.bolt.id, "product_qty": 10})
            ],
        }
        order = buyer.create({**values, "company_id": there.id})
        self.assertEqual(order.internal_department_id, lab)
        self.assertFalse(order.internal_request_id, "no service there")
        buying = self.make_service(
            "there", shop, company_id=there.id, user_ids=self.buyer.ids
        )
        there.internal_purchase_service_id = buying
        orders = buyer.create(
            [{**values, "company_id": company.id} for company in both]
        )
        self.assertEqual(
            orders.mapped("internal_department_id"), self.engineering + lab
        )
        self.env.cr.flush()
        requests = self.requests(orders)
        self.assertEqual(requests.company_id, both)
        for order in orders:
            request = self.request(order)
            self.assertEqual(request.company_id, order.company_id)
            self.assertEqual(
                request.service_id, order.company_id.internal_purchase_service_id
            )
            self.assertEqual(
                request.customer_department_id, order.internal_department_id
            )
        # in one transaction, at a desk of one of both companies
        one_desk = orders.with_context(allowed_company_ids=[here.id])
        orders.button_confirm()
        orders.order_line.write({"qty_received": 10})
        self.env.cr.flush()
        self.assertEqual(set(requests.mapped("state")), {"delivered"})
        away = one_desk.filtered(lambda order: order.company_id == there)
        request = self.request(away).with_user(self.engineer)
        with self.assertRaises(AccessError):
            request.with_context(allowed_company_ids=[here.id]).read(["name"])
        self.assertTrue(request.with_context(**at_both).read(["name"]))

    def test_a_service_of_another_company_serves_nobody(self):
        there = self.env["res.company"].create({"name": "B"})
        with self.assertRaisesRegex(ValidationError, "another company"):
            there.internal_purchase_service_id = self.buying

    def test_the_vendor_reads_his_order_without_a_word_of_ours(self):
        portal = new_test_user(self.env, "vendor", groups="base.group_portal")
        order = self.delivered(partner_id=portal.partner_id.id)
        order.message_subscribe(portal.partner_id.ids)
        his = order.with_user(portal)
        self.assertEqual(his.read(["name"])[0]["name"], order.name)
        known = his.fields_get()
        for name in MIXIN:
            with self.subTest(name):
                self.assertNotIn(name, known)
                with self.assertRaises(AccessError):
                    his.read([name])
        for call in (
            his.action_open_internal_request,
            lambda: self.request(order).with_user(portal).read(["name"]),
            lambda: self.request(order).with_user(portal).action_rate(5),
        ):
            with self.assertRaises(AccessError):
                call()

    def test_the_vendor_does_not_find_out_by_searching(self):
        """Odoo lets anybody search by a field that has a search of its own."""
        portal = new_test_user(self.env, "vendor", groups="base.group_portal")
        partner = {"partner_id": portal.partner_id.id}
        ours = self.delivered(**partner)
        request = self.request(ours)
        his = ours | self.ordered(**partner, internal_requester_id=False)
        his.message_subscribe(portal.partner_id.ids)
        his = his.with_user(portal)
        self.assertEqual(his.search([("id", "in", his.ids)]), his)
        for name, value in (
            ("internal_request_id", request.id),
            ("internal_request_id", request.number),
            ("internal_request_stage_id", request.stage_id.id),
            ("internal_request_sla_state", request.sla_state),
            ("internal_request_deadline", fields.Datetime.now()),
            ("internal_request_can_rate", True),
            ("internal_request_is_visible", True),
        ):
            for operator in ("=", "!=", "<"):
                for given in (value, False):
                    domain = [("id", "in", his.ids), (name, operator, given)]
                    with self.subTest(domain=domain[1:]):
                        try:
                            found = his.search(domain)
                        except (AccessError, UserError, TypeError, ValueError):
                            continue
                        self.assertIn(found, (his, his.browse()), "an order differs")

    def test_the_vendor_does_not_learn_who_needs_it(self):
        portal = new_test_user(self.env, "vendor", groups="base.group_portal")
        his = self.delivered(partner_id=portal.partner_id.id).with_user(portal)
        for name in ("internal_requester_id", "internal_department_id"):
            with self.subTest(name), self.assertRaises(AccessError):
                his.read([name])

    def test_searching_what_is_late_or_to_rate(self):
        orders = self.delivered() | self.ordered() | self.buy()
        none = self.ordered(internal_requester_id=False)
        nora = self.make_person("nora", self.engineering, BUYER)
        rate = self.delivered(internal_requester_id=nora.id)
        self.env.cr.flush()
        search = orders.with_user(nora).search
        self.assertEqual(search([("internal_request_can_rate", "=", True)]), rate)
        self.assertFalse(
            orders.search([("internal_request_can_rate", "=", True)]) & orders
        )
        found = search([("internal_request_id", "=", False)])
        self.assertEqual(found & (orders | none | rate), none)
        found = search([("internal_request_id", "!=", False)])
        self.assertEqual(found & (orders | none | rate), orders | rate)
        found = search([("internal_request_sla_state", "=", "breached")])
        self.assertFalse(found & (orders | none | rate))
