"""Clocks in the database: what the engine says, stored; judged by whoever comes by."""

from datetime import datetime

from freezegun import freeze_time

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .common import InternalCustomerCase

MONDAY = "2026-03-02T08:00:00Z"  # 09:00 in Brussels


def utc(text):
    return datetime.fromisoformat(text)


@tagged("post_install", "-at_install")
class TestJudging(InternalCustomerCase):
    def setUp(self):
        super().setUp()
        self.policy = self.env["internal.sla.policy"].create(
            {
                "name": "Eight hours",
                "hours": 8,
                "service_ids": [self.service.id],
            }
        )

    def load(self, *events, **values):
        answer = self.history(events, **values)
        self.assertFalse(answer["error"])
        return self.Request.browse(answer["id"])

    def test_an_order_breaches_though_nobody_touches_it(self):
        with freeze_time("2026-03-02 08:00:00"):
            request = self.place()
        clock = self.clock(request)
        self.assertRecordValues(
            clock,
            [{"state": "running", "deadline": utc("2026-03-02 17:00:00")}],
        )
        self.assertEqual(request.sla_state, "on_track")
        with freeze_time("2026-03-02 15:00:01"):
            self.env["internal.sla.clock"]._judge_due(utc("2026-03-02 15:00:01"))
        self.assertEqual(request.sla_state, "at_risk")
        with freeze_time("2026-03-02 17:00:00"):
            self.env["internal.sla.clock"]._judge_due(utc("2026-03-02 17:00:00"))
        self.assertEqual(clock.state, "running", "at the deadline exactly is in time")
        with freeze_time("2026-03-05 09:00:00"):
            self.env["internal.sla.clock"]._judge_due(utc("2026-03-05 09:00:00"))
        self.assertRecordValues(
            clock,
            [
                {
                    "state": "breached",
                    "breached_at": utc("2026-03-02 17:00:00"),
                    "next_at": False,
                }
            ],
        )
        self.assertEqual(request.sla_state, "breached")

    def test_judging_twice_writes_nothing(self):
        with freeze_time("2026-03-02 08:00:00"):
            request = self.place()

        def rows():
            self.env.flush_all()
            self.env.cr.execute(
                "SELECT ctid::text FROM internal_request WHERE id = %(id)s UNION ALL"
                " SELECT ctid::text FROM internal_sla_clock WHERE request_id = %(id)s",
                {"id": request.id},
            )
            return self.env.cr.fetchall()

        before = rows()
        self.assertEqual(len(before), 2)
        request._settle(utc("2026-03-02 09:00:00"))
        self.assertEqual(rows(), before)
        request._settle(utc("2026-03-02 16:00:00"))
        self.assertNotEqual(rows(), before, "by then it is soon due")

    def test_hours_used_and_left_are_of_now(self):
        with freeze_time("2026-03-02 08:00:00"):
            request = self.place()
        clock = self.clock(request)
        with freeze_time("2026-03-02 10:30:00"):
            self.assertEqual((clock.elapsed_hours, clock.remaining_hours), (2.5, 5.5))
            self.assertEqual(request.time_left, "5 h 30 left")
        self.env.invalidate_all()
        with freeze_time("2026-03-03 09:00:00"):
            self.assertEqual(request.time_left, "Late by 1 h 00")

    def test_waiting_for_the_customer_stands_still(self):
        with freeze_time("2026-03-02 08:00:00"):
            request = self.place()
        with freeze_time("2026-03-02 14:00:00"):
            request.with_user(self.clerk).action_wait("Which account?")
        clock = self.clock(request)
        with freeze_time("2026-03-04 14:00:00"):
            self.assertRecordValues(clock, [{"state": "paused", "deadline": False}])
            self.assertEqual((clock.elapsed_hours, clock.remaining_hours), (5, 3))
            self.assertEqual(request.time_left, "Waiting")

    def test_46_a_wait_entered_later_heals(self):
        submit, deliver = ("submit", MONDAY), ("deliver", "2026-03-03T16:00:00Z")
        request = self.load(submit, deliver)
        clock = self.clock(request)
        self.assertRecordValues(clock, [{"state": "breached", "elapsed_hours": 15}])
        wait = ("wait", "2026-03-02T14:00:00Z", "customer")
        self.load(submit, wait, ("resume", "2026-03-03T14:00:00Z"), deliver)
        self.assertRecordValues(clock, [{"state": "met", "elapsed_hours": 7}])
        self.assertEqual(request.sla_state, "met")

    def test_the_order_of_entry_does_not_matter(self):
        events = [
            ("submit", MONDAY),
            ("accept", "2026-03-02T09:00:00Z"),
            ("wait", "2026-03-02T14:00:00Z", "customer"),
            ("resume", "2026-03-03T14:00:00Z"),
            ("deliver", "2026-03-03T16:00:00Z"),
        ]
        whole = self.load(*events, reference="whole")
        for place in (1, 2, 4):
            reference = f"parts{place}"
            first = [event for event in events if event[0] not in ("wait", "resume")]
            self.load(*first[:place], reference=reference)
            parts = self.load(*events, reference=reference)
            names = ["state", "deadline", "stopped_at", "elapsed_hours"]
            self.assertEqual(
                self.clock(parts).read(names, load=None)[0] | {"id": 0},
                self.clock(whole).read(names, load=None)[0] | {"id": 0},
            )
            self.assertEqual(parts.state, whole.state)

    def test_47_a_forgotten_holiday_moves_open_deadlines(self):
        with freeze_time("2026-04-03 13:00:00"):
            request = self.place()
            self.assertEqual(request.deadline, utc("2026-04-06 13:00:00"))
            self.env["resource.calendar.leaves"].create(
                {
                    "name": "Easter Monday",
                    "calendar_id": self.calendar.id,
                    "date_from": "2026-04-05 22:00:00",
                    "date_to": "2026-04-06 21:59:59",
                }
            )
            self.assertEqual(request.deadline, utc("2026-04-07 13:00:00"))

    def test_a_stopped_clock_keeps_its_verdict(self):
        request = self.load(("submit", MONDAY), ("deliver", "2026-03-02T16:00:00Z"))
        self.policy.hours = 1
        self.assertRecordValues(
            self.clock(request), [{"state": "met", "target_hours": 8}]
        )

    def test_an_edited_policy_holds_for_open_orders(self):
        with freeze_time("2026-03-02 08:00:00"):
            request = self.place()
            self.policy.hours = 16
            self.assertEqual(request.deadline, utc("2026-03-03 17:00:00"))

    def test_silence_accepts_at_the_moment_due(self):
        with freeze_time("2026-03-03 09:00:00"):
            request = self.place()
        with freeze_time("2026-03-03 13:00:00"):
            request.with_user(self.clerk).action_deliver()
        with freeze_time("2026-03-12 03:00:00"):
            self.Request._accept_due(utc("2026-03-12 03:00:00"))
        self.assertRecordValues(
            request, [{"state": "done", "closed_at": utc("2026-03-10 13:00:00")}]
        )
        event = request.event_ids[-1]
        self.assertRecordValues(
            event,
            [
                {
                    "cause": "silence",
                    "user_id": self.env.ref("base.user_root").id,
                    "recorded_at": utc("2026-03-12 03:00:00"),
                }
            ],
        )
        self.assertEqual(request.rating_state, "asked", "silence is no rating")

    def test_no_answer_expires(self):
        with freeze_time("2026-03-03 09:00:00"):
            request = self.place()
            request.with_user(self.clerk).action_deliver()
            ballot = request.rating_ids
            self.assertEqual(ballot.expires_at, utc("2026-03-17 09:00:00"))
        self.env["internal.rating"]._expire_due(utc("2026-03-17 09:00:00"))
        self.assertEqual((ballot.state, request.rating_state), ("expired", "expired"))

    def test_a_delivery_at_zero_days_is_done_at_once(self):
        self.service.acceptance_days = 0
        request = self.place()
        request.with_user(self.clerk).action_deliver()
        self.assertEqual(request.state, "done")
        self.assertEqual(request.closed_at, request.delivered_at)

    def test_a_calendar_without_hours_is_refused(self):
        empty = self.make_calendar("Empty", [])
        for record, name in (
            (self.service, "calendar_id"),
            (self.service, "intake_calendar_id"),
            (self.policy, "calendar_id"),
        ):
            with self.assertRaises(ValidationError):
                record.write({name: empty.id})

    def test_history_is_taken_as_it_happened(self):
        rejected = self.load(
            ("submit", MONDAY),
            ("deliver", "2026-03-02T09:00:00Z"),
            ("reject", "2026-03-31T09:00:00Z"),
            ("deliver", "2026-03-31T10:00:00Z"),
            ratings=[(4, "2026-03-03T09:00:00Z"), (5, "2026-03-31T11:00:00Z")],
        )
        self.assertEqual(rejected.state, "done")
        self.assertEqual(rejected.reopen_count, 1)
        self.assertEqual(
            rejected.event_ids.mapped(lambda event: event.cause or event.kind),
            ["submit", "deliver", "reject", "deliver", "score"],
        )

    def test_a_silent_acceptance_gives_way_to_what_happened(self):
        events = [("submit", MONDAY), ("deliver", "2026-03-02T09:00:00Z")]
        request = self.load(*events)
        self.assertEqual(request.state, "done")
        request = self.load(*events, ("reject", "2026-03-31T09:00:00Z"))
        self.assertEqual((request.state, request.closed_at), ("in_progress", False))
        checked = self.Request.with_user(self.officer).verify_events()
        self.assertEqual(checked["broken"], [])

    def test_a_delivery_at_zero_days_is_done_at_once_at_night_too(self):
        self.service.acceptance_days = 0
        with freeze_time("2026-03-07 23:00:00"):
            request = self.place()
            request.with_user(self.clerk).action_deliver()
        self.assertRecordValues(
            request,
            [{"state": "done", "closed_at": utc("2026-03-07 23:00:00")}],
        )

    def test_another_calendar_of_the_service_moves_open_deadlines(self):
        with freeze_time("2026-03-02 08:00:00"):
            request = self.place()
            stopped = self.load(("submit", MONDAY), ("deliver", MONDAY))
            self.service.calendar_id = self.make_calendar("Mornings", [(9, 13)])
            self.assertEqual(request.deadline, utc("2026-03-03 12:00:00"))
        self.assertEqual(self.clock(stopped).calendar_id, self.calendar)

    def test_a_window_that_never_opens_holds_nobody_up(self):
        window = self.make_calendar("Never again", [(9, 10)], days=[0])
        self.service.intake_calendar_id = window
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Closed for good",
                "calendar_id": window.id,
                "date_from": "2000-01-01 00:00:00",
                "date_to": "2300-01-01 00:00:00",
            }
        )
        request = self.place()
        self.assertEqual(request.intake_at, request.submitted_at)

    def test_the_first_answer_is_not_due_after_the_delivery(self):
        values = {"name": "Answer", "metric": "response", "hours": 9}
        with self.assertRaises(ValidationError):
            self.policy.create({**values, "service_ids": [self.service.id]})
        self.policy.create(values)

    def test_the_same_row_twice_in_one_call_is_one_order(self):
        row = {
            "external_ref": "twice",
            "service": "reimbursement",
            "customer": "Sales",
            "requester": "seller",
            "events": [{"kind": "submit", "at": MONDAY}],
        }
        more = [*row["events"], {"kind": "start", "at": "2026-03-02T09:00:00Z"}]
        other = {**row, "external_ref": "other"}
        load = self.Request.with_user(self.officer).load_history
        told = load([row, other, row, {**row, "events": more}])
        self.assertEqual(
            [answer["status"] for answer in told],
            ["created", "created", "unchanged", "updated"],
        )
        self.assertEqual(told[0]["id"], told[3]["id"])

    def test_a_rating_that_contradicts_is_an_error_of_its_row(self):
        events = [("submit", MONDAY), ("deliver", "2026-03-02T09:00:00Z")]
        at = "2026-03-02T10:00:00Z"
        self.load(*events, ratings=[(4, at)])
        self.assertEqual(self.history(events, [(4, at)])["status"], "unchanged")
        answer = self.history(events, [(5, at)])
        self.assertEqual(answer["status"], "error")
        self.assertIn("ratings[0]", answer["error"])
