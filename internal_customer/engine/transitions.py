"""What may happen to a request, from which state to which, by whom, with what.

Pure; times are naive UTC. Rules: docs/rules.md#states
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

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

CAUSES = (CUSTOMER, "third_party", SUPPLIER)
"""Who makes a request wait."""


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table: ``kind`` leads from ``sources`` to ``target``.

    ``target`` None is the state before the waiting; ``side`` is who may;
    ``needs`` are the names of what must be given with it.
    """

    kind: str
    sources: frozenset[str]
    target: str | None
    side: str
    needs: frozenset[str] = frozenset()


def _row(kind, sources, target, side, needs=""):
    return Transition(
        kind, frozenset(sources.split()), target, side, frozenset(needs.split())
    )


TABLE = {
    row.kind: row
    for row in (
        _row("submit", "draft", "submitted", REQUESTER),
        _row("accept", "submitted", "accepted", SUPPLIER),
        _row("counter", "submitted countered", COUNTERED, SUPPLIER, "moment reason"),
        _row("accept_counter", "countered", "accepted", CUSTOMER),
        _row("decline", "submitted countered", "declined", SUPPLIER, "reason code"),
        _row("start", "submitted accepted", "in_progress", SUPPLIER),
        _row(
            "wait", "submitted accepted in_progress", WAITING, SUPPLIER, "reason cause"
        ),
        _row("resume", "waiting", None, SUPPLIER),
        _row("deliver", "submitted accepted in_progress waiting", DELIVERED, SUPPLIER),
        _row("confirm", "delivered", DONE, CUSTOMER),
        _row("reject", "delivered", "in_progress", CUSTOMER, "reason"),
        _row(
            "cancel",
            "draft submitted countered accepted in_progress waiting",
            "cancelled",
            CUSTOMER,
            "reason",
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

    ``cause`` says who made it wait, or what confirmed it (``silence``, ``score``);
    ``moment`` is the date promised or offered; ``user`` the id of who did it.
    """

    kind: str
    at: datetime
    cause: str = ""
    moment: datetime | None = None
    user: int | None = None


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
    submitted_at: datetime | None = None
    accepted_at: datetime | None = None
    promised_at: datetime | None = None
    proposed_at: datetime | None = None
    delivered_at: datetime | None = None
    delivered_by: int | None = None
    closed_at: datetime | None = None
    reopen_count: int = 0
    steps: tuple[Step, ...] = ()


def replay(events: Iterable[Event]) -> Life:
    """Return the life that ``events`` tell, ordered by time, then as given.

    A delivery accepted by silence or by a score counts so only where no event follows:
    what a history says happened, happened.

    :raises TransitionError: an event is impossible where it stands
    """
    given = list(events)
    order = sorted(range(len(given)), key=lambda place: given[place].at)
    life, steps = Life(), []
    for index in order:
        event = given[index]
        if event.cause in AUTOMATIC and (index != order[-1] or life.state != DELIVERED):
            continue
        before = life
        life = _advance(life, event, index)
        steps.append(Step(event, before.state, life.state, life.promised_at))
    return replace(life, steps=tuple(steps))


def _advance(life: Life, event: Event, index: int) -> Life:
    row = TABLE.get(event.kind)
    if row is None or life.state not in row.sources:
        raise TransitionError(index, event.kind, life.state)
    changes = {"state": row.target or life.resumes_to}
    if row.target in FINAL:
        changes["closed_at"] = event.at
    if life.state == COUNTERED:
        changes["proposed_at"] = None
    match event.kind:
        case "submit":
            changes["submitted_at"] = event.at
        case "accept":
            changes |= {"accepted_at": event.at, "promised_at": event.moment}
        case "counter":
            changes["proposed_at"] = event.moment
        case "accept_counter":
            changes |= {"accepted_at": event.at, "promised_at": life.proposed_at}
        case "wait":
            changes["resumes_to"] = life.state
        case "deliver":
            changes |= {"delivered_at": event.at, "delivered_by": event.user}
        case "reject":
            changes |= {
                "delivered_at": None,
                "delivered_by": None,
                "reopen_count": life.reopen_count + 1,
            }
    return replace(life, **changes)


def between(source: str, target: str, resumes_to: str) -> Sequence[Transition]:
    """Return the rows that lead from ``source`` to ``target`` (a card is dragged)."""
    return [
        row
        for row in TABLE.values()
        if source in row.sources and (row.target or resumes_to) == target
    ]
