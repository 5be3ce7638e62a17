"""Which period a fact belongs to, and what closing does to it."""

from datetime import date, datetime

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common import InternalCustomerCase


@tagged("post_install", "-at_install")
class TestPeriod(InternalCustomerCase):
    def setUp(self):
        super().setUp()
        self.periods = self.env["internal.period"].with_user(self.officer)
        self.quarter = self.periods.create(
            {"kind": "quarter", "date_from": "2026-01-01"}
        )

    def card(self, period):
        return self.env["internal.scorecard"].search(
            [("period_id", "=", period.id), ("subject", "=", "department")]
        )

    def close(self, period, at="2026-04-08 12:00:00"):
        with freeze_time(at):
            period.action_close()

    def test_edges_are_midnights_of_the_company(self):
        self.assertRecordValues(
            self.quarter,
            [
                {
                    "name": "Q1 2026",
                    "date_to": date(2026, 3, 31),
                    "start_at": datetime.fromisoformat("2025-12-31 23:00:00"),
                    "end_at": datetime.fromisoformat("2026-03-31 22:00:00"),
                }
            ],
        )

    def test_51_an_order_after_midnight_is_of_the_next_quarter(self):
        for reference, at in (
            ("before", "2026-03-31T21:59:59Z"),
            ("after", "2026-03-31T22:30:00Z"),
        ):
            self.history([("submit", at)], reference=reference)
        self.quarter.action_compute()
        self.assertEqual(self.card(self.quarter).opened_count, 1)

    def test_closing_waits_for_five_working_days(self):
        with freeze_time("2026-04-07 12:00:00"), self.assertRaises(UserError):
            self.quarter.action_close()
        self.assertEqual(self.quarter.state, "open")
        self.close(self.quarter)
        self.assertEqual(self.quarter.state, "closed")

    def test_a_closed_period_refuses(self):
        self.close(self.quarter)
        for act in (
            self.quarter.action_compute,
            self.quarter.action_close,
            self.quarter.unlink,
            lambda: self.quarter.write({"date_to": "2026-02-28"}),
        ):
            with self.assertRaises(UserError):
                act()
        with self.assertRaises(AccessError):
            self.quarter.write({"state": "open"})

    def test_periods_of_a_kind_do_not_overlap(self):
        with self.assertRaises(ValidationError):
            self.periods.create({"kind": "quarter", "date_from": "2026-02-01"})
        self.periods.create({"kind": "month", "date_from": "2026-02-01"})

    def test_what_is_recorded_later_counts_when_it_is_recorded(self):
        self.close(self.quarter)
        following = self.periods.create({"kind": "quarter", "date_from": "2026-04-01"})
        with freeze_time("2026-05-04 12:00:00"):
            self.history(
                [
                    ("submit", "2026-03-02T09:00:00Z"),
                    ("deliver", "2026-03-02T12:00:00Z"),
                ],
                [(2, "2026-03-03T09:00:00Z")],
            )
            following.action_compute()
        self.assertFalse(self.card(self.quarter))
        self.assertRecordValues(
            self.card(following),
            [{"request_count": 1, "rating_count": 1, "worst_score": 2, "met_count": 1}],
        )

    def test_a_breach_that_was_counted_does_not_heal(self):
        events = [("submit", "2026-03-02T09:00:00Z")]
        with freeze_time("2026-04-02 12:00:00"):
            self.history(events)
        request = self.Request.search([("external_ref", "=", "H-1")])
        self.close(self.quarter)
        self.assertEqual(self.card(self.quarter).breached_count, 1)
        with freeze_time("2026-05-04 12:00:00"):
            self.history(
                events
                + [
                    ("wait", "2026-03-02T10:00:00Z"),
                    ("resume", "2026-05-04T09:00:00Z"),
                    ("deliver", "2026-05-04T10:00:00Z"),
                ]
            )
        self.assertRecordValues(
            self.clock(request),
            [
                {
                    "state": "breached",
                    "breached_at": datetime.fromisoformat("2026-03-09 09:00:00"),
                    "stopped_at": datetime.fromisoformat("2026-05-04 10:00:00"),
                }
            ],
        )

    def test_an_order_that_was_counted_as_done_is_not_opened_again(self):
        events = [
            ("submit", "2026-03-02T09:00:00Z"),
            ("deliver", "2026-03-02T12:00:00Z"),
        ]
        reject = ("reject", "2026-03-04T09:00:00Z")
        with freeze_time("2026-04-02 12:00:00"):
            self.history(events, reference="open quarter")
            again = self.history([*events, reject], reference="open quarter")
            self.assertEqual(again["status"], "updated")
            self.history(events)
        self.close(self.quarter)
        done = self.card(self.quarter).request_count
        self.assertEqual(done, 1)
        with freeze_time("2026-05-04 12:00:00"):
            self.assertIn("closed period", self.history([*events, reject])["error"])
            late = self.history(events, reference="told late")
            self.assertEqual(late["status"], "created")
            late = self.history([*events, reject], reference="told late")
            self.assertEqual(late["status"], "updated", "its quarter did not count it")

    def test_the_last_answer_counts_the_lowest_shows(self):
        self.history(
            [
                ("submit", "2026-03-02T09:00:00Z"),
                ("deliver", "2026-03-02T12:00:00Z"),
                ("reject", "2026-03-03T09:00:00Z"),
                ("deliver", "2026-03-03T12:00:00Z"),
            ],
            [(1, "2026-03-02T13:00:00Z"), (5, "2026-03-03T13:00:00Z")],
        )
        self.quarter.action_compute()
        self.assertRecordValues(
            self.card(self.quarter),
            [
                {
                    "rating_count": 1,
                    "satisfaction": 5,
                    "worst_score": 1,
                    "worst_count": 1,
                    "reopened_count": 1,
                    "reopen_rate": 1,
                }
            ],
        )

    def test_what_is_not_known_is_empty(self):
        self.history([("submit", "2026-03-02T09:00:00Z")])
        with freeze_time("2026-03-02 12:00:00"):
            self.quarter.action_compute()
        card = self.card(self.quarter)
        for name in ("good_rate", "satisfaction", "worst_score", "promise_kept_rate"):
            self.assertIs(card.read([name])[0][name], False, name)
        self.assertIs(card.enough_data, False)

    def test_70_cancelled_is_in_no_rate_but_a_breach_stays(self):
        late, soon = "2026-03-25T09:00:00Z", "2026-03-02T12:00:00Z"
        cases = [("deliver", soon)] * 14 + [("deliver", late)] * 2
        cases += [("cancel", soon), ("cancel", late)]
        for number, (kind, at) in enumerate(cases):
            self.history(
                [("submit", "2026-03-02T09:00:00Z"), (kind, at)], reference=f"{number}"
            )
        self.quarter.action_compute()
        self.assertRecordValues(
            self.card(self.quarter),
            [{"met_count": 14, "breached_count": 3, "on_time_rate": 0.8235}],
        )

    def test_the_current_quarter_is_opened_and_computed_by_itself(self):
        with freeze_time("2026-08-20 12:00:00"):
            self.place()
            cron = self.env.ref("internal_customer.cron_compute")
            for _run in range(2):
                with self.enter_registry_test_mode():
                    cron.method_direct_trigger()
        quarter = self.periods.search([("date_from", "=", "2026-07-01")])
        self.assertEqual(len(quarter), 1)
        self.assertEqual(self.card(quarter).opened_count, 1)

    def test_a_count_opens_the_orders_it_is_made_of(self):
        late, soon = "2026-03-18T09:00:00Z", "2026-03-02T12:00:00Z"
        cases = [("deliver", soon), ("deliver", late), ("cancel", soon)]
        for number, event in enumerate(cases):
            self.history(
                [("submit", "2026-03-02T09:00:00Z"), event], reference=f"{number}"
            )
        self.history([("submit", "2026-03-02T09:00:00Z")], reference="open")
        self.quarter.action_compute()
        card = self.card(self.quarter)

        def behind(figure):
            domain = card.with_user(self.officer).action_open_requests(figure)["domain"]
            return self.Request.search(domain).mapped("external_ref")

        for figure, references in (
            ("request_count", ["0", "1"]),
            ("opened_count", ["0", "1", "2", "open"]),
            ("open_count", ["open"]),
            ("overdue_count", ["open"]),
            ("met_count", ["0"]),
            ("breached_count", ["1", "open"]),
            ("reopened_count", []),
            ("promise_count", []),
            ("rating_count", []),
        ):
            with self.subTest(figure):
                self.assertCountEqual(behind(figure), references)
                self.assertEqual(card[figure], len(references))
        with self.assertRaises(ValidationError):
            card.action_open_requests("score")
        with self.assertRaises(AccessError):
            card.with_user(self.seller).action_open_requests()

    def test_what_comes_after_the_closing_is_not_behind_its_figures(self):
        self.close(self.quarter)
        with freeze_time("2026-05-04 12:00:00"):
            self.history([("submit", "2026-03-02T09:00:00Z")])
        self.assertEqual(
            self.env["internal.scorecard"]._read_facts(self.quarter)[0]["opened"], 0
        )
