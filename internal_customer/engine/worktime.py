"""Working time: how much of it lies between two moments, and when it is used up.

Rules: docs/rules.md#worktime

Moments are naive UTC datetimes, amounts of working time are timedeltas; hours as
floats appear only in :func:`hours` and :func:`work`. A :class:`Timeline` is a sorted
list of UTC edges with the work done before each, so that a question about any span
costs two bisects. The list is unrolled from the weekly lines by whole years, when a
question first reaches them.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import chain
from math import floor
from zoneinfo import ZoneInfo

Span = tuple[datetime, datetime]

NO_WORK = timedelta()
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)
SECOND = timedelta(seconds=1)
MIDNIGHT = time()

# Outside of these moments everybody is closed: nothing is unrolled without end.
HORIZON = (
    datetime.combine(date(1970, 1, 1), MIDNIGHT),
    datetime.combine(date(2200, 1, 1), MIDNIGHT),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One weekly working interval in local time; lunch breaks are not lines.

    Hours count to the minute, as in Odoo.

    :param weekday: 0 is Monday
    :param hour_from: hours after midnight, 0 to 24
    :param hour_to: the same; 24 is the next midnight
    :param week_type: 0 or 1: every second week, where 1 January of the year 1 began a
        week 0 (as in Odoo, no year breaks the rhythm); None: every week
    :raises ValueError: a figure out of its range
    """

    weekday: int
    hour_from: float
    hour_to: float
    week_type: int | None = None

    def __post_init__(self) -> None:
        if self.weekday not in range(7):
            raise ValueError(f"weekday must be 0 to 6, got {self.weekday}")
        if not (0 <= self.hour_from <= 24 and 0 <= self.hour_to <= 24):
            raise ValueError(
                f"hours must be 0 to 24, got {self.hour_from} to {self.hour_to}"
            )
        if self.week_type not in (None, 0, 1):
            raise ValueError(f"week_type must be 0, 1 or None, got {self.week_type}")


@dataclass(frozen=True, slots=True)
class Calendar:
    """Weekly lines in one time zone, less the leaves.

    :param tz: name of the time zone of those who work
    :param lines: may touch and overlap; no second counts twice
    :param leaves: naive UTC, half-open; a stop at 23:59:59 local time means midnight
    """

    tz: str
    lines: tuple[Line, ...]
    leaves: tuple[Span, ...] = ()


class Timeline:
    """Working time of one calendar; without a calendar, round the clock.

    ``has_hours``: whether there is any weekly working time (leaves do not matter).
    Safe to share between threads: what is known is one tuple, replaced as a whole.

    >>> at = datetime.fromisoformat
    >>> lines = (Line(0, 9, 12), Line(0, 13, 18))
    >>> office = Timeline(Calendar("Europe/Brussels", lines))
    >>> office.plan(at("2026-03-02 10:30"), work(1.5)).isoformat(" ")
    '2026-03-02 13:00:00'
    >>> hours(office.elapsed(at("2026-03-02 00:00"), at("2026-03-09 12:00")))
    11.0
    """

    __slots__ = ("_fortnight", "_known", "_leaves", "_zone", "has_hours")

    def __init__(self, calendar: Calendar | None = None) -> None:
        """:raises zoneinfo.ZoneInfoNotFoundError: the calendar's zone is unknown"""
        self._zone = ZoneInfo(calendar.tz if calendar else "UTC")
        self._fortnight = _fortnight(calendar.lines if calendar else ())
        self._leaves = _unite(
            (start, self._leave_stop(_clip(stop)))
            for start, stop in (calendar.leaves if calendar else ())
        )
        self.has_hours: bool = calendar is None or any(self._fortnight)
        # Edges begin and end with the bounds of what is known; in between, openings
        # and closings take turns: after an even number of edges somebody works.
        self._known: tuple[list[datetime], list[timedelta]] = ([], [])
        if not calendar:
            self._known = _edges(*HORIZON, [HORIZON])
        elif not self.has_hours:
            self._known = _edges(*HORIZON, [])

    def elapsed(self, start: datetime, stop: datetime) -> timedelta:
        """Return the working time in ``[start, stop)``; none if it runs backwards."""
        if stop <= start:
            return NO_WORK
        edges, done = self._known
        first = bisect_right(edges, start)
        last = bisect_right(edges, stop)
        if not first or last == len(edges):
            edges, done = self._cover(start, stop)
            start, stop = _clip(start), _clip(stop)
            first = bisect_right(edges, start)
            last = bisect_right(edges, stop)
        result = done[last - 1] - done[first - 1]
        if not last & 1:
            result += stop - edges[last - 1]
        if not first & 1:
            result -= start - edges[first - 1]
        return result

    def plan(self, start: datetime, work: timedelta) -> datetime | None:
        """Return the earliest moment with ``work`` done since ``start``.

        Work that ends with the day is due at closing time, not at the next opening;
        no work is due at ``start`` itself.

        :return: None if the calendar has no hours, or none left before 2200
        :raises ValueError: ``work`` is negative
        """
        if work <= NO_WORK:
            if work < NO_WORK:
                raise ValueError(f"work must be 0 or more, got {work}")
            return start if self.has_hours else None
        edges, done = self._known
        first = bisect_right(edges, start)
        if not first or first == len(edges):
            edges, done = self._cover(start, start)
            start = _clip(start)
            first = bisect_right(edges, start)
        target = done[first - 1] + work
        if not first & 1:
            target += start - edges[first - 1]
        due = bisect_left(done, target)
        if due < len(done):
            return edges[due] - (done[due] - target)
        if edges[-1] == HORIZON[1]:
            return None
        self._cover_more()
        return self.plan(start, work)

    def plan_days(self, start: datetime, days: int) -> datetime | None:
        """Return the moment ``days`` working days after ``start``.

        That is the local time of ``start`` on the n-th later date with working time,
        or the next opening after it; of 0 days, the next opening from ``start``.

        :return: None if the calendar has no hours, or none left before 2200
        :raises ValueError: ``days`` is negative
        """
        if days < 0:
            raise ValueError(f"days must be 0 or more, got {days}")
        local = self._local(_clip(start))
        day = local.date()
        for _step in range(days):
            opening = self.next_open(_first_instant(day + DAY, self._zone))
            if opening is None:
                return None
            day = self._local(opening).date()
        moment = _to_utc(datetime.combine(day, local.time()), self._zone)
        return self.next_open(moment if days else start)

    def next_open(self, at: datetime) -> datetime | None:
        """Return ``at`` if somebody works then, else the next opening.

        At closing time that is the opening after it.

        :return: None if the calendar never opens again (before 2200)
        """
        edges, _done = self._known
        passed = bisect_right(edges, at)
        if not passed or passed == len(edges):
            edges, _done = self._cover(at, at)
            at = _clip(at)
            passed = bisect_right(edges, at)
        if not passed & 1:
            return at if passed < len(edges) else None
        if passed < len(edges) - 1:
            return edges[passed]
        if edges[-1] == HORIZON[1]:
            return None
        self._cover_more()
        return self.next_open(at)

    def spans(self, start: datetime, stop: datetime) -> list[Span]:
        """Return the working spans within ``[start, stop)``, in order."""
        start, stop = _clip(start), _clip(stop)
        if stop <= start:
            return []
        edges, _done = self._cover(start, stop)
        first = bisect_right(edges, start)
        last = bisect_left(edges, stop)
        bounds = edges[first:last]
        if not first & 1:
            bounds.insert(0, start)
        if not last & 1:
            bounds.append(stop)
        return list(_pairs(bounds))

    def _cover(
        self, start: datetime, stop: datetime
    ) -> tuple[list[datetime], list[timedelta]]:
        """Return edges and work of at least the years of ``start`` and ``stop``."""
        edges, _done = known = self._known
        low = _new_year(_clip(start).year)
        high = _new_year(_clip(stop).year + 1)
        if low == high:
            return _edges(low, high, [])
        if not edges:
            spans = self._unroll(low, high)
        elif low < edges[0] or edges[-1] < high:
            low, high = min(low, edges[0]), max(high, edges[-1])
            spans = _unite(
                chain(
                    self._unroll(low, edges[0]),
                    _pairs(edges[1:-1]),
                    self._unroll(edges[-1], high),
                )
            )
        else:
            return known
        self._known = known = _edges(low, high, spans)
        return known

    def _cover_more(self) -> None:
        """Know twice as many years as before, at most to the horizon."""
        edges, _done = self._known
        self._cover(edges[0], _clip(edges[-1] + (edges[-1] - edges[0])) - SECOND)

    def _unroll(self, low: datetime, high: datetime) -> list[Span]:
        """Return the working spans within two moments, computed from the lines."""
        spans = []
        zone, fortnight = self._zone, self._fortnight
        # a local date begins up to a day before or after the UTC date
        midnights = [low + n * DAY for n in range(-2, (high - low).days + 4)]
        offsets = [zone.utcoffset(midnight) for midnight in midnights]
        for n, midnight in enumerate(midnights[:-2]):
            today = fortnight[_day_of_fortnight(midnight)]
            # no change of the clock on that day, nor at the midnight after it
            if offsets[n] == offsets[n + 1] == offsets[n + 2]:
                midnight -= offsets[n]
                spans += [(midnight + start, midnight + stop) for start, stop in today]
            else:
                for start, stop in today:
                    start, stop = midnight + start, midnight + stop
                    spans.append((_to_utc(start, zone), _to_utc(stop, zone)))
        outside = [(low - WEEK, low), (high, high + WEEK)]
        return list(_subtract(_unite(spans), _unite([*outside, *self._leaves])))

    def _leave_stop(self, stop: datetime) -> datetime:
        """Return the midnight that a leave's 23:59:59 stands for, else ``stop``."""
        local = self._local(stop)
        if (local.hour, local.minute, local.second) == (23, 59, 59):
            return stop.replace(microsecond=0) + SECOND
        return stop

    def _local(self, at: datetime) -> datetime:
        """Return the calendar's wall clock at a UTC moment, naive."""
        local = at.replace(tzinfo=ZoneInfo("UTC")).astimezone(self._zone)
        return local.replace(tzinfo=None)


def hours(delta: timedelta) -> float:
    """Return working time in hours."""
    return delta / HOUR


def work(hours: float) -> timedelta:
    """Return hours as working time, to the nearest second."""
    return timedelta(0, round(hours * 3600))


def period_edge(day: date, tz: str) -> datetime:
    """Return the moment (naive UTC) when a local date begins.

    Where midnight comes twice the first one counts, so that every moment whose local
    date is ``day`` lies at or after the edge; where midnight is skipped, the moment
    of the change.

    :raises zoneinfo.ZoneInfoNotFoundError: the zone is unknown
    """
    return _first_instant(day, ZoneInfo(tz))


def _first_instant(day: date, zone: ZoneInfo) -> datetime:
    midnight = datetime.combine(day, MIDNIGHT)
    return midnight - zone.utcoffset(midnight)


def _to_utc(local: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment of a local time, by the smaller offset where there are two.

    In a gap that is the offset before the change, in an overlap the one after it.
    """
    offsets = zone.utcoffset(local), zone.utcoffset(local.replace(fold=1))
    return local - min(offsets)


def _clip(at: datetime) -> datetime:
    return min(max(at, HORIZON[0]), HORIZON[1])


def _new_year(year: int) -> datetime:
    return _clip(datetime.combine(date(year, 1, 1), MIDNIGHT))


def _day_of_fortnight(day: date) -> int:
    """Return 0 for the Monday of a week 0, to 13 for the Sunday of a week 1."""
    return (day.toordinal() - 1) % 14


def _fortnight(lines: Iterable[Line]) -> list[list[tuple[timedelta, timedelta]]]:
    """Return for each day of two weeks its openings and closings after midnight."""
    result: list[list[tuple[timedelta, timedelta]]] = [[] for _day in range(14)]
    for line in lines:
        start, stop = (
            timedelta(minutes=floor(hour * 60 + 0.5))
            for hour in (line.hour_from, line.hour_to)
        )
        if start < stop:
            for week in (0, 1) if line.week_type is None else (line.week_type,):
                result[week * 7 + line.weekday].append((start, stop))
    return result


def _unite(spans: Iterable[Span]) -> list[Span]:
    """Return disjoint, sorted spans that cover the same moments."""
    result: list[Span] = []
    for start, stop in sorted(span for span in spans if span[0] < span[1]):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(result[-1][1], stop))
        else:
            result.append((start, stop))
    return result


def _subtract(spans: list[Span], holes: list[Span]) -> Iterator[Span]:
    """Yield what is left of disjoint, sorted spans without disjoint, sorted holes."""
    next_hole = 0
    for span_start, stop in spans:
        start = span_start
        while next_hole < len(holes) and holes[next_hole][1] <= start:
            next_hole += 1
        for hole_start, hole_stop in holes[next_hole:]:
            if stop <= hole_start:
                break
            if start < hole_start:
                yield start, hole_start
            start = max(start, hole_stop)
        if start < stop:
            yield start, stop


def _edges(
    low: datetime, high: datetime, spans: list[Span]
) -> tuple[list[datetime], list[timedelta]]:
    """Return the edges of spans between two bounds, and the work done before each."""
    edges, done, total = [low], [NO_WORK], NO_WORK
    for start, stop in spans:
        edges += (start, stop)
        done.append(total)
        total += stop - start
        done.append(total)
    return [*edges, high], [*done, total]


def _pairs(bounds: list[datetime]) -> Iterator[Span]:
    """Yield (first, second), (third, fourth) and so on."""
    return zip(bounds[::2], bounds[1::2], strict=True)
