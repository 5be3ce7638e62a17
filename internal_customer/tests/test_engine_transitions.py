"""The transition table: who may lead a request from where to where, and its life.

Pure: runs without Odoo and without a database.
"""

import unittest
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from ..engine.transitions import (
    CAUSES,
    DOCUMENT,
    FINAL,
    OPEN,
    STANDINGS,
    STATES,
    TABLE,
    Event,
    Life,
    TransitionError,
    between,
    follow,
    replay,
)

LAWS = settings(deadline=None, derandomize=True)  # the same examples every time
MONDAY = datetime.fromisoformat("2026-03-02 08:00")
QUARTER = timedelta(minutes=15)

# The table of the rules: kind, from, to ("before": as it was), who, what is given.
ROWS = [
    ("submit", "draft", "submitted", "requester", ""),
    ("accept", "submitted", "accepted", "supplier", ""),
    ("counter", "submitted countered", "countered", "supplier", "moment reason"),
    ("accept_counter", "countered", "accepted", "customer", ""),
    ("decline", "submitted countered", "declined", "supplier", "reason code"),
    ("start", "submitted accepted", "in_progress", "supplier", ""),
    ("wait", "submitted accepted in_progress", "waiting", "supplier", "reason cause"),
    ("resume", "waiting", "before", "supplier", ""),
    (
        "deliver",
        "submitted accepted in_progress waiting",
        "delivered",
        "supplier",
        "",
    ),
    ("confirm", "delivered", "done", "customer", ""),
    ("reject", "delivered", "in_progress", "customer", "reason"),
    (
        "cancel",
        "draft submitted countered accepted in_progress waiting",
        "cancelled",
        "customer",
        "reason",
    ),
    (
        "unask",
        "submitted countered accepted in_progress waiting delivered done",
        "same",
        None,
        "",
    ),
]

# A document: what happened to its request, where it stood, where it stands now (a
# waiting one with its cause), and what it therefore brings about; None: a new request.
FOLLOWED = [
    ("", "", "submitted", "submit"),
    ("", "", "accepted", "submit accept"),
    ("", "", "in_progress", "submit start"),
    ("", "", "waiting customer", "submit wait"),
    ("", "", "delivered", "submit deliver"),
    ("submit", "submitted", "in_progress", "start"),
    ("submit", "submitted", "delivered", "deliver"),
    ("submit start", "in_progress", "submitted", ""),
    ("submit start", "in_progress", "accepted", ""),
    ("submit start", "in_progress", "waiting customer", "wait"),
    ("submit start", "in_progress", "declined", "decline"),
    ("submit start", "in_progress", "cancelled", "cancel"),
    ("submit wait", "waiting", "submitted", "resume"),
    ("submit wait", "waiting", "in_progress", "resume start"),
    ("submit wait", "waiting", "delivered", "deliver"),
    ("submit wait", "waiting", "waiting third_party", "resume wait"),
    ("submit wait", "submitted", "waiting customer", ""),
    ("submit start wait", "waiting", "submitted", "resume"),
    ("submit counter", "submitted", "in_progress", ""),
    ("submit counter", "submitted", "waiting customer", ""),
    ("submit counter", "submitted", "delivered", "deliver"),
    ("submit counter", "submitted", "cancelled", "cancel"),
    ("submit deliver", "delivered", "submitted", "reject"),
    ("submit deliver", "delivered", "in_progress", "reject"),
    ("submit deliver", "delivered", "waiting customer", "reject wait"),
    ("submit deliver", "delivered", "cancelled", ""),
    ("submit deliver", "delivered", "declined", ""),
    ("submit deliver reject", "in_progress", "delivered", "deliver"),
    ("submit deliver confirm", "delivered", "in_progress", None),
    ("submit deliver confirm", "delivered", "cancelled", ""),
    ("submit deliver confirm", "in_progress", "delivered", ""),
    ("submit cancel", "cancelled", "submitted", None),
    ("submit cancel", "cancelled", "delivered", None),
    ("submit cancel", "in_progress", "waiting customer", ""),
    ("submit cancel", "in_progress", "delivered", ""),
    ("submit decline", "declined", "waiting customer", None),
    ("submit decline", "declined", "cancelled", ""),
]

# One way into each state.
WAYS = {
    "draft": "",
    "submitted": "submit",
    "countered": "submit counter",
    "accepted": "submit accept",
    "in_progress": "submit start",
    "waiting": "submit start wait",
    "delivered": "submit deliver",
    "done": "submit deliver confirm",
    "declined": "submit decline",
    "cancelled": "submit cancel",
}


def at(quarters):
    return MONDAY + quarters * QUARTER


def history(kinds, **last):
    """Events a quarter of an hour apart; ``last`` is said of the last one."""
    events = [Event(kind, at(place)) for place, kind in enumerate(kinds.split())]
    if last:
        events[-1] = Event(events[-1].kind, events[-1].at, **last)
    return events


@st.composite
def histories(draw, longest=14):
    """A history that the table allows, its events at different quarters of an hour."""
    events, moment = [], draw(st.integers(0, 40))
    for _turn in range(draw(st.integers(1, longest))):
        state = replay(events).state
        kinds = [row.kind for row in TABLE.values() if state in row.sources]
        if not kinds:
            break
        # Going on is likelier than ending early.
        kind = draw(st.sampled_from([k for k in kinds if k != "cancel"] * 4 + kinds))
        promise = draw(st.none() | st.integers(1, 400))
        if kind == "counter":
            promise = promise or 90
        events.append(
            Event(
                kind,
                at(moment),
                cause=draw(st.sampled_from(CAUSES)) if kind == "wait" else "",
                moment=at(moment + promise) if promise else None,
                user=draw(st.integers(1, 3)),
            )
        )
        moment += draw(st.integers(1, 120))
    return events


class TestTable(unittest.TestCase):
    def test_rows_are_those_of_the_rules(self):
        table = [
            (
                row.kind,
                frozenset(row.sources),
                row.target or "before",
                row.side,
                frozenset(row.needs),
            )
            for row in TABLE.values()
        ]
        rules = [
            (kind, frozenset(sources.split()), target, side, frozenset(needs.split()))
            for kind, sources, target, side, needs in ROWS
        ]
        self.assertCountEqual(table, rules)
        self.assertEqual(set(WAYS), set(STATES))

    def test_every_event_in_every_state(self):
        for state, way in WAYS.items():
            self.assertEqual(replay(history(way)).state, state)
            for kind, sources, target, _side, _needs in ROWS:
                with self.subTest(state=state, kind=kind):
                    events = history(f"{way} {kind}")
                    if state in sources.split():
                        same = {"before": "in_progress", "same": state}
                        expected = same.get(target, target)
                        self.assertEqual(replay(events).state, expected)
                    else:
                        with self.assertRaises(TransitionError) as caught:
                            replay(events)
                        self.assertEqual(caught.exception.index, len(events) - 1)
                        self.assertEqual(caught.exception.state, state)

    def test_resume_leads_back_to_where_it_waited(self):
        for state in ("submitted", "accepted", "in_progress"):
            with self.subTest(state=state):
                events = history(f"{WAYS[state]} wait resume")
                self.assertEqual(replay(events).state, state)

    def test_between(self):
        rows = [
            ("submitted", "accepted", "draft", "accept"),
            ("waiting", "in_progress", "in_progress", "resume"),
            ("waiting", "in_progress", "accepted", ""),
            ("delivered", "in_progress", "draft", "reject"),
            ("countered", "countered", "draft", "counter"),
            ("done", "draft", "draft", ""),
        ]
        for source, target, before, kinds in rows:
            with self.subTest(source=source, target=target, before=before):
                found = [row.kind for row in between(source, target, before)]
                self.assertEqual(found, kinds.split())


class TestLife(unittest.TestCase):
    def test_nothing_has_happened(self):
        self.assertEqual(replay([]), Life())

    def test_promise_of_an_accepted_request(self):
        life = replay(history("submit accept", moment=at(99)))
        self.assertEqual(life.submitted_at, at(0))
        self.assertEqual(life.accepted_at, at(1))
        self.assertEqual(life.promised_at, at(99))
        self.assertEqual([step.promised_at for step in life.steps], [None, at(99)])

    def test_last_offer_is_the_one_accepted(self):
        first = Event("counter", at(1), moment=at(50))
        second = Event("counter", at(2), moment=at(60))
        events = [Event("submit", at(0)), first, second]
        life = replay(events)
        self.assertEqual((life.proposed_at, life.promised_at), (at(60), None))
        life = replay([*events, Event("accept_counter", at(3))])
        self.assertEqual((life.proposed_at, life.promised_at), (None, at(60)))
        life = replay([*events, Event("decline", at(3))])
        self.assertEqual((life.proposed_at, life.promised_at), (None, None))
        self.assertEqual(life.closed_at, at(3))

    def test_delivery_counts_for_who_made_it_and_not_once_rejected(self):
        events = history("submit deliver", user=7)
        life = replay(events)
        self.assertEqual((life.delivered_at, life.delivered_by), (at(1), 7))
        life = replay([*events, Event("reject", at(2), user=8)])
        self.assertEqual((life.delivered_at, life.delivered_by), (None, None))
        self.assertEqual((life.reopen_count, life.closed_at), (1, None))
        life = replay(
            [
                *events,
                Event("reject", at(2), user=8),
                Event("deliver", at(3), user=9),
                Event("confirm", at(4), user=8),
            ]
        )
        self.assertEqual((life.delivered_at, life.delivered_by), (at(3), 9))
        self.assertEqual((life.reopen_count, life.closed_at), (1, at(4)))

    def test_steps_say_from_where_to_where(self):
        life = replay(history("submit wait resume start"))
        self.assertEqual(
            [(step.source, step.target) for step in life.steps],
            [
                ("draft", "submitted"),
                ("submitted", "waiting"),
                ("waiting", "submitted"),
                ("submitted", "in_progress"),
            ],
        )

    def test_error_names_the_place_as_given(self):
        events = [
            Event("deliver", at(3)),
            Event("resume", at(2)),
            Event("submit", at(1)),
        ]
        with self.assertRaises(TransitionError) as caught:
            replay(events)
        error = caught.exception
        self.assertEqual((error.index, error.kind), (1, "resume"))
        self.assertEqual(error.state, "submitted")

    def test_events_of_one_instant_keep_their_order(self):
        events = [Event("submit", at(0)), Event("start", at(0)), Event("wait", at(0))]
        self.assertEqual(replay(events).state, "waiting")
        self.assertRaises(TransitionError, replay, reversed(events))

    def test_unknown_event(self):
        self.assertRaises(TransitionError, replay, [Event("explode", at(0))])


class TestFollow(unittest.TestCase):
    """A request goes where its document goes, by the shortest way in the table."""

    def test_rows(self):
        for kinds, was, now, expected in FOLLOWED:
            with self.subTest(kinds=kinds, was=was, now=now):
                told = [
                    replace(event, cause="customer") if event.kind == "wait" else event
                    for event in history(kinds)
                ]
                life = replay(told)
                stands, _, cause = now.partition(" ")
                found = follow(life, was, stands, cause)
                self.assertEqual(found if found is None else " ".join(found), expected)

    @LAWS
    @given(st.lists(st.sampled_from(STANDINGS), min_size=1, max_size=8), st.data())
    def test_every_walk_of_a_document_is_possible(self, walk, data):
        events, was = [], ""
        for place, stands in enumerate(walk):
            cause = data.draw(st.sampled_from(CAUSES)) if stands == "waiting" else ""
            kinds = follow(replay(events), was, stands, cause)
            if kinds is None:
                events, kinds = [], follow(Life(), "", stands, cause)
            for kind in kinds:
                events.append(Event(kind, at(place), cause or DOCUMENT))
            life = replay(events)
            if stands == "delivered":
                self.assertEqual(life.state, "delivered")
            elif stands == "waiting":
                self.assertEqual((life.state, life.waits_for), (stands, cause))
            elif stands in OPEN and life.state not in FINAL:
                self.assertIn(life.state, OPEN[OPEN.index(stands) :])
                self.assertNotEqual(life.state, "waiting")
            was = stands

    def test_what_only_a_document_may(self):
        for kinds in ("submit start decline", "submit counter deliver"):
            with self.subTest(kinds):
                self.assertRaises(TransitionError, replay, history(kinds))
                told = replay(history(kinds, cause=DOCUMENT))
                self.assertEqual(told.state, TABLE[kinds.split()[-1]].target)


class TestRemarks(unittest.TestCase):
    def test_nobody_is_asked_and_nothing_else_changes(self):
        for state, way in WAYS.items():
            if state in ("draft", "declined", "cancelled"):
                continue
            with self.subTest(state=state):
                told = replay(history(f"{way} unask"))
                self.assertTrue(told.unasked)
                self.assertEqual(told.state, state)

    def test_silence_still_accepts(self):
        events = [Event("submit", at(0)), Event("deliver", at(1))]
        silence = Event("confirm", at(2), "silence")
        for moment in (1, 2, 3):
            with self.subTest(moment=moment):
                told = replay([*events, Event("unask", at(moment)), silence])
                self.assertEqual((told.state, told.closed_at), ("done", at(2)))


class TestLaws(unittest.TestCase):
    @LAWS
    @given(histories(), st.randoms(use_true_random=False))
    def test_order_of_entry_does_not_matter(self, events, random):
        shuffled = random.sample(events, len(events))
        self.assertEqual(replay(shuffled), replay(events))

    @LAWS
    @given(histories())
    def test_steps_are_a_chain_from_draft_and_nothing_follows_an_end(self, events):
        steps = [s for s in replay(events).steps if s.event.kind != "unask"]
        states = ["draft", *(step.target for step in steps)]
        self.assertEqual([step.source for step in steps], states[:-1])
        self.assertTrue(FINAL.isdisjoint(states[:-1]))
        self.assertEqual(replay(events).closed_at is not None, states[-1] in FINAL)
