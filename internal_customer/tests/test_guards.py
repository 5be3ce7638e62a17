"""What must not happen by the back door."""

from datetime import datetime, timedelta

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import InternalCustomerCase


@tagged("post_install", "-at_install")
class TestGuards(InternalCustomerCase):
    def test_a_policy_of_an_archived_service_is_for_nobody_else(self):
        other = self.make_service("payslip", self.finance)
        policy = self.env["internal.sla.policy"].create(
            {"name": "Two hours", "hours": 2, "service_ids": [other.id]}
        )
        with self.assertRaises(ValidationError):
            other.unlink()
        other.active = False
        self.assertEqual(policy.service_ids, other)
        self.assertEqual(self.clock(self.place()).target_hours, 40)

    def test_a_service_for_one_department_is_never_for_all(self):
        legal = self.make_department("Legal")
        self.service.customer_department_ids = legal
        legal.active = False
        with self.assertRaises(ValidationError):
            self.place()
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            with self.env.cr.savepoint():
                legal.unlink()

    def test_an_offer_whose_date_has_passed_is_not_accepted(self):
        request = self.place()
        offer = fields.Datetime.now() + timedelta(days=1)
        request.with_user(self.clerk).action_counter(str(offer), "Busy")
        with freeze_time(offer + timedelta(days=1)), self.assertRaises(UserError):
            request.with_user(self.seller).action_accept_counter()
        self.assertEqual(request.state, "countered")

    def test_a_draft_that_was_cancelled_stays_its_requesters(self):
        draft = self.Request.with_user(self.seller).create(
            {"name": "Secret", "service_id": self.service.id}
        )
        draft.action_cancel("Not needed")
        for user in (self.clerk, self.officer):
            self.assertFalse(
                self.Request.with_user(user).search([("id", "=", draft.id)])
            )

    def test_no_stage_is_no_move(self):
        request = self.place()
        with self.assertRaises(ValidationError):
            request.with_user(self.clerk).write({"stage_id": False})

    def test_the_meaning_of_a_stage_in_use_stays(self):
        stage = self.env["internal.request.stage"].create(
            {"name": "Checking", "state": "in_progress"}
        )
        self.place().with_user(self.clerk).write({"stage_id": stage.id})
        with self.assertRaises(ValidationError):
            stage.state = "done"

    def test_another_calendar_of_the_company_moves_deadlines_and_edges(self):
        period = self.env["internal.period"].create(
            {"kind": "quarter", "date_from": "2026-01-01"}
        )
        shanghai = self.make_calendar("Shanghai", [(9, 17)], zone="Asia/Shanghai")
        with freeze_time("2026-03-02 01:00:00"):
            request = self.place()
            before = request.deadline
            self.env.company.resource_calendar_id = shanghai
            self.assertEqual(
                request.deadline, datetime.fromisoformat("2026-03-06 09:00:00")
            )
            self.assertNotEqual(request.deadline, before)
        start = datetime.fromisoformat("2025-12-31 16:00:00")
        self.assertEqual(period.start_at, start)
        shanghai.tz = "UTC"
        self.assertEqual(period.start_at, start + timedelta(hours=8))

    def test_a_company_does_not_count_in_flexible_hours(self):
        flexible = self.make_calendar("As you like", [(9, 17)])
        flexible.schedule_type = "flexible"
        with self.assertRaises(ValidationError):
            self.env.company.resource_calendar_id = flexible

    def test_a_dialog_shows_nothing_of_a_foreign_order(self):
        request = self.place(needed_by="2090-01-01 08:00:00")
        words = self.env["internal.request.word"].with_user(self.officer)
        words.onchange({"request_id": request.id}, [], {"needed_by": {}})
        stranger = self.make_person("visitor", self.make_department("Legal"))
        words = words.with_user(stranger)
        with self.assertRaises(AccessError):
            words.onchange({"request_id": request.id}, [], {"needed_by": {}})

    def test_numbers_without_gaps(self):
        sequence = self.env.ref("internal_customer.sequence_internal_request")
        sequence.implementation = "no_gap"
        numbers = self.place(3).mapped("number")
        self.assertEqual(len(set(numbers)), 3)

    def test_nobody_is_asked_after_the_time_is_over(self):
        request = self.place()
        request.with_user(self.clerk).action_deliver()
        mine = request.with_user(self.seller)
        self.assertTrue(mine.can_rate)
        self.env.invalidate_all()
        with freeze_time(fields.Datetime.now() + timedelta(days=15)):
            self.assertFalse(mine.can_rate)

    def test_who_answers_for_a_service_is_not_asked_to_rate_it(self):
        boss = self.make_person("yves", self.sales)
        orders = self.Request.with_user(boss)

        def asked():
            order = orders.place_order({"service": "reimbursement", "name": "Mine"})
            request = self.Request.browse(order["id"])
            request.with_user(self.clerk).action_deliver()
            return request.rating_state

        self.assertEqual(asked(), "asked")
        self.finance.manager_id = boss.employee_id
        self.assertEqual(asked(), "none")
        self.finance.manager_id = False
        self.service.user_id = boss
        self.assertEqual(asked(), "none")

    def test_a_history_rates_nobody_by_himself(self):
        events = [
            ("submit", "2026-03-02T08:00:00Z"),
            ("deliver", "2026-03-02T09:00:00Z"),
        ]
        ratings = [(5, "2026-03-02T10:00:00Z")]
        answer = self.history(events, ratings, assignee="seller")
        self.assertIn("ratings[0]", answer["error"])

    def test_a_history_that_names_nobody_credits_nobody(self):
        events = [
            ("submit", "2026-03-02T08:00:00Z"),
            ("deliver", "2026-03-02T09:00:00Z"),
        ]
        answer = self.history(events, assignee=False)
        request = self.Request.browse(answer["id"])
        self.assertEqual(request.state, "done")
        self.assertFalse(request.delivered_by_id)

    def test_an_order_named_twice_is_told_in_words(self):
        request = self.place().with_user(self.clerk)
        twice = request.browse([request.id, request.id])
        for act in (
            twice.action_start,
            lambda: twice.action_counter("2090-01-01 08:00:00", "Busy"),
            lambda: twice.write(
                {"stage_id": self.env.ref("internal_customer.stage_in_progress").id}
            ),
        ):
            with self.assertRaises(ValidationError):
                act()
        self.assertEqual(request.state, "submitted")

    def test_a_policy_of_every_company_is_kept_by_who_belongs_to_all(self):
        policies = self.env["internal.sla.policy"].with_user(self.officer)
        mine = policies.create({"name": "Mine", "hours": 8})
        self.assertEqual(mine.company_id, self.env.company)
        shipped = policies.browse(
            self.env.ref("internal_customer.policy_resolution").id
        )
        shipped.hours = 41
        self.env["res.company"].create({"name": "Another"})
        for act in (
            lambda: shipped.write({"hours": 1}),
            lambda: mine.write({"company_id": False}),
            lambda: policies.create({"name": "All", "hours": 1, "company_id": False}),
            shipped.unlink,
        ):
            with self.assertRaises(AccessError):
                act()
        self.assertEqual(shipped.hours, 41)

    def test_odd_hours_of_a_policy_are_refused_with_orders_open(self):
        request = self.place()
        policy = self.clock(request).policy_id
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            with self.env.cr.savepoint():
                policy.hours = -1

    def test_who_managed_the_department_once_sees_no_more(self):
        boss = self.make_person("zora", self.sales)
        employee = boss.employee_id
        self.sales.manager_id = employee
        request = self.place()
        orders = self.Request.with_user(boss)
        self.assertIn(request, orders.search([]))
        employee.active = False
        self.env.invalidate_all()
        self.assertNotIn(request, orders.search([]))
        with self.assertRaises(AccessError):
            request.with_user(boss).action_cancel("Mine")

    def test_an_event_ahead_of_the_clock_is_told_in_words(self):
        soon = fields.Datetime.now() + timedelta(minutes=4)
        answer = self.history(
            [("submit", "2026-03-02T08:00:00Z"), ("accept", f"{soon:%Y-%m-%dT%H:%MZ}")]
        )
        request = self.Request.browse(answer["id"])
        with self.assertRaises(UserError):
            request.with_user(self.clerk).action_start()
