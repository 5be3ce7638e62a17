"""What may happen to a request, from which state to which, by whom, with what.

Pure; times are naive UTC. Rules: docs/rules.md#states
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache

DRAFT = "draft"
WAITING = "waiting"
COUNTERED = "countered"
DELIVERED = "delivered"
DONE = "done"

STATES = (
    DRAFT,
    "submitted",
    COUNTERED,
    "accepted",
    "in_progress",
    WAITING,
    DELIVERED,
    DONE,
    "declined",
    "cancelled",
)
FINAL = frozenset({DONE, "declined", "cancelled"})

CUSTOMER = "customer"
SUPPLIER = "supplier"
REQUESTER = "requester"

AUTOMATIC = frozenset({"silence", "score"})
"""What accepts a delivery without a word, where nothing else happened after it."""

DOCUMENT = "document"
"""The cause of what the document behind a request brings about."""

OPEN = ("submitted", "accepted", "in_progress", WAITING)
"""Where a document stands while it is worked on, in the order of the work."""
REFUSED = ("declined", "cancelled")
STANDINGS = (*OPEN, DELIVERED, *REFUSED)

_ON_THE_ROAD = (
    "submit",
    "accept",
    "start",
    "wait",
    "resume",
    "deliver",
    "reject",
    "decline",
    "cancel",
)
"""What a document may bring about; it accepts nothing in the customer's name."""

SAME = "same"
"""The target of what happens without a change of state."""

CAUSES = (CUSTOMER, "third_party", SUPPLIER)
"""Who makes a request wait."""


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table: ``kind`` leads from ``sources`` to ``target``.

    ``target`` None is the state before the waiting; ``side`` is who may, None: nobody
    by hand; ``needs`` are the names of what must be given with it; ``document`` are
    further sources from which only the document behind the request leads on.
    """

    kind: str
    sources: frozenset[str]
    target: str | None
    side: str | None
    needs: frozenset[str] = frozenset()
    document: frozenset[str] = frozenset()

    def starts_in(self, state: str, cause: str) -> bool:
        """Return whether a request in ``state`` may take this way for ``cause``."""
        return state in self.sources or (cause == DOCUMENT and state in self.document)


def _row(kind, sources, target, side, needs="", document=""):
    words = (frozenset(text.split()) for text in (sources, needs, document))
    sources, needs, document = words
    return Transition(kind, sources, target, side, needs, document)


TABLE = {
    row.kind: row
    for row in (
        _row("submit", "draft", "submitted", REQUESTER),
        _row("accept", "submitted", "accepted", SUPPLIER),
        _row("counter", "submitted countered", COUNTERED, SUPPLIER, "moment reason"),
        _row("accept_counter", "countered", "accepted", CUSTOMER),
        _row(
            "decline",
            "submitted countered",
            "declined",
            SUPPLIER,
            "reason code",
            document="accepted in_progress waiting",
        ),
        _row("start", "submitted accepted", "in_progress", SUPPLIER),
        _row(
            "wait", "submitted accepted in_progress", WAITING, SUPPLIER, "reason cause"
        ),
        _row("resume", "waiting", None, SUPPLIER),
        _row(
            "deliver",
            "submitted accepted in_progress waiting",
            DELIVERED,
            SUPPLIER,
            document=COUNTERED,
        ),
        _row("confirm", "delivered", DONE, CUSTOMER),
        _row("reject", "delivered", "in_progress", CUSTOMER, "reason"),
        _row(
            "cancel",
            "draft submitted countered accepted in_progress waiting",
            "cancelled",
            CUSTOMER,
            "reason",
        ),
        _row(
            "unask",
            "submitted countered accepted in_progress waiting delivered done",
            SAME,
            None,
        ),
    )
}


class TransitionError(ValueError):
    """An event that cannot happen in this state; ``index`` is its place as given."""

    def __init__(self, index: int, kind: str, state: str) -> None:
        super().__init__(f"{kind} is not possible in state {state}")
        self.index = index
        self.kind = kind
        self.state = state


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a request.

    ``cause`` says who made it wait, or what confirmed it (``silence``, ``score``), or
    that its ``document`` did it; ``moment`` is the date promised or offered; ``user``
    the id of who did it; ``code`` and ``note`` are the reason given.
    """

    kind: str
    at: datetime
    cause: str = ""
    moment: datetime | None = None
    user: int | None = None
    code: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """An event in its place: from which state to which, and the promise then held."""

    event: Event
    source: str
    target: str
    promised_at: datetime | None


@dataclass(frozen=True, slots=True)
class Life:
    """All that the events of one request say about it."""

    state: str = DRAFT
    resumes_to: str = DRAFT
    waits_for: str = ""
    submitted_at: datetime | None = None
    accepted_at: datetime | None = None
    promised_at: datetime | None = None
    proposed_at: datetime | None = None
    delivered_at: datetime | None = None
    delivered_by: int | None = None
    closed_at: datetime | None = None
    reopen_count: int = 0
    unasked: bool = False
    steps: tuple[Step, ...] = ()


_UNBORN = {field.name: field.default for field in fields(Life) if field.name != "steps"}


def replay(events: Iterable[Event]) -> Life:
    """Return the life that ``events`` tell, ordered by time, then as given.

    A delivery accepted by silence or by a score counts so only where no event follows:
    what a history says happened, happened.

    :raises TransitionError: an event is impossible where it stands
    """
    given = list(events)
    order = sorted(range(len(given)), key=lambda place: given[place].at)
    moves = [index for index in order if _moves(given[index])]
    facts, steps = dict(_UNBORN), []
    for index in order:
        event, source = given[index], facts["state"]
        if event.cause in AUTOMATIC and (index != moves[-1] or source != DELIVERED):
            continue
        facts |= _told(facts, event, index)
        steps.append(Step(event, source, facts["state"], facts["promised_at"]))
    return Life(**facts, steps=tuple(steps))


def _moves(event: Event) -> bool:
    return event.kind not in TABLE or TABLE[event.kind].target != SAME


def _told(facts: dict, event: Event, index: int) -> dict:
    """Return what ``event`` changes of the facts of a life."""
    row = TABLE.get(event.kind)
    if row is None or not row.starts_in(facts["state"], event.cause):
        raise TransitionError(index, event.kind, facts["state"])
    if row.target == SAME:
        return {"unasked": True}
    changes = {"state": row.target or facts["resumes_to"]}
    if row.target in FINAL:
        changes["closed_at"] = event.at
    if facts["state"] == COUNTERED:
        changes["proposed_at"] = None
    match event.kind:
        case "submit":
            changes["submitted_at"] = event.at
        case "accept":
            changes |= {"accepted_at": event.at, "promised_at": event.moment}
        case "counter":
            changes["proposed_at"] = event.moment
        case "accept_counter":
            changes |= {"accepted_at": event.at, "promised_at": facts["proposed_at"]}
        case "wait":
            changes |= {"resumes_to": facts["state"], "waits_for": event.cause}
        case "deliver":
            changes |= {"delivered_at": event.at, "delivered_by": event.user}
        case "reject":
            changes |= {
                "delivered_at": None,
                "delivered_by": None,
                "reopen_count": facts["reopen_count"] + 1,
            }
    return changes


def between(source: str, target: str, resumes_to: str) -> Sequence[Transition]:
    """Return the rows that lead from ``source`` to ``target`` (a card is dragged)."""
    return [
        row
        for row in TABLE.values()
        if source in row.sources and (row.target or resumes_to) == target
    ]


def follow(life: Life, was: str, stands: str, cause: str) -> Sequence[str] | None:
    """Return the kinds of events by which a request follows its document.

    A document that stays where it was moves nothing, so that what people do to the
    request itself holds.

    :param was: where the document stood before, one of ``STANDINGS``; "": nowhere
    :param stands: where it stands now
    :param cause: who makes it wait, where it waits
    :return: None where the document goes on after its request has ended: a request
        of its own has to open for that
    """
    if life.state in FINAL:
        ended = was in REFUSED and stands == DELIVERED
        reopened = was in (DELIVERED, *REFUSED) and stands in OPEN
        return None if reopened or ended else ()
    if life.state == DELIVERED and stands in REFUSED:
        return ()  # what was delivered is rated
    if life.state == stands == WAITING:
        return () if life.waits_for == cause else ("resume", "wait")
    return _road(life.state, life.resumes_to, stands)


@cache
def _road(source: str, resumes_to: str, stands: str) -> Sequence[str]:
    """Return the shortest way in the table; work further on does not go back."""
    goals = {stands}
    if stands in OPEN and stands != WAITING:
        goals = set(OPEN[OPEN.index(stands) : OPEN.index(WAITING)])
    roads = [(source, resumes_to, ())]
    for state, back, road in roads:
        if state in goals:
            return road
        if road and state == DELIVERED:
            continue  # nothing is delivered on the way to somewhere else
        known = {state for state, _back, _road in roads}
        for kind in _ON_THE_ROAD:
            row = TABLE[kind]
            target = row.target or back
            if row.starts_in(state, DOCUMENT) and target not in known:
                roads.append((target, state, (*road, kind)))
    return ()
