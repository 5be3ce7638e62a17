"""How good was it: the figures of a scorecard, from counts that can be added up.

Pure. Departments, companies and longer periods add the counts of their parts, so that
no figure is a mean of means. Rules: docs/rules.md#scorecards
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor, isqrt, sqrt

MIN_N = 5
"""Answers, or works, below which a figure is "too few": the usual least group size of
employee surveys (Viva Glint, Dayforce), and what a standard deviation asks for."""

MIN_RESPONSE = 0.30
"""Response rate below which answers are "thin": nobody knows what most think."""

GOOD = 4
"""Lowest good score: Odoo's rating module calls 4 and 5 satisfied, as CSAT does."""

VETO = 2
"""Highest score that vetoes a reward: on five levels, below the neutral 3."""

Z = 1.959964
"""Standard score of a two-sided confidence of 95 %."""

WEIGHTS = {
    "good_rate": 50,
    "on_time_rate": 20,
    "promise_kept_rate": 20,
    "reopen_rate": 10,
}
"""Points of the score; of ``reopen_rate`` counts what is missing to 1."""


@dataclass(frozen=True, slots=True)
class Stats:
    """What must be counted to tell a period's figures; add two to merge their facts.

    ``closed`` to ``reopened`` are requests; ``met`` and ``breached`` are resolution
    clocks. ``seconds`` is the working time of the ``timed`` resolution clocks of closed
    requests and ``seconds_max`` the longest (None without one); whole seconds, since a
    sum of floats depends on its order and money on the sum. ``scores`` is how many
    answers gave 1, 2, 3, 4 and 5; ``expired`` is how many asks got none. ``replaced``
    are scores to which a later answer on the same request followed: they count for the
    worst moment alone.
    """

    closed: int = 0
    opened: int = 0
    open: int = 0
    overdue: int = 0
    reopened: int = 0
    met: int = 0
    breached: int = 0
    promise_met: int = 0
    promise_breached: int = 0
    timed: int = 0
    seconds: int = 0
    seconds_max: int | None = None
    expired: int = 0
    scores: tuple[int, ...] = (0, 0, 0, 0, 0)
    replaced: tuple[int, ...] = (0, 0, 0, 0, 0)

    def __add__(self, other: "Stats") -> "Stats":
        """Return the counts of both; no fact may be in the two of them."""
        merged = {
            name: getattr(self, name) + getattr(other, name)
            for name in self.__slots__
            if name not in ("seconds_max", "scores", "replaced")
        }
        maxima = (self.seconds_max, other.seconds_max)
        longest = max((value for value in maxima if value is not None), default=None)
        return Stats(
            **merged,
            seconds_max=longest,
            scores=_added(self.scores, other.scores),
            replaced=_added(self.replaced, other.replaced),
        )


def figures(stats: Stats) -> dict[str, int | float | bool | None]:
    """Return the figures of a scorecard by the names of its fields.

    Rates are 0 to 1, ``score`` is 0 to 100, hours are working hours; all are rounded
    half up to 4 decimals. What cannot be known is None. Beside the fields of a card,
    ``promise_count`` is how many promises ``promise_kept_rate`` is of.
    """
    levels = list(enumerate(stats.scores, start=1))
    answers = sum(stats.scores)
    moments = _added(stats.scores, stats.replaced)
    worst = next((level for level, count in enumerate(moments, 1) if count), None)
    good = sum(count for level, count in levels if level >= GOOD)
    total = sum(level * count for level, count in levels)
    asked = answers + stats.expired
    promises = stats.promise_met + stats.promise_breached
    result = {
        "request_count": stats.closed,
        "opened_count": stats.opened,
        "open_count": stats.open,
        "overdue_count": stats.overdue,
        "reopened_count": stats.reopened,
        "met_count": stats.met,
        "breached_count": stats.breached,
        "promise_count": promises,
        "on_time_rate": _ratio(stats.met, stats.met + stats.breached),
        "promise_kept_rate": _ratio(stats.promise_met, promises),
        "resolution_hours": _ratio(stats.seconds, 3600 * stats.timed),
        "resolution_hours_max": _ratio(stats.seconds_max, 3600),
        "reopen_rate": _ratio(stats.reopened, stats.closed),
        "rating_asked_count": asked,
        "rating_count": answers,
        "response_rate": _ratio(answers, asked),
        "good_rate": _ratio(good, answers),
        "good_rate_low": _round(wilson(good, answers)[0]) if answers else None,
        "satisfaction": _ratio(total, answers),
        "worst_score": worst,
        "worst_count": moments[worst - 1] if worst else None,
        "spread": _spread(stats.scores),
    }
    result["score"] = _score(result)
    result["enough_data"] = answers >= MIN_N and result["response_rate"] >= MIN_RESPONSE
    return result


def wilson(good: int, n: int) -> tuple[float, float]:
    """Return the bounds, 0 to 1, between which the share of good lies with 95 %.

    The score interval of E. B. Wilson, "Probable inference, the law of succession, and
    statistical inference", JASA 22 (1927): unlike p ± z·s it holds for few answers.

    :raises ValueError: not 0 <= good <= n, or n is 0

    >>> [round(bound, 4) for bound in wilson(9, 10)]
    [0.5958, 0.9821]
    """
    if not 0 <= good <= n or not n:
        raise ValueError(f"good must be 0 to n, and n 1 or more, got {good} of {n}")
    share, scale = good / n, 1 + Z * Z / n
    centre = (share + Z * Z / (2 * n)) / scale
    half = Z * sqrt(share * (1 - share) / n + Z * Z / (4 * n * n)) / scale
    return max(centre - half, 0.0), min(centre + half, 1.0)


def _score(known: dict) -> float | None:
    """Return 0 to 100 from the stored figures, so that it can be redone by hand.

    What is unknown is left out and the weights of the rest are scaled up; a share of
    reopened requests alone makes no score.
    """
    parts = {name: _exact(known[name]) for name in WEIGHTS if known[name] is not None}
    if not parts.keys() - {"reopen_rate"}:
        return None
    if "reopen_rate" in parts:
        parts["reopen_rate"] = 1 - parts["reopen_rate"]
    points = sum(WEIGHTS[name] * part for name, part in parts.items())
    return _ratio(100 * points, sum(WEIGHTS[name] for name in parts))


def _added(one: Sequence[int], other: Sequence[int]) -> tuple[int, ...]:
    return tuple(map(sum, zip(one, other, strict=True)))


def _spread(scores: Sequence[int]) -> float | None:
    """Return the sample standard deviation (n - 1), exact until it is rounded."""
    n = sum(scores)
    if n < MIN_N:
        return None
    total = sum(level * count for level, count in enumerate(scores, start=1))
    squares = sum(level**2 * count for level, count in enumerate(scores, start=1))
    # Half units of the last decimal, rounded down; so half up is (these + 1) // 2.
    halves = isqrt(4 * 10**8 * (n * squares - total**2) // (n * (n - 1)))
    return (halves + 1) // 2 / 10**4


def _ratio(part: int | Fraction | None, whole: int) -> float | None:
    """Return a part of the whole; None if it has no part, or the whole is nothing."""
    return None if part is None or not whole else _round(Fraction(part) / whole)


def _round(value: float | Fraction) -> float:
    """Return ``value`` rounded half up to 4 decimals."""
    return floor(Fraction(value) * 10**4 + Fraction(1, 2)) / 10**4


def _exact(stored: float) -> Fraction:
    """Return the decimal number that a stored figure stands for."""
    return Fraction(str(stored))
