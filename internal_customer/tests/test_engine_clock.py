"""The clock engine: the vectors of the rules, laws, and a slow oracle.

Pure: runs without Odoo and without a database.
"""

import unittest
from datetime import timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from ..engine.clock import (
    PROMISE,
    RESOLUTION,
    RESPONSE,
    Pause,
    Policy,
    Spec,
    choose,
    evaluate,
    risk_state,
)
from ..engine.transitions import Event, Step, replay
from ..engine.worktime import NO_WORK, hours, work
from .test_engine_transitions import LAWS, QUARTER, at, histories
from .test_engine_worktime import BRUSSELS, TIMELINES, utc

SECOND = timedelta(seconds=1)


def local(text):
    """Naive UTC of a local time in Brussels, "03-02 09:00" of 2026."""
    return utc(f"2026-{text}", BRUSSELS)


def told(text):
    """Events from lines such as ``wait 03-02 15:00 customer``; a date is a promise."""
    events = []
    for line in filter(None, map(str.strip, text.split(","))):
        kind, day, hour, *rest = line.split()
        events.append(
            Event(
                kind,
                local(f"{day} {hour}"),
                cause=rest[0] if len(rest) == 1 else "",
                moment=local(" ".join(rest)) if len(rest) == 2 else None,
            )
        )
    return events


def judge(text, now, calendar="BO", metric=RESOLUTION, intake=None, **spec):
    """Verdict on ``told`` events; intake is at the first of them if not given."""
    events = told(text)
    intake_at = local(intake) if intake else events[0].at
    if "earliest" in spec:
        spec["earliest"] = local(spec["earliest"])
    spec = Spec(metric, intake_at, spec.pop("hours", None), **spec)
    return evaluate(spec, replay(events).steps, TIMELINES[calendar], local(now))


WAITED = "submit 03-02 09:00, wait 03-02 15:00 customer"
REJECTED = "submit 03-02 09:00, deliver 03-02 15:00, reject 03-04 10:00"
PROMISED = "submit 03-02 09:00, accept 03-02 10:00 03-05 12:00"
LATE_ENTRY = "wait 03-02 15:00 customer, resume 03-03 15:00"
CLOSED, LATER = "02-20 09:00", "05-01 09:00"
EIGHT = {"hours": 8}
PROMISED_AT = {"metric": PROMISE}

# (vector, calendar, spec, events, now, what the verdict says); moments are local.
VERDICTS = [
    (
        33,
        "BO",
        {**EIGHT, "intake": "03-09 13:00"},
        "submit 03-03 10:00",
        "03-09 14:00",
        {"state": "running", "deadline": "03-10 12:00", "elapsed": 1, "remaining": 7},
    ),
    (
        34,
        "BO",
        EIGHT,
        f"{WAITED}, resume 03-03 11:00, deliver 03-03 14:00",
        LATER,
        {"state": "met", "deadline": "03-03 15:00", "elapsed": 7, "remaining": 1},
    ),
    (
        35,
        "BO",
        EIGHT,
        "submit 03-06 14:00, wait 03-06 17:00 customer, resume 03-09 09:30,"
        "deliver 03-09 15:00",
        LATER,
        {"state": "met", "deadline": "03-09 15:30", "elapsed": 7.5, "remaining": 0.5},
    ),
    (
        36,
        "BO",
        EIGHT,
        "submit 03-02 14:00, wait 03-02 19:00 customer, resume 03-03 08:00,"
        "deliver 03-03 13:00",
        LATER,
        {"state": "met", "deadline": "03-03 14:00", "elapsed": 7, "remaining": 1},
    ),
    (
        37,
        "BO",
        EIGHT,
        WAITED,
        "03-04 10:00",
        {"state": "paused", "deadline": None, "elapsed": 5, "remaining": 3},
    ),
    (
        38,
        "BO",
        EIGHT,
        f"{REJECTED}, deliver 03-04 14:00",
        LATER,
        {
            "state": "met",
            "deadline": "03-04 14:00",
            "stopped_at": "03-04 14:00",
            "elapsed": 8,
            "remaining": 0,
        },
    ),
    (
        39,
        "BO",
        EIGHT,
        f"{REJECTED}, deliver 03-04 16:00",
        LATER,
        {
            "state": "breached",
            "deadline": "03-04 14:00",
            "breached_at": "03-04 14:00",
            "stopped_at": "03-04 16:00",
            "elapsed": 10,
            "remaining": -2,
        },
    ),
    (
        40,
        "BO",
        EIGHT,
        "submit 03-02 10:00",
        "03-02 10:00",
        {
            "at_risk_at": "03-02 17:00",
            "deadline": "03-03 10:00",
            "next_at": "03-02 17:00",
        },
    ),
    (
        41,
        "BO",
        PROMISED_AT,
        PROMISED,
        "03-02 10:00",
        {
            "started_at": "03-02 10:00",
            "at_risk_at": "03-04 14:30",
            "deadline": "03-05 12:00",
            "elapsed": 0,
            "remaining": 26,
        },
    ),
    (
        42,
        "BO",
        PROMISED_AT,
        f"{PROMISED}, wait 03-03 10:00 customer, resume 03-04 10:00",
        "03-04 10:00",
        {"deadline": "03-06 12:00", "elapsed": 8, "remaining": 18},
    ),
    (
        42,
        "BO",
        PROMISED_AT,
        f"{PROMISED}, wait 03-03 10:00 supplier, resume 03-04 10:00",
        "03-04 10:00",
        {"deadline": "03-05 12:00", "elapsed": 16, "remaining": 10},
    ),
    (
        46,
        "BO",
        EIGHT,
        "submit 03-02 09:00, deliver 03-03 17:00",
        LATER,
        {"state": "breached", "breached_at": "03-02 18:00", "elapsed": 15},
    ),
    (
        46,
        "BO",
        EIGHT,
        f"submit 03-02 09:00, deliver 03-03 17:00, {LATE_ENTRY}",
        LATER,
        {"state": "met", "breached_at": None, "elapsed": 7},
    ),
    (
        47,
        "BO",
        EIGHT,
        "submit 04-03 15:00",
        "04-06 15:30",
        {"state": "breached", "deadline": "04-06 15:00"},
    ),
    (
        47,
        "BH",
        EIGHT,
        "submit 04-03 15:00",
        "04-06 15:30",
        {"state": "running", "deadline": "04-07 15:00", "breached_at": None},
    ),
    (
        49,
        "BO",
        {"metric": RESPONSE, "hours": 4, "intake": "03-09 13:00"},
        "submit 03-03 10:00, accept 03-03 11:00",
        LATER,
        {"state": "met", "stopped_at": "03-03 11:00", "elapsed": 0, "remaining": 4},
    ),
    (
        71,
        "BO",
        {**EIGHT, "earliest": "03-03 18:00"},
        "submit 03-02 09:00",
        "03-02 10:00",
        {"deadline": "03-03 18:00", "elapsed": 1, "remaining": 15},
    ),
    # On the second.
    (
        "1.5",
        "BO",
        EIGHT,
        "submit 03-02 09:00",
        "03-02 18:00",
        {"state": "running", "breached_at": None, "next_at": "03-02 18:00"},
    ),
    (
        "1.5",
        "BO",
        EIGHT,
        "submit 03-02 09:00",
        "03-02 18:00:01",
        {"state": "breached", "breached_at": "03-02 18:00", "next_at": None},
    ),
    (
        "1.5",
        "BO",
        EIGHT,
        "submit 03-02 09:00, deliver 03-02 18:00:01",
        LATER,
        {"state": "breached", "stopped_at": "03-02 18:00:01", "remaining": 0},
    ),
    # A breach stays: a later pause, a rejection, a cancel do not heal it.
    (
        "1.5",
        "BO",
        EIGHT,
        "submit 03-02 09:00, wait 03-03 10:00 customer",
        "03-04 10:00",
        {
            "state": "breached",
            "deadline": "03-02 18:00",
            "breached_at": "03-02 18:00",
            "stopped_at": None,
            "elapsed": 9,
            "remaining": -1,
        },
    ),
    (
        "1.5",
        "BO",
        EIGHT,
        "submit 03-02 09:00, deliver 03-03 10:00, reject 03-03 11:00",
        "03-03 12:00",
        {"state": "breached", "stopped_at": None, "elapsed": 10},
    ),
    (
        "1.4",
        "BO",
        EIGHT,
        "submit 03-02 09:00, cancel 03-03 10:00",
        LATER,
        {
            "state": "breached",
            "breached_at": "03-02 18:00",
            "stopped_at": "03-03 10:00",
            "elapsed": 9,
        },
    ),
    (
        "1.4",
        "BO",
        EIGHT,
        "submit 03-02 09:00, cancel 03-02 18:00",
        LATER,
        {"state": "cancelled", "breached_at": None, "stopped_at": "03-02 18:00"},
    ),
    (
        "1.4",
        "BO",
        EIGHT,
        f"{WAITED}, cancel 03-09 10:00",
        LATER,
        {"state": "cancelled", "elapsed": 5, "remaining": 3},
    ),
    # Delivered in time, then rejected: judged again at the next delivery.
    (
        "1.4",
        "BO",
        EIGHT,
        REJECTED,
        "03-04 11:00",
        {
            "state": "running",
            "stopped_at": None,
            "deadline": "03-04 14:00",
            "at_risk_at": "03-04 11:00",
            "next_at": "03-04 14:00",
            "elapsed": 6,
        },
    ),
    # A delivery ends a pause, and confirming stops nothing a second time.
    (
        "1.2",
        "BO",
        EIGHT,
        f"{WAITED}, deliver 03-04 11:00, confirm 03-06 11:00",
        LATER,
        {
            "state": "met",
            "stopped_at": "03-04 11:00",
            "deadline": "03-04 15:00",
            "at_risk_at": None,
            "elapsed": 5,
        },
    ),
    # Who makes it wait: the supplier never stops a clock, a third party by policy.
    (
        "1.2",
        "BO",
        EIGHT,
        "submit 03-02 09:00, wait 03-02 15:00 supplier",
        "03-02 17:00",
        {"state": "running", "deadline": "03-02 18:00", "elapsed": 7},
    ),
    (
        "1.2",
        "BO",
        EIGHT,
        "submit 03-02 09:00, wait 03-02 15:00 third_party",
        "03-02 17:00",
        {"state": "running", "elapsed": 7},
    ),
    (
        "1.2",
        "BO",
        {**EIGHT, "pausing": frozenset({"customer", "third_party"})},
        "submit 03-02 09:00, wait 03-02 15:00 third_party",
        "03-02 17:00",
        {"state": "paused", "elapsed": 5},
    ),
    # An offer is the customer's turn; a second offer goes on with the same pause.
    (
        "1.2",
        "BO",
        EIGHT,
        "submit 03-02 09:00, counter 03-02 11:00 03-10 12:00,"
        "counter 03-02 14:00 03-09 12:00, accept_counter 03-03 10:00",
        "03-03 11:00",
        {"state": "running", "deadline": "03-03 17:00", "elapsed": 3},
    ),
    (
        "1.2",
        "BO",
        PROMISED_AT,
        "submit 03-02 09:00, counter 03-02 11:00 03-10 12:00,"
        "counter 03-02 14:00 03-09 12:00, accept_counter 03-03 10:00",
        "03-03 11:00",
        {"started_at": "03-03 10:00", "deadline": "03-09 12:00", "elapsed": 1},
    ),
    # A pause before intake takes nothing away.
    (
        "1.3",
        "BO",
        {**EIGHT, "intake": "03-09 13:00"},
        "submit 03-03 10:00, wait 03-03 11:00 customer, resume 03-04 11:00",
        "03-03 12:00",
        {"state": "running", "deadline": "03-10 12:00", "elapsed": 0, "remaining": 8},
    ),
    (
        "1.3",
        "BO",
        {**EIGHT, "intake": "03-09 13:00"},
        "submit 03-03 10:00, wait 03-03 11:00 customer, resume 03-09 14:00",
        "03-09 15:00",
        {"deadline": "03-10 14:00", "elapsed": 1},
    ),
    # A promise outside working hours holds to the minute; so does a closed pause.
    (
        "1.2",
        "BO",
        PROMISED_AT,
        "submit 03-02 09:00, accept 03-02 10:00 03-07 11:00,"
        "wait 03-05 18:30 customer, resume 03-06 08:00, deliver 03-07 11:00",
        LATER,
        {"state": "met", "deadline": "03-07 11:00", "stopped_at": "03-07 11:00"},
    ),
    (
        "1.2",
        "BO",
        PROMISED_AT,
        "submit 03-02 09:00, accept 03-02 10:00 03-07 11:00, deliver 03-07 11:01",
        LATER,
        {"state": "breached", "breached_at": "03-07 11:00", "remaining": 0},
    ),
    (
        "1.2",
        "BO",
        PROMISED_AT,
        "submit 03-02 09:00, accept 03-02 10:00 03-07 11:00,"
        "wait 03-06 16:00 customer, resume 03-06 17:00",
        "03-06 17:00",
        {"deadline": "03-09 10:00", "remaining": 2},
    ),
    # Lead time: the target is stretched, so a pause moves it like any other.
    (
        "3.1",
        "BO",
        {**EIGHT, "earliest": "03-03 18:00"},
        f"{WAITED}, resume 03-03 11:00",
        "03-03 12:00",
        {"deadline": "03-04 15:00", "elapsed": 6, "remaining": 10},
    ),
    (
        "3.1",
        "BO",
        {**EIGHT, "earliest": "03-07 11:00"},
        "submit 03-06 09:00",
        "03-06 20:00",
        {"state": "running", "deadline": "03-07 11:00", "remaining": 0},
    ),
    (
        "3.1",
        "BO",
        {**EIGHT, "earliest": "03-02 11:00"},
        "submit 03-02 09:00",
        "03-02 10:00",
        {"deadline": "03-02 18:00", "remaining": 7},
    ),
    # Nobody is punished for an empty calendar.
    (
        31,
        "none",
        {"hours": 4},
        "submit 03-02 09:00",
        LATER,
        {
            "state": "running",
            "deadline": None,
            "at_risk_at": None,
            "next_at": None,
            "elapsed": 0,
            "remaining": None,
        },
    ),
    (
        31,
        "none",
        PROMISED_AT,
        f"{PROMISED}, deliver 03-20 12:00",
        LATER,
        {"state": "met", "deadline": None, "at_risk_at": None, "elapsed": 0},
    ),
]


class TestVerdicts(unittest.TestCase):
    """Section 8 of the rules, one row a vector, and what its text says beside them."""

    maxDiff = None

    def test_verdicts(self):
        for vector, calendar, spec, text, now, expected in VERDICTS:
            with self.subTest(vector=vector, text=text, now=now):
                verdict = judge(text, now, calendar, **spec)
                said = {name: getattr(verdict, name) for name in expected}
                for name in {"elapsed", "remaining"} & said.keys():
                    if said[name] is not None:
                        said[name] = hours(said[name])
                wanted = {
                    name: local(value)
                    if isinstance(value, str) and name != "state"
                    else value
                    for name, value in expected.items()
                }
                self.assertEqual(said, wanted)

    def test_pauses_and_who_caused_them(self):
        verdict = judge(
            f"{WAITED}, resume 03-03 11:00, deliver 03-03 12:00, reject 03-04 10:00,"
            "wait 03-04 11:00 supplier, resume 03-04 12:00,"
            "wait 03-04 15:00 third_party",
            "03-05 09:00",
            hours=40,
            pausing=frozenset({"customer", "third_party"}),
        )
        self.assertEqual(
            verdict.pauses,
            (
                Pause(local("03-02 15:00"), local("03-03 11:00"), "customer"),
                Pause(local("03-03 12:00"), local("03-04 10:00"), "customer"),
                Pause(local("03-04 15:00"), None, "third_party"),
            ),
        )
        self.assertEqual(judge(WAITED, LATER, metric=RESPONSE, hours=4).pauses, ())

    def test_clocks_that_never_started(self):
        rows = [
            (RESOLUTION, ""),
            (RESPONSE, ""),
            (RESOLUTION, "cancel 03-02 09:00"),
            (RESPONSE, "cancel 03-02 09:00"),
            (PROMISE, "submit 03-02 09:00"),
            (PROMISE, "submit 03-02 09:00, accept 03-02 10:00"),
            (PROMISE, "submit 03-02 09:00, counter 03-02 10:00 03-05 12:00"),
        ]
        for metric, text in rows:
            with self.subTest(metric=metric, text=text):
                self.assertIsNone(
                    judge(text, LATER, metric=metric, hours=8, intake="03-02 09:00")
                )

    def test_what_answers_a_request(self):
        rows = [
            ("accept 03-02 11:00", "met", 2),
            ("counter 03-02 11:00 03-05 12:00", "met", 2),
            ("decline 03-02 11:00", "met", 2),
            ("start 03-02 11:00", "met", 2),
            ("wait 03-02 11:00 supplier", "met", 2),
            ("deliver 03-02 11:00", "met", 2),
            ("deliver 03-02 16:00, reject 03-02 17:00", "breached", 6),
            ("accept 03-02 11:00, cancel 03-02 17:00", "met", 2),
            ("cancel 03-02 11:00", "cancelled", 2),
            ("cancel 03-02 17:00", "breached", 7),
        ]
        for text, state, elapsed in rows:
            with self.subTest(text=text):
                verdict = judge(
                    f"submit 03-02 09:00, {text}", LATER, metric=RESPONSE, hours=4
                )
                self.assertEqual(verdict.state, state)
                self.assertEqual(hours(verdict.elapsed), elapsed)

    def test_declined_is_answered_and_nothing_else(self):
        text = (
            "submit 03-02 09:00, counter 03-02 10:00 03-05 12:00, decline 03-03 10:00"
        )
        response = judge(text, LATER, metric=RESPONSE, hours=4)
        resolution = judge(text, LATER, hours=4)
        self.assertEqual(response.state, "met")
        self.assertEqual(response.stopped_at, local("03-02 10:00"))
        self.assertEqual(resolution.state, "cancelled")
        self.assertEqual(resolution.stopped_at, local("03-03 10:00"))
        self.assertEqual(hours(resolution.elapsed), 1)

    def test_what_lies_ahead_of_now_has_happened(self):
        verdict = judge(f"{WAITED}, resume 03-02 16:00", "03-02 09:00", hours=8)
        self.assertEqual((verdict.state, hours(verdict.elapsed)), ("running", 5))


class TestMovedPromise(unittest.TestCase):
    """A new date, agreed on while the request stays as it is."""

    def verdict(self, agreed, moment, now, state="accepted", before=PROMISED):
        steps = [
            *replay(told(before)).steps,
            Step(Event("move", local(agreed)), state, state, local(moment)),
        ]
        spec = Spec(PROMISE, steps[0].event.at, None)
        return evaluate(spec, steps, TIMELINES["BO"], local(now))

    def test_agreed_in_time_the_new_date_replaces_the_old(self):
        verdict = self.verdict("03-05 12:00", "03-09 12:00", "03-06 12:00")
        self.assertEqual(verdict.state, "running")
        self.assertEqual(verdict.deadline, local("03-09 12:00"))
        self.assertEqual(verdict.started_at, local("03-02 10:00"))
        self.assertEqual((hours(verdict.elapsed), hours(verdict.remaining)), (34, 8))
        # 31.5 of the 42 hours between 2 Mar 10:00 and the new date
        self.assertEqual(verdict.at_risk_at, local("03-06 09:30"))

    def test_agreed_too_late_the_breach_stays(self):
        verdict = self.verdict("03-05 12:01", "03-09 12:00", "03-06 12:00")
        self.assertEqual(verdict.state, "breached")
        self.assertEqual(verdict.breached_at, local("03-05 12:00"))
        self.assertEqual(verdict.deadline, local("03-05 12:00"))

    def test_an_earlier_date_may_be_at_risk_at_once(self):
        verdict = self.verdict("03-03 11:00", "03-03 12:00", "03-03 11:00")
        self.assertEqual(verdict.deadline, local("03-03 12:00"))
        self.assertEqual(verdict.at_risk_at, local("03-03 11:00"))
        self.assertEqual(verdict.next_at, local("03-03 12:00"))

    def test_agreed_in_a_pause_which_goes_on(self):
        verdict = self.verdict(
            "03-04 10:00",
            "03-09 12:00",
            "03-06 12:00",
            state="waiting",
            before=f"{PROMISED}, wait 03-03 10:00 customer",
        )
        self.assertEqual((verdict.state, verdict.deadline), ("paused", None))
        self.assertEqual(hours(verdict.elapsed), 8)
        self.assertEqual(hours(verdict.remaining), 7 + 8 + 8 + 3)


class TestRiskState(unittest.TestCase):
    def test_worst_of_all(self):
        now = local("03-02 17:00")
        breached = judge("submit 03-02 09:00", "03-02 17:00", hours=4)
        at_risk = judge("submit 03-02 10:00", "03-02 17:00", hours=8)
        on_track = judge("submit 03-02 10:01", "03-02 17:00", hours=8)
        stopped = "submit 03-02 10:00, {} 03-02 17:00"
        met = judge(stopped.format("deliver"), "03-02 17:00", hours=8)
        cancelled = judge(stopped.format("cancel"), "03-02 17:00", hours=8)
        given_up = judge(stopped.format("cancel"), "03-02 17:00", hours=4)
        rows = [
            ([], "none"),
            ([cancelled], "none"),
            ([cancelled, met], "met"),
            ([met, on_track], "on_track"),
            ([on_track, at_risk, met], "at_risk"),
            ([at_risk, breached, on_track], "breached"),
            ([given_up], "breached"),
        ]
        for verdicts, state in rows:
            with self.subTest(state=state):
                self.assertEqual(risk_state(verdicts, now), state)

    def test_risk_stands_still_in_a_pause(self):
        for waits, state in (("03-02 15:59", "on_track"), ("03-02 16:00", "at_risk")):
            text = f"submit 03-02 09:00, wait {waits} customer"
            verdict = judge(text, LATER, hours=8)
            self.assertEqual(risk_state([verdict], local(LATER)), state)


class TestChoose(unittest.TestCase):
    def test_most_specific_policy(self):
        everyone = Policy(1, RESOLUTION, 40)
        urgent = Policy(2, RESOLUTION, 1, priority="3")
        sales = Policy(3, RESOLUTION, 30, customer_ids=frozenset({7, 8}))
        sales_urgent = Policy(
            4, RESOLUTION, 50, customer_ids=frozenset({7}), priority="3"
        )
        badge = Policy(5, RESOLUTION, 60, service_ids=frozenset({100}))
        faster = Policy(6, RESOLUTION, 20, service_ids=frozenset({100, 101}))
        same = Policy(7, RESOLUTION, 20, service_ids=frozenset({100}))
        answer = Policy(8, RESPONSE, 4)
        policies = [same, faster, badge, sales_urgent, sales, urgent, everyone, answer]
        rows = [
            (RESOLUTION, 102, 9, "0", everyone),
            (RESOLUTION, 102, 9, "3", urgent),
            (RESOLUTION, 102, 8, "3", sales),
            (RESOLUTION, 102, 7, "3", sales_urgent),
            (RESOLUTION, 100, 7, "3", faster),
            (RESPONSE, 100, 7, "3", answer),
            (PROMISE, 100, 7, "3", None),
        ]
        for metric, service, customer, priority, expected in rows:
            with self.subTest(metric=metric, service=service, customer=customer):
                for order in (policies, policies[::-1]):
                    chosen = choose(order, metric, service, customer, priority)
                    self.assertEqual(chosen, expected)

    def test_a_clock_is_at_risk_at_the_same_share_with_or_without_a_policy(self):
        spec = Spec(PROMISE, at(0), None)
        policy = Policy(1, PROMISE, 8)
        self.assertEqual((spec.at_risk_percent, policy.at_risk_percent), (75, 75))

    def test_a_criterion_that_does_not_match_excludes(self):
        other = [
            Policy(1, RESOLUTION, 8, service_ids=frozenset({100}), priority="3"),
            Policy(2, RESOLUTION, 8, customer_ids=frozenset({7})),
        ]
        self.assertIsNone(choose(other, RESOLUTION, 100, 8, "0"))


CLOCKS = st.tuples(
    st.sampled_from([RESPONSE, RESOLUTION, PROMISE]),
    st.integers(0, 60).map(lambda quarters: quarters / 4),
    st.sampled_from([frozenset({"customer"}), frozenset({"customer", "third_party"})]),
)
CALENDAR_NAMES = st.sampled_from(["BO", "BA", "BN", "BH"])
NOWS = st.integers(0, 2000).map(at)


def clock(choice, events, timeline, now):
    metric, target, pausing = choice
    intake_at = timeline.next_open(min(event.at for event in events))
    spec = Spec(metric, intake_at, target, pausing)
    return spec, evaluate(spec, replay(events).steps, timeline, now)


class TestLaws(unittest.TestCase):
    @LAWS
    @given(histories(), CLOCKS, CALENDAR_NAMES, NOWS, st.randoms())
    def test_order_of_entry_does_not_matter(self, events, choice, name, now, random):
        shuffled = random.sample(events, len(events))
        self.assertEqual(
            clock(choice, events, TIMELINES[name], now),
            clock(choice, shuffled, TIMELINES[name], now),
        )

    @LAWS
    @given(
        st.sampled_from([RESOLUTION, PROMISE]),
        CALENDAR_NAMES,
        st.integers(0, 120),
        st.integers(1, 200),
        st.tuples(*[st.integers(0, 200)] * 3).map(sorted),
        st.integers(0, 300),
    )
    def test_pausing_never_shortens_what_is_left(
        self, metric, name, start, target, moments, more
    ):
        timeline = TIMELINES[name]
        submit = at(start)
        pause, resume, now = (at(start + moment) for moment in moments)
        now += more * QUARTER
        spec = Spec(metric, timeline.next_open(submit), target / 4)
        given_at = at(start + target)
        events = [Event("submit", submit), Event("accept", submit, moment=given_at)]
        waited = [Event("wait", pause, cause="customer"), Event("resume", resume)]
        plain = evaluate(spec, replay(events).steps, timeline, now)
        paused = evaluate(spec, replay(events + waited).steps, timeline, now)
        self.assertGreaterEqual(paused.deadline, plain.deadline)
        self.assertLessEqual(paused.elapsed, plain.elapsed)
        self.assertGreaterEqual(paused.remaining, plain.remaining)
        if plain.state == "running":
            self.assertEqual(paused.state, "running")
        # As long as it was not breached, it moves by exactly the working time paused.
        lost = timeline.elapsed(max(pause, plain.started_at), resume)
        if pause < plain.deadline and plain.started_at < plain.deadline:
            self.assertEqual(paused.remaining, plain.remaining + lost)
            if lost and paused.state == "running":
                moved = timeline.plan(plain.deadline, lost)
                self.assertEqual(paused.deadline, max(moved, resume))

    @LAWS
    @given(histories(), CLOCKS, CALENDAR_NAMES, NOWS, st.integers(0, 2000))
    def test_time_passes_but_a_breach_stays(self, events, choice, name, now, more):
        timeline = TIMELINES[name]
        _spec, verdict = clock(choice, events, timeline, now)
        _spec, later = clock(choice, events, timeline, now + more * QUARTER)
        assume(verdict)
        self.assertGreaterEqual(later.elapsed, verdict.elapsed)
        if verdict.state == "breached":
            self.assertEqual(later.state, "breached")
            self.assertEqual(later.breached_at, verdict.breached_at)
        elif verdict.stopped_at:
            self.assertEqual(later, verdict)

    @LAWS
    @given(histories(), CLOCKS, CALENDAR_NAMES, NOWS)
    def test_nothing_changes_by_itself_before_next_at(self, events, choice, name, now):
        timeline = TIMELINES[name]
        now = max(now, events[-1].at)
        _spec, verdict = clock(choice, events, timeline, now)
        assume(verdict)

        def looks(moment):
            _spec, seen = clock(choice, events, timeline, moment)
            return seen.state, risk_state([seen], moment)

        if verdict.next_at is None:
            self.assertEqual(looks(now + 5000 * QUARTER), looks(now))
        else:
            self.assertEqual(looks(max(now, verdict.next_at - SECOND)), looks(now))
            self.assertNotEqual(looks(verdict.next_at + SECOND), looks(now))

    @LAWS
    @given(histories(), CLOCKS, CALENDAR_NAMES, NOWS)
    def test_breached_means_more_time_than_promised(self, events, choice, name, now):
        timeline = TIMELINES[name]
        spec, verdict = clock(choice, events, timeline, now)
        assume(verdict)
        left = verdict.remaining
        if verdict.state == "breached":
            self.assertLessEqual(left, NO_WORK)
            end = verdict.stopped_at or max(now, events[-1].at)
            self.assertGreater(end, verdict.breached_at)
            self.assertEqual(verdict.deadline, verdict.breached_at)
        else:
            self.assertGreaterEqual(left, NO_WORK)
            self.assertIsNone(verdict.breached_at)
        if spec.metric != PROMISE:
            self.assertEqual(verdict.elapsed + left, work(spec.hours))

    @LAWS
    @given(histories(longest=10), CALENDAR_NAMES, st.integers(0, 400).map(at))
    def test_elapsed_is_the_open_time_in_which_it_was_the_suppliers_turn(
        self, events, name, now
    ):
        """The oracle asks every quarter of an hour what the request is waiting for."""
        timeline, end = TIMELINES[name], max(now, events[-1].at)
        spec = Spec(RESOLUTION, timeline.next_open(events[0].at), 8)
        verdict = evaluate(spec, replay(events).steps, timeline, end)
        assume(verdict)
        moment, count = events[0].at, 0
        while moment < end:
            past = [event for event in events if event.at <= moment]
            state = replay(past).state
            causes = [event.cause for event in past if event.kind == "wait"]
            turn = state in ("submitted", "accepted", "in_progress") or (
                state == "waiting" and causes[-1] != "customer"
            )
            count += turn and timeline.next_open(moment) == moment
            moment += QUARTER
        self.assertEqual(verdict.elapsed, count * QUARTER)
