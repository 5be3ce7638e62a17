"""How the facts of the demo company become orders around the present moment.

Pure; times are naive UTC. A habit comes back every week or every few weeks since the
first day told, a story happens around now; what would lie in the future is left out,
so that the last orders are still open.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ..engine.worktime import NO_WORK, Timeline, period_edge, work
from .facts import COMMENTS, HABITS, NOTES, STORIES, Habit, Story

UTC = ZoneInfo("UTC")
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
CAUSES = {"w": "customer", "t": "third_party", "s": "supplier"}
SCORES = {"w": 5, "t": 4, "s": 3, "r": 4, "l": 3}
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class Told(NamedTuple):
    """One event of an order, and what a history of another system could not say."""

    kind: str
    at: datetime
    user: str
    cause: str = ""
    code: str = ""
    moment: datetime | None = None
    note: str = ""

    @property
    def says_more(self) -> bool:
        return bool(self.moment or self.note or self.kind == "accept_counter")


class Order(NamedTuple):
    reference: str
    what: Habit | Story
    requester: str
    assignee: str
    name: str
    events: list[Told]
    ratings: list[dict]
    needed_by: datetime | None = None


class Life:
    """The orders from ``start`` to ``now`` of a company with these working hours."""

    def __init__(
        self, timeline: Timeline, zone: str, start: datetime, now: datetime
    ) -> None:
        self._timeline, self._zone = timeline, ZoneInfo(zone)
        self._start, self._now = start, now

    def habits(self) -> list[Order]:
        """Return the orders of all habits in the order of their coming."""
        coming = sorted(
            (at, place, number)
            for place, habit in enumerate(HABITS)
            for number, at in enumerate(self._weekly(habit.when, habit.every, place))
        )
        return [
            self._order(f"DEMO-{count:03}", HABITS[place], number, at)
            for count, (at, place, number) in enumerate(coming, start=1)
        ]

    def stories(self) -> Iterator[Order]:
        """Yield the orders of these days."""
        for count, story in enumerate(STORIES, start=1):
            at = self._first(story.start)
            last = max(at, self._ago(story.until))
            way = self._timeline.elapsed(at, last) / max(len(story.steps) - 1, 1)
            ways = [NO_WORK, min(max(way, MINUTE), HOUR)]
            ways += [max(way, MINUTE) * place for place in range(2, len(story.steps))]
            events = [
                Told(
                    step.kind,
                    self._timeline.plan(at, after) if after else at,
                    self._actor(step.kind, story.requester, story.supplier),
                    step.cause,
                    step.code,
                    None if step.date is None else self._date(at, step.date),
                    step.note,
                )
                for after, step in zip(ways, story.steps, strict=False)
            ]
            yield Order(
                f"DEMO-S{count:02}",
                story,
                story.requester,
                story.supplier,
                story.name,
                [event for event in events if event.at <= self._now],
                [],
                story.needed_in and self._after(at, story.needed_in),
            )

    def _order(self, reference: str, habit: Habit, number: int, at: datetime) -> Order:
        customer = _turn(habit.customers.split(), number)
        supplier = _turn(habit.suppliers.split(), number)
        length = float(_turn(habit.hours.split(), number))
        fate = _turn(habit.fates, number)
        events: list[Told] = []
        ratings: list[dict] = []

        def tell(after, kind, cause="", **more):
            user = self._actor(kind, customer, supplier)
            events.append(Told(kind, self._after(at, after), user, cause, **more))

        def rate(after, score):
            ratings.append(
                {
                    "at": self._after(at, after),
                    "score": score,
                    "comment": COMMENTS.get((habit.service, score), False),
                }
            )

        note = NOTES.get((habit.service, fate), NOTES.get(fate, ""))
        tell(0, "submit")
        if fate == "d":
            tell(2, "decline", code="capacity", note=note)
        else:
            due = self._after(at, habit.limit) if habit.promised else None
            tell(0.5, "accept", moment=due)
            if fate == "x":
                tell(3, "cancel", note=note)
        if fate not in "dx":
            tell(0.75, "start")
            if cause := CAUSES.get(fate):
                tell(1, "wait", cause, note=note)
                tell(6.5, "resume")
                length += 6
            if fate == "l":
                length = habit.limit * 1.4
            tell(length, "deliver")
            rated = length + 1 + number % 3 * 2
            if fate == "r":
                rate(length + 1, 2)
                tell(length + 1.5, "reject", note=note)
                tell(length + 6, "deliver")
                rated += 7
            if fate != ".":
                rate(rated, SCORES.get(fate) or int(fate))
        return Order(
            reference,
            habit,
            customer,
            supplier,
            _turn(habit.names, number),
            [event for event in events if event.at <= self._now],
            [rating for rating in ratings if rating["at"] <= self._now],
        )

    def _actor(self, kind: str, customer: str, supplier: str) -> str:
        own = ("submit", "accept_counter", "confirm", "reject", "cancel")
        return customer if kind in own else supplier

    def _weekly(self, when: str, every: int, place: int) -> Iterator[datetime]:
        """Yield the moments since the start when an order comes; habits of the same
        rhythm begin in different weeks."""
        at = self._last(when, self._start) + timedelta(weeks=1 + place % every)
        while (moment := self._timeline.next_open(self._utc(at))) <= self._now:
            yield moment
            at += timedelta(weeks=every)

    def _first(self, start: float | str) -> datetime:
        if isinstance(start, str):
            return self._utc(self._last(start, self._now))
        return self._ago(start)

    def _last(self, when: str, before: datetime) -> datetime:
        """Return the local moment, before another, of a day of the week and hour."""
        day, time = when.split()
        local = self._local(before)
        days = (local.weekday() - DAYS.index(day)) % 7
        moment = _at(local - timedelta(days=days), time)
        return moment if moment < local else moment - timedelta(weeks=1)

    def _date(self, at: datetime, date: float | str) -> datetime:
        if isinstance(date, str):
            return self._utc(_at(self._local(self._now) + timedelta(days=1), date))
        return self._after(at, date)

    def _after(self, at: datetime, length: float) -> datetime:
        return self._timeline.plan(at, work(length)) if length else at

    def _ago(self, length: float) -> datetime:
        past = self._timeline.elapsed(self._start, self._now)
        moment = self._timeline.plan(self._start, past - work(length))
        return moment.replace(second=0)

    def _local(self, moment: datetime) -> datetime:
        return moment.replace(tzinfo=UTC).astimezone(self._zone).replace(tzinfo=None)

    def _utc(self, local: datetime) -> datetime:
        moment = local.replace(tzinfo=self._zone).astimezone(UTC)
        return moment.replace(tzinfo=None)


def quarters(timeline: Timeline, zone: str, now: datetime, days: int) -> list[date]:
    """Return the first days of the quarters, from the last one that can be closed
    (``days`` working days after its end) to the current one."""
    today = now.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).date()
    starts = [date(today.year, (today.month - 1) // 3 * 3 + 1, 1)]
    while timeline.plan_days(period_edge(starts[0], zone), days) > now:
        starts.insert(0, _quarter_before(starts[0]))
    return [_quarter_before(starts[0]), *starts]


def _quarter_before(day: date) -> date:
    return (day - timedelta(days=80)).replace(day=1)


def _turn(values, number):
    return values[number % len(values)]


def _at(day: datetime, time: str) -> datetime:
    hour, minute = map(int, time.split(":"))
    return day.replace(hour=hour, minute=minute, second=0, microsecond=0)
