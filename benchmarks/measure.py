"""Measuring side by side: what is compared runs in turn, and ratios are compared."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter

ROUNDS = 5


@dataclass(frozen=True)
class Side:
    """One way to do the work.

    :param run: does it
    :param calls: how often ``run`` does it
    :param prepare: puts things in place first, outside the clock
    """

    run: Callable[[], object]
    calls: int = 1
    prepare: Callable[[], object] | None = None

    def seconds(self, clock: Callable[[], float]) -> float:
        """Run once; return the seconds of one call."""
        if self.prepare:
            self.prepare()
        start = clock()
        self.run()
        return (clock() - start) / self.calls


def in_turns(
    sides: dict[str, Side],
    rounds: int = ROUNDS,
    clock: Callable[[], float] = perf_counter,
) -> dict[str, list[float]]:
    """Return seconds by side, one figure a round; the first round only warms up.

    :param clock: ``time.thread_time`` for what runs in this process alone: it stands
        still while other programs have the processor, and while PostgreSQL works
    """
    taken = [
        {name: side.seconds(clock) for name, side in sides.items()}
        for _round in range(rounds + 1)
    ]
    return {name: [times[name] for times in taken[1:]] for name in sides}


def ratio(times: dict[str, list[float]], name: str, limit: str) -> float:
    """Return how many times longer one side takes: the median of the rounds."""
    return median(
        one / other for one, other in zip(times[name], times[limit], strict=True)
    )


def queries(env, run: Callable[[], object]) -> int:
    """Return how many SQL statements a call and its flush take."""
    env.flush_all()
    before = env.cr.sql_log_count
    run()
    env.flush_all()
    return env.cr.sql_log_count - before


def result(
    label: str,
    ratio: float,
    *,
    at_most: float | None = None,
    at_least: float | None = None,
    queries: int | None = None,
    max_queries: float | None = None,
) -> dict:
    """Return one line of a benchmark, judged by the goals that are given.

    :return: ``{"label", "ratio", "goal", "queries", "ok"}``
    """
    goals = []
    if at_most is not None:
        goals.append((f"≤ ×{at_most:g}", ratio <= at_most))
    if at_least is not None:
        goals.append((f"≥ ×{at_least:,g}", ratio >= at_least))
    if max_queries is not None:
        goals.append((f"≤ {max_queries:g} q", queries <= max_queries))
    return {
        "label": label,
        "ratio": ratio,
        "goal": ", ".join(words for words, _met in goals),
        "queries": queries,
        "ok": all(met for _words, met in goals),
    }
