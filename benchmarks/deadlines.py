"""Deadlines from nothing known: calendars read, unrolled, and planned upon.

Processor time of this process; PostgreSQL's part is counted in statements.
"""

import random
from bisect import bisect_left
from datetime import timedelta
from time import thread_time

from .measure import Side, in_turns, queries, ratio, result
from .worktime import SECOND, START, office


def run(env, size=None):
    """Compare with a loop that bisects a ready list once a deadline.

    Reading and unrolling cost the same for one deadline and for 10,000: their share is
    what the small figure shows, and only the large one has a ratio to reach.

    :param size: how many deadlines (100, then 10,000)
    """
    company = env["res.company"].create({"name": "Deadlines"})
    calendar = office(env, company, holidays=20)
    rows = []
    for count in [size] if size else [100, 10_000]:
        rows.append(_one_calendar(env, company, calendar, count))
    rows.append(_many_calendars(env, company))
    return rows


def _one_calendar(env, company, calendar, count):
    source = random.Random(count)
    works = [
        (
            START + SECOND * source.randrange(180 * 86400),
            SECOND * source.randrange(200 * 3600),
        )
        for _n in range(count)
    ]
    timeline = calendar._internal_timeline(company)
    spans = timeline.spans(START, START + timedelta(days=600))
    edges = [edge for span in spans for edge in span]

    def ours():
        plan = calendar._internal_timeline(company).plan
        return [plan(start, work) for start, work in works]

    def bisects():
        return [bisect_left(edges, start) for start, _work in works]

    times = in_turns(
        {
            "ours": Side(ours, prepare=lambda: _forget(env)),
            "bisects": Side(bisects),
        },
        clock=thread_time,
    )
    _forget(env)
    return result(
        f"{count} deadlines, with expansion: ours / one bisect each",
        ratio(times, "ours", "bisects"),
        at_most=5 if count >= 10_000 else None,
        queries=queries(env, ours),
        max_queries=3,
    )


def _many_calendars(env, company, count=100):
    """A hundred calendars at once: what is read does not grow with them."""
    calendars = env["resource.calendar"].browse(
        [office(env, company).id for _n in range(count)]
    )

    def deadlines(timelines):
        return [timeline.plan(START, SECOND * 3600 * 40) for timeline in timelines]

    def cold():
        return deadlines(each._internal_timeline(company) for each in calendars)

    def one_unrolled():
        timeline = calendars[0]._internal_timeline(company)
        return deadlines([timeline] * count)

    times = in_turns(
        {
            "ours": Side(cold, prepare=lambda: _forget(env)),
            "one": Side(one_unrolled, prepare=lambda: _forget(env)),
        },
        clock=thread_time,
    )
    _forget(env)
    return result(
        f"{count} calendars, a deadline each: ours / all in one calendar",
        ratio(times, "ours", "one"),
        queries=queries(env, cold),
        max_queries=3,
    )


def _forget(env):
    env.flush_all()
    env.invalidate_all()
    env.registry.clear_cache()
