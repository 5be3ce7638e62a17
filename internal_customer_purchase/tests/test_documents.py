"""S14: who needs a purchase follows it, is told when it is there, and rates it."""

from freezegun import freeze_time

from odoo import SUPERUSER_ID, fields
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .common import BUYER, PurchaseCase

MONDAY = "2026-03-02 10:00:00"
FRIDAY = "2026-03-06 10:00:00"
NEXT_WEEK = "2026-03-10 10:00:00"  # silence has accepted what came on Monday


@tagged("post_install", "-at_install")
class TestOpening(PurchaseCase):
    def assertOpensNothing(self, order):
        self.env.cr.flush()
        self.assertFalse(order.internal_request_id)
        self.assertFalse(self.requests(order))

    def test_a_quotation_that_a_colleague_requested_is_an_order(self):
        order = self.buy((self.bolt, 10), (self.nut, 2), priority="1")
        self.env.cr.flush()
        self.assertEqual(order.state, "draft")
        request = self.requests(order)
        self.assertRecordValues(
            request,
            [
                {
                    "service_id": self.buying.id,
                    "company_id": self.env.company.id,
                    "supplier_department_id": self.purchasing.id,
                    "customer_department_id": self.engineering.id,
                    "requester_id": self.engineer.id,
                    "user_id": self.buyer.id,
                    "name": f"{order.name}: Bolt, Nut",
                    "priority": "2",
                    "state": "in_progress",
                    "res_model": "purchase.order",
                    "res_id": order.id,
                    "origin_id": False,
                    "unasked": False,
                    "rating_state": "none",
                }
            ],
        )
        self.assertEqual(self.happened(request), ["submit", "start"])
        self.assertEqual(set(request.event_ids.mapped("user_id.login")), {"buyer"})
        self.assertEqual(order.internal_request_id, request)
        self.assertEqual(order.internal_request_stage_id, request.stage_id)

    def test_one_order_however_often_it_is_saved(self):
        order = self.buy()
        order.write({"internal_requester_id": self.engineer.id})
        self.env.cr.flush()
        order.write({"internal_requester_id": self.engineer.id, "priority": "1"})
        order.button_confirm()
        self.env.cr.flush()
        self.assertEqual(len(self.requests(order)), 1)
        self.assertEqual(self.happened(self.request(order)), ["submit", "start"])

    def test_requested_later_is_an_order_from_then(self):
        order = self.ordered(internal_requester_id=False)
        self.assertOpensNothing(order)
        order.internal_requester_id = self.engineer
        self.assertEqual(self.request(order).state, "in_progress")

    def test_requested_after_all_came_is_rated_all_the_same(self):
        order = self.ordered(internal_requester_id=False)
        self.receive(order)
        self.assertOpensNothing(order)
        order.internal_requester_id = self.engineer
        request = self.request(order)
        self.assertEqual((request.state, request.rating_state), ("delivered", "asked"))

    def test_nobody_requested_it(self):
        order = self.delivered_quietly(internal_requester_id=False)
        self.assertOpensNothing(order)

    def delivered_quietly(self, **values):
        """Buy and receive what is no order of a colleague."""
        order = self.ordered(**values)
        self.receive(order)
        return order

    def test_requesters_that_nothing_is_opened_for(self):
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        archived = self.make_person("archived", self.engineering)
        archived.active = False
        stranger = self.make_person("stranger", None)
        homeless = self.make_person("homeless", None)
        self.env["hr.employee"].create({"name": "homeless", "user_id": homeless.id})
        abroad = self.make_person("abroad", None)
        abroad.company_ids += elsewhere
        self.env["hr.employee"].create(
            {
                "name": "abroad",
                "user_id": abroad.id,
                "company_id": elsewhere.id,
                "department_id": self.env["hr.department"]
                .create({"name": "Lab", "company_id": elsewhere.id})
                .id,
            }
        )
        fired = self.make_person("fired", self.engineering)
        fired.employee_ids.active = False
        portal = new_test_user(self.env, "vendor", groups="base.group_portal")
        for who in (
            archived,
            stranger,
            homeless,
            abroad,
            fired,
            portal,
            self.env.ref("base.user_root"),
            self.env.ref("base.public_user"),
        ):
            with self.subTest(who.login):
                order = self.delivered_quietly(internal_requester_id=who.id)
                self.assertOpensNothing(order)

    def test_where_there_is_no_service(self):
        other = self.make_service("lab", self.purchasing)
        other.customer_department_ids = self.sales
        gone = self.make_service("gone", self.purchasing, active=False)
        for name, service in (
            ("none", self.buying.browse()),
            ("archived", gone),
            ("not offered to his department", other),
        ):
            with self.subTest(name):
                self.env.company.internal_purchase_service_id = service
                self.assertOpensNothing(self.delivered_quietly())

    def test_a_run_by_the_system_makes_nobody_requester(self):
        """As a procurement does: in the name of OdooBot, from a cron."""
        system = self.env["res.users"].browse(SUPERUSER_ID)
        order = self.delivered_quietly(who=system, internal_requester_id=False)
        self.assertFalse(order.internal_requester_id)
        order = (
            self.env["purchase.order"]
            .with_user(SUPERUSER_ID)
            .create({"partner_id": self.vendor.id})
        )
        self.assertFalse(order.internal_requester_id)
        self.assertOpensNothing(order)

    def test_the_system_buys_for_a_colleague(self):
        system = self.env["res.users"].browse(SUPERUSER_ID)
        order = self.delivered(who=system, user_id=self.buyer.id)
        request = self.request(order)
        self.assertEqual(request.requester_id, self.engineer)
        self.assertEqual(request.delivered_by_id, self.buyer)
        self.assertEqual(request.rating_state, "asked")

    def test_a_copy_is_requested_by_nobody(self):
        order = self.delivered()
        copy = order.copy()
        self.assertFalse(copy.internal_requester_id)
        self.assertFalse(copy.internal_department_id)
        self.assertOpensNothing(copy)
        self.assertEqual(len(self.requests(order)), 1)

    def test_orders_from_before(self):
        """What was there before Purchasing became a service opens by no mere move."""
        self.env.company.internal_purchase_service_id = False
        order = self.ordered()
        self.assertOpensNothing(order)
        self.env.company.internal_purchase_service_id = self.buying
        self.receive(order, 4)
        order.user_id = self.env.ref("base.user_admin")
        self.receive(order)
        order.partner_ref = "B-1"
        self.assertOpensNothing(order)
        order.internal_requester_id = self.engineer
        self.assertEqual(self.request(order).state, "delivered")

    def test_nothing_opens_for_what_is_cancelled(self):
        order = self.buy(internal_requester_id=False)
        order.button_cancel()
        order.internal_requester_id = self.engineer
        self.assertOpensNothing(order)
        order.button_draft()
        self.assertOpensNothing(order)

    def test_a_quotation_made_and_thrown_away_at_once_leaves_nothing(self):
        order = self.buy()
        order.button_cancel()
        order.unlink()
        self.env.cr.flush()
        self.assertFalse(self.requests(order))

    def test_names_of_any_length(self):
        order = self.buy((self.make_product("Long " * 100), 1))
        self.assertTrue(self.request(order).name.startswith(f"{order.name}: Long"))
        self.assertEqual(self.request(self.buy(order_line=[])).name[:1], "P")

    def test_bought_for_is_stored_and_follows(self):
        order = self.buy()
        self.assertEqual(order.internal_department_id, self.engineering)
        self.env.flush_all()
        found = order.search([("internal_department_id", "=", self.engineering.id)])
        self.assertIn(order, found)
        order.internal_requester_id = self.seller
        self.assertEqual(order.internal_department_id, self.sales)
        order.internal_requester_id = False
        self.assertFalse(order.internal_department_id)
        order.internal_requester_id = self.make_person("nobody", None)
        self.assertFalse(order.internal_department_id)


@tagged("post_install", "-at_install")
class TestReceiving(PurchaseCase):
    def assertIs_(self, order, state, rating="none"):
        request = self.request(order)
        self.assertEqual((request.state, request.rating_state), (state, rating))
        return request

    def test_who_needs_it_is_asked_and_not_the_vendor(self):
        portal = new_test_user(self.env, "vendor", groups="base.group_portal")
        portal.partner_id.parent_id = self.vendor
        order = self.delivered(partner_id=portal.partner_id.id)
        request = self.request(order)
        self.assertEqual(request.rating_ids.rater_id, self.engineer)
        self.assertEqual(request.delivered_by_id, self.buyer)
        self.env["internal.rating"]._tell_some(fields.Datetime.now())
        told = self.env["mail.message"].search(
            [("partner_ids", "in", self.engineer.partner_id.ids)]
        )
        self.assertEqual(len(told), 1)
        self.assertIn(order.name, told.body)
        vendors = self.vendor | portal.partner_id
        heard = self.env["mail.message"].search(
            [
                "|",
                ("partner_ids", "in", vendors.ids),
                ("notified_partner_ids", "in", vendors.ids),
            ]
        )
        self.assertFalse(heard)
        self.assertFalse(
            self.env["internal.rating"].search([("rater_id", "=", portal.id)])
        )
        request.with_user(self.engineer).action_rate(5)
        self.assertIs_(order, "done", "answered")

    def test_a_part_is_not_all(self):
        order = self.ordered((self.bolt, 10), (self.nut, 2))
        self.receive(order, 10, 0)
        self.assertIs_(order, "in_progress")
        self.receive(order, 10, 1)
        self.assertIs_(order, "in_progress")
        self.receive(order, 10, 2)
        self.assertIs_(order, "delivered", "asked")

    def test_more_than_was_ordered(self):
        order = self.ordered((self.bolt, 10), (self.nut, 2))
        self.receive(order, 12, 1)
        self.assertIs_(order, "in_progress")
        self.receive(order, 12, 3)
        self.assertIs_(order, "delivered", "asked")

    def test_services_do_not_hold_goods_up(self):
        order = self.ordered((self.bolt, 10), (self.advice, 3))
        self.receive(order, 10, 0)
        self.assertIs_(order, "delivered", "asked")
        self.receive(order, 10, 3)
        self.assertIs_(order, "delivered", "asked")
        only = self.ordered((self.advice, 3))
        self.receive(only, 2)
        self.assertIs_(only, "in_progress")
        self.receive(only, 3)
        self.assertIs_(only, "delivered", "asked")

    def test_sections_and_notes_do_not_count(self):
        order = self.ordered()
        order.order_line = [
            Command.create(
                {"name": kind, "display_type": f"line_{kind}", "product_qty": 0}
            )
            for kind in ("section", "subsection", "note")
        ]
        order.order_line.filtered("product_id").qty_received = 10
        self.assertIs_(order, "delivered", "asked")

    def test_an_order_for_nothing_is_not_delivered(self):
        self.assertIs_(self.ordered(order_line=[]), "in_progress")

    def test_units_and_rounding(self):
        pieces = self.ordered((self.bolt, 0.3))
        pieces.order_line.qty_received = 0.1 + 0.2
        self.assertIs_(pieces, "delivered", "asked")
        almost = self.ordered((self.bolt, 0.3))
        almost.order_line.qty_received = 0.29
        self.assertIs_(almost, "in_progress")
        dozen = self.env.ref("uom.product_uom_dozen")
        dozens = self.buy((self.bolt, 2))
        dozens.order_line.product_uom_id = dozen
        dozens.button_confirm()
        dozens.order_line.qty_received = 1.5  # of dozens, as was ordered
        self.assertEqual(dozens.order_line.product_uom_qty, 24)
        self.assertIs_(dozens, "in_progress")
        dozens.order_line.qty_received = 2
        self.assertIs_(dozens, "delivered", "asked")

    def test_received_before_it_is_confirmed(self):
        order = self.buy()
        self.receive(order)
        self.assertIs_(order, "in_progress")
        order.button_confirm()
        self.assertIs_(order, "delivered", "asked")

    def test_what_does_not_come_is_no_longer_ordered(self):
        order = self.ordered()
        self.receive(order, 7)
        self.assertIs_(order, "in_progress")
        order.order_line.product_qty = 7
        self.assertIs_(order, "delivered", "asked")

    def test_nothing_is_no_delivery(self):
        order = self.ordered()
        order.order_line.product_qty = 0
        self.assertIs_(order, "in_progress")

    def test_an_open_line_is_moved_to_another_order(self):
        order, other = self.ordered((self.bolt, 10), (self.nut, 2)), self.buy()
        self.receive(order, 10, 0)
        self.assertIs_(order, "in_progress")
        order.order_line[1].order_id = other
        self.assertIs_(order, "delivered", "asked")
        self.assertIs_(other, "in_progress")

    def test_all_of_a_transaction_is_one_step(self):
        """Received and taken back before anybody could look: nothing happened."""
        order = self.ordered()
        self.env.cr.flush()
        self.receive(order)
        self.receive(order, 0)
        self.env.cr.flush()
        request = self.assertIs_(order, "in_progress")
        self.assertEqual(self.happened(request), ["submit", "start"])

    def test_accepted_at_once_and_rated_all_the_same(self):
        self.buying.acceptance_days = 0
        order = self.ordered()
        self.receive(order)
        request = self.assertIs_(order, "done", "asked")
        self.assertEqual(self.happened(request)[-2:], ["deliver", "confirm"])
        self.assertTrue(request.with_user(self.engineer).can_rate)
        request.with_user(self.engineer).action_rate(2)
        self.assertIs_(order, "done", "answered")

    def test_what_people_do_to_the_request_itself_holds(self):
        order = self.ordered()
        request = self.request(order)
        request.with_user(self.buyer).action_wait("Which thread?")
        order.partner_ref = "B-1"
        self.receive(order, 4)
        self.assertIs_(order, "waiting")
        self.receive(order)
        self.assertIs_(order, "delivered", "asked")

    def test_nobody_rates_himself_or_his_own(self):
        colleague = self.make_person("peer", self.purchasing)
        lone = self.make_person("lone", self.engineering, BUYER)
        manager = self.make_person("manager", self.engineering)
        self.purchasing.manager_id = manager.employee_id
        for name, who, buyer in (
            ("a colleague of Purchasing", colleague, self.buyer),
            ("the buyer", self.buyer, self.buyer),
            ("a buyer of Engineering", lone, lone),
            ("the manager of Purchasing", manager, self.buyer),
        ):
            with self.subTest(name):
                order = self.ordered(internal_requester_id=who.id, user_id=buyer.id)
                self.receive(order)
                request = self.assertIs_(order, "delivered")
                self.assertFalse(request.rating_ids)

    def test_who_receives_his_own_purchase_is_not_asked(self):
        nora = self.make_person("nora", self.engineering, BUYER)
        order = self.ordered(internal_requester_id=nora.id)
        self.env.cr.flush()
        self.receive(order.with_user(nora))
        self.assertIs_(order, "delivered")


@tagged("post_install", "-at_install")
class TestChanging(PurchaseCase):
    """What happens to the purchase after it came, was cancelled, or changed hands."""

    def reopenings(self):
        """Yield what makes a purchase that came unfinished again."""

        def add(order):
            order.order_line = [
                Command.create({"product_id": self.nut.id, "product_qty": 1})
            ]

        def raise_(order):
            order.order_line.product_qty = 11

        def return_(order):
            order.order_line.qty_received = 9

        yield "a line is added", add
        yield "more is ordered", raise_
        yield "something goes back", return_

    def test_unfinished_again_within_the_days_of_acceptance(self):
        for name, change in self.reopenings():
            with self.subTest(name):
                with freeze_time(MONDAY):
                    order = self.delivered()
                with freeze_time(FRIDAY):
                    change(order)
                    request = self.requests(order)
                    self.env.cr.flush()
                    self.assertEqual(self.requests(order), request)
                    self.assertRecordValues(
                        request,
                        [
                            {
                                "state": "in_progress",
                                "rating_state": "none",
                                "reopen_count": 1,
                                "delivered_at": False,
                            }
                        ],
                    )
                    self.assertEqual(request.rating_ids.state, "void")
                    last = request.event_ids.sorted("id")[-1]
                    self.assertEqual((last.kind, last.cause), ("reject", "document"))
                    self.assertIn(order.name, last.note)
                    order.order_line.qty_received = 11
                    request = self.request(order)
                    self.assertEqual(request.state, "delivered")
                self.assertEqual(
                    request.rating_ids.sorted("cycle").mapped("state"),
                    ["void", "asked"],
                )

    def test_unfinished_again_later(self):
        for name, change in self.reopenings():
            with self.subTest(name):
                with freeze_time(MONDAY):
                    order = self.delivered()
                with freeze_time(NEXT_WEEK):
                    change(order)
                    latest = self.request(order)
                old = latest.origin_id
                self.assertEqual(self.requests(order), old | latest)
                self.assertRecordValues(
                    old | latest,
                    [
                        {
                            "state": "done",
                            "rating_state": "asked",
                            "reopen_count": 0,
                            "origin_id": False,
                        },
                        {
                            "state": "in_progress",
                            "rating_state": "none",
                            "reopen_count": 0,
                            "origin_id": old.id,
                        },
                    ],
                )
                with freeze_time(NEXT_WEEK):
                    old.with_user(self.engineer).action_rate(4)
                    order.order_line.qty_received = 11
                    self.assertEqual(self.request(order), latest)
                    self.assertEqual(latest.rating_ids.state, "asked")

    def test_more_of_what_came_is_fine(self):
        order = self.delivered()
        order.order_line.qty_received = 15
        order.order_line.qty_received = 10
        order.order_line.product_qty = 8
        self.env.cr.flush()
        request = self.requests(order)
        self.assertEqual(self.happened(request), ["submit", "deliver"])

    def test_a_line_of_a_quotation_is_deleted(self):
        """Received early; what had not come is struck off before it is ordered."""
        order = self.buy((self.bolt, 10), (self.nut, 2))
        self.receive(order, 10, 0)
        order.order_line[1].unlink()
        order.button_confirm()
        self.assertEqual(self.request(order).state, "delivered")

    def test_odoo_deletes_no_line_of_an_order(self):
        order = self.ordered((self.bolt, 10), (self.nut, 2))
        with self.assertRaises(UserError):
            order.order_line[1].unlink()

    def test_cancelled(self):
        order = self.ordered()
        self.receive(order, 4)
        request = self.request(order)
        order.button_cancel()
        self.assertEqual(self.request(order), request)
        self.assertEqual(request.state, "cancelled")
        last = request.event_ids.sorted("id")[-1]
        self.assertEqual((last.kind, last.cause), ("cancel", "document"))
        self.assertEqual(last.note, f"{order.name}: Cancelled")
        self.assertFalse(request.rating_ids)

    def test_cancelled_and_taken_up_again(self):
        order = self.ordered()
        self.env.cr.flush()
        order.button_cancel()
        self.env.cr.flush()
        order.button_draft()
        old, latest = self.requests(order), self.request(order)
        self.assertEqual((old.state, latest.state), ("cancelled", "in_progress"))
        self.assertEqual(latest.origin_id, old)
        order.button_confirm()
        self.receive(order)
        self.assertEqual(self.request(order), latest)
        self.assertEqual(latest.rating_ids.rater_id, self.engineer)

    def test_cancelled_and_taken_up_again_at_once(self):
        order = self.ordered()
        self.env.cr.flush()
        order.button_cancel()
        order.button_draft()
        self.env.cr.flush()
        self.assertEqual(self.requests(order).mapped("state"), ["in_progress"])

    def test_cancelled_after_it_came_is_rated_all_the_same(self):
        order = self.delivered()
        order.button_cancel()
        request = self.request(order)
        self.assertEqual(request.state, "delivered")
        request.with_user(self.engineer).action_rate(1)
        self.assertEqual(request.rating_ids.score, 1)

    def test_deleted(self):
        """Odoo has it cancelled first; the request outlives it."""
        order = self.buy()
        request, name = self.request(order), order.name
        order.button_cancel()
        order.unlink()
        self.env.cr.flush()
        self.assertEqual(request.state, "cancelled")
        last = request.event_ids.sorted("id")[-1]
        self.assertEqual((last.kind, last.note), ("cancel", f"{name}: Cancelled"))
        self.assertFalse(request.document_name)

    def test_deleted_after_it_came_stays_on_record(self):
        order = self.delivered()
        request = self.request(order)
        order.button_cancel()
        order.unlink()
        self.env.cr.flush()
        self.assertEqual(request.state, "delivered")
        request.with_user(self.engineer).action_rate(5)
        self.assertEqual(request.state, "done")

    def test_merged(self):
        """The younger of two quotations goes into the older one."""
        with freeze_time(MONDAY):
            older = self.buy()
        with freeze_time(FRIDAY):
            younger = self.buy((self.nut, 2), internal_requester_id=self.seller.id)
            self.env.cr.flush()
            (older | younger).action_merge()
        self.assertEqual(self.request(younger).state, "cancelled")
        self.assertEqual(self.request(older).state, "in_progress")
        older.button_confirm()
        self.receive(older, 10, 0)
        self.assertEqual(self.request(older).state, "in_progress")
        self.receive(older)
        self.assertEqual(self.request(older).state, "delivered")

    def test_another_requester_is_not_asked(self):
        """Otherwise the buyer could choose who rates him."""
        friend = self.make_person("friend", self.sales)
        order = self.delivered()
        request = self.request(order)
        order.internal_requester_id = friend
        self.assertEqual(self.request(order), request)
        self.assertRecordValues(
            request,
            [
                {
                    "requester_id": self.engineer.id,
                    "state": "delivered",
                    "rating_state": "none",
                    "unasked": True,
                }
            ],
        )
        self.assertEqual(request.rating_ids.state, "void")
        last = request.event_ids.sorted("id")[-1]
        self.assertEqual((last.kind, last.cause), ("unask", "document"))
        self.assertEqual(last.user_id, self.buyer)
        order.internal_requester_id = self.engineer
        self.receive(order, 9)
        self.receive(order)
        self.env.cr.flush()
        self.assertFalse(request.rating_ids.filtered(lambda r: r.state == "asked"))

    def test_another_requester_before_it_came(self):
        order = self.ordered()
        self.env.cr.flush()
        order.internal_requester_id = self.seller
        self.receive(order)
        request = self.request(order)
        self.assertEqual(self.happened(request)[-2:], ["unask", "deliver"])
        self.assertFalse(request.rating_ids)

    def test_no_requester_any_more(self):
        order = self.delivered()
        order.internal_requester_id = False
        request = self.request(order)
        self.assertEqual((request.rating_state, request.unasked), ("none", True))

    def test_what_was_answered_stays(self):
        order = self.delivered()
        request = self.request(order)
        request.with_user(self.engineer).action_rate(1)
        order.internal_requester_id = self.seller
        self.assertEqual(self.request(order), request)
        self.assertEqual((request.rating_state, request.unasked), ("answered", False))
        self.assertRecordValues(request.rating_ids, [{"state": "answered", "score": 1}])

    def test_the_requester_of_a_quotation_is_corrected_at_once(self):
        order = self.buy(internal_requester_id=self.seller.id)
        order.internal_requester_id = self.engineer
        request = self.request(order)
        self.assertEqual(request.requester_id, self.engineer)
        self.assertFalse(request.unasked)

    def test_another_buyer(self):
        deputy = self.make_person("deputy", self.purchasing, BUYER)
        order = self.ordered()
        self.assertEqual(self.request(order).user_id, self.buyer)
        order.user_id = deputy
        self.assertEqual(self.request(order).user_id, deputy)
        self.receive(order)
        request = self.request(order)
        self.assertEqual(request.delivered_by_id, deputy)
        self.assertEqual(request.delivered_employee_id, deputy.employee_id)
        order.user_id = self.buyer
        self.assertEqual(self.request(order).user_id, deputy, "the credit is fixed")

    def test_another_service(self):
        """Another company's service, or another one of this one, takes over."""
        order = self.ordered()
        old = self.request(order)
        tools = self.make_service("tools", self.purchasing)
        self.env.company.internal_purchase_service_id = tools
        self.receive(order, 4)
        self.assertEqual(self.request(order), old, "by no mere move")
        order.internal_requester_id = self.engineer
        new = self.request(order)
        self.assertEqual(new.service_id, tools)
        self.assertEqual(new.origin_id, old)
        self.assertEqual(old.state, "declined")
        self.assertEqual(old.event_ids.sorted("id")[-1].code, "forwarded")
