"""Was it on time: the clocks of a request, told from all that happened to it.

Pure; times are naive UTC, hours are working hours. Nothing is accumulated: the same
steps give the same verdict, whenever it is asked for. Rules: docs/rules.md#clocks
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from .transitions import (
    CAUSES,
    COUNTERED,
    CUSTOMER,
    DELIVERED,
    DONE,
    FINAL,
    WAITING,
    Step,
)
from .worktime import NO_WORK, Timeline, hours, work

RESPONSE, RESOLUTION, PROMISE = "response", "resolution", "promise"

RUNNING, PAUSED, MET, BREACHED, CANCELLED = (
    "running",
    "paused",
    "met",
    "breached",
    "cancelled",
)

ANSWERS = frozenset({"accept", "counter", "decline", "start", "wait", "deliver"})
"""What the supplier does that answers a request; a mail or a note is no answer."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A target and whom it is for; an empty criterion is for all.

    ``hours`` are working hours; ``pausing`` are the causes that stop the clock beside
    the customer's; ``at_risk_percent`` is of the target.
    """

    id: int
    metric: str
    hours: float
    service_ids: frozenset[int] = frozenset()
    customer_ids: frozenset[int] = frozenset()
    priority: str | None = None
    pausing: frozenset[str] = frozenset()
    at_risk_percent: float = 75


def choose(
    policies: Iterable[Policy],
    metric: str,
    service_id: int,
    customer_id: int,
    priority: str,
) -> Policy | None:
    """Return the most specific policy of ``metric`` that fits, or None.

    A matching service weighs more than a matching customer, and that more than a
    priority; of two alike the one with fewer hours, then with the lower id.
    """

    def fits(policy: Policy) -> bool:
        return (
            policy.metric == metric
            and (not policy.service_ids or service_id in policy.service_ids)
            and (not policy.customer_ids or customer_id in policy.customer_ids)
            and (not policy.priority or priority == policy.priority)
        )

    def order(policy: Policy) -> tuple:
        matched = (policy.service_ids, policy.customer_ids, policy.priority)
        return (*(not criterion for criterion in matched), policy.hours, policy.id)

    return min(filter(fits, policies), key=order, default=None)


@dataclass(frozen=True, slots=True)
class Spec:
    """What one clock of one request measures.

    ``hours`` is the target (a promise has none: its date is in the steps); ``pausing``
    are the causes that stop the clock; ``earliest`` is the instant before which a
    resolution is not due, since the order was not on notice.
    """

    metric: str
    intake_at: datetime
    hours: float | None
    pausing: frozenset[str] = frozenset({CUSTOMER})
    at_risk_percent: float = 75
    earliest: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Time that did not count, and who caused it; ``stop`` None: it lasts."""

    start: datetime
    stop: datetime | None
    cause: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a clock says at one instant.

    ``elapsed`` and ``remaining`` are working time; ``remaining`` is negative when
    late and None on a timeline without hours. While it pauses there is no ``deadline``.
    ``at_risk_at`` is when it was, or will be, at risk. ``next_at`` is when its risk or
    state changes by itself: at the deadline it still runs, a second later it is
    breached. None: nothing changes by itself.
    """

    state: str
    started_at: datetime
    deadline: datetime | None
    stopped_at: datetime | None
    breached_at: datetime | None
    at_risk_at: datetime | None
    elapsed: timedelta
    remaining: timedelta | None
    pauses: tuple[Pause, ...]
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Mark:
    """From ``at`` on the clock is in ``mode``: a state of it, or who makes it pause."""

    at: datetime
    mode: str = ""
    promised_at: datetime | None = None


def evaluate(
    spec: Spec, steps: Sequence[Step], timeline: Timeline, now: datetime
) -> Verdict | None:
    """Return what the clock of ``spec`` says at ``now``; None: it never started.

    :param steps: all that happened, in order, as ``transitions.replay`` tells it;
        what lies after ``now`` has happened all the same

    Whenever the clock starts to run it is due at plan(then, target - elapsed). If it
    runs on after that instant it is breached, and stays so. A promise is a clock whose
    target is the working time from when it was given until its date.
    """
    marks = _marks(spec, steps)
    if not marks:
        return None
    started_at, last = marks[0].at, marks[-1]
    elapsed, target = NO_WORK, work(spec.hours or 0)
    floor = spec.earliest
    if floor:
        target = max(target, timeline.elapsed(started_at, floor))
    deadline = at_risk_at = breached_at = promised_at = None
    for mark, after in pairwise([*marks, _Mark(max(now, last.at))]):
        begin, running = max(mark.at, started_at), mark.mode == RUNNING
        if breached_at is None:
            if mark.promised_at != promised_at:
                promised_at = floor = mark.promised_at
                target = elapsed + timeline.elapsed(begin, floor)
                at_risk_at = None
            alarm = work(hours(target) * spec.at_risk_percent / 100)
            if alarm > elapsed or at_risk_at is None:
                ahead = max(alarm - elapsed, NO_WORK)
                at_risk_at = timeline.plan(begin, ahead) if running else None
            deadline = None
            if mark.mode not in CAUSES:
                deadline = timeline.plan(begin, target - elapsed)
            if deadline and floor:
                deadline = max(deadline, floor)
            if deadline and running and after.at > deadline:
                breached_at = deadline
        if running:
            elapsed += timeline.elapsed(begin, after.at)

    state = BREACHED if breached_at else PAUSED if last.mode in CAUSES else last.mode
    next_at = None
    if state == RUNNING:
        next_at = at_risk_at if at_risk_at and at_risk_at > now else deadline
    return Verdict(
        state=state,
        started_at=started_at,
        deadline=deadline,
        stopped_at=last.at if last.mode in (MET, CANCELLED) else None,
        breached_at=breached_at,
        at_risk_at=at_risk_at,
        elapsed=elapsed,
        remaining=target - elapsed if timeline.has_hours else None,
        pauses=_pauses(marks),
        next_at=next_at,
    )


def _marks(spec: Spec, steps: Sequence[Step]) -> list[_Mark]:
    """Return what the clock does from when on; it pauses between MET and RUNNING."""
    marks: list[_Mark] = []
    promise = spec.metric == PROMISE
    for step in steps:
        promised_at = step.promised_at if promise else None
        if not (marks or promised_at or (step.event.kind == "submit" and not promise)):
            continue
        at = step.event.at if marks or promise else spec.intake_at
        mode = _mode(spec, step, marks[-1].mode if marks else RUNNING)
        if marks and (mode, promised_at) == (marks[-1].mode, marks[-1].promised_at):
            continue
        marks.append(_Mark(at, mode, promised_at))
        if spec.metric == RESPONSE and mode != RUNNING:
            break
    return marks


def _mode(spec: Spec, step: Step, before: str) -> str:
    """Return what the clock does after ``step``, having been in mode ``before``."""
    if step.target == "cancelled":
        return CANCELLED
    if spec.metric == RESPONSE:
        return MET if step.event.kind in ANSWERS else RUNNING
    if step.source == step.target:
        return before
    if step.target in (DELIVERED, DONE):
        return MET
    if step.target in FINAL:
        return CANCELLED
    cause = {WAITING: step.event.cause, COUNTERED: CUSTOMER}.get(step.target)
    return cause if cause in spec.pausing else RUNNING


def _pauses(marks: Sequence[_Mark]) -> tuple[Pause, ...]:
    """Return the pauses; a delivery that was rejected made one of the customer's."""
    return tuple(
        Pause(mark.at, after and after.at, CUSTOMER if mark.mode == MET else mark.mode)
        for mark, after in pairwise([*marks, None])
        if mark.mode in CAUSES or (mark.mode == MET and after)
    )


_WORST = ("breached", "at_risk", "on_track", "met", "none")


def risk_state(verdicts: Iterable[Verdict], now: datetime) -> str:
    """Return the worst of the clocks of a request, as one word for its card.

    ``breached``, ``at_risk``, ``on_track``, ``met`` in this order; ``none`` without a
    clock. A cancelled clock says nothing unless it was breached before.
    """

    def word(verdict: Verdict) -> str:
        if verdict.state in (BREACHED, MET):
            return verdict.state
        if verdict.state == CANCELLED:
            return "none"
        risky = verdict.at_risk_at is not None and verdict.at_risk_at <= now
        return "at_risk" if risky else "on_track"

    return min(map(word, verdicts), key=_WORST.index, default="none")
