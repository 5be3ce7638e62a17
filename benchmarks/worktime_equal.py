"""The same answers as Odoo's calendar, over nights when clocks change."""

import random
from datetime import datetime

from .worktime import HOUR, SECOND, make_calendar, week

EVERY_DAY = range(7)
CALENDARS = [  # (name, zone, lines, two weeks)
    ("Office", "Europe/Brussels", week(range(5), (8, 12), (13, 17)), False),
    ("Nights", "Europe/Brussels", week(EVERY_DAY, (0, 6), (22, 24)), False),
    ("In the gap", "Europe/Brussels", week(EVERY_DAY, (2.5, 6.25)), False),
    ("Round the clock", "America/New_York", week(EVERY_DAY, (0, 24)), False),
    ("Half an hour", "Australia/Lord_Howe", week(EVERY_DAY, (0, 10)), False),
    ("No change", "Asia/Shanghai", week(range(5), (9, 18)), False),
    (
        "Two weeks",
        "America/New_York",
        week(range(5), (0, 5)) + week([2, 5, 6], (1.5, 24), week=1),
        True,
    ),
]
CHANGES = [
    datetime.fromisoformat(f"2026-{day}")
    for day in ("03-08", "03-29", "04-05", "10-04", "10-25", "11-01")
]
START = datetime.fromisoformat("2025-12-01")


def run(env, size=None):
    """Ask both the same; count answers that differ by a second or more.

    Odoo ends 24:00 a microsecond early, and so may carry a microsecond of work to the
    next opening: two deadlines are equal when no second is worked between them.

    :param size: how many spans (10,000), and half as many deadlines
    """
    size = size or 10_000
    company = env["res.company"].create({"name": "Worktime Equal"})
    source = random.Random(19)
    calendars = [make_calendar(env, company, *rest) for rest in CALENDARS]
    timelines = [calendar._internal_timeline(company) for calendar in calendars]
    sides = list(zip(calendars, timelines, strict=True))
    spans = sum(_span_differs(*sides[n % len(sides)], source) for n in range(size))
    plans = sum(_plan_differs(*sides[n % len(sides)], source) for n in range(size // 2))
    return [
        _no_differences(f"{size} spans", spans),
        _no_differences(f"{size // 2} deadlines", plans),
    ]


def _no_differences(label, found):
    return {
        "label": f"{label}: differences",
        "ratio": float(found),
        "goal": "0 differences",
        "queries": None,
        "ok": not found,
    }


def _moment(source):
    """Return a random second, every other time near a change of some clock."""
    if source.random() < 0.5:
        return source.choice(CHANGES) + SECOND * source.randrange(-86400, 2 * 86400)
    return START + SECOND * source.randrange(400 * 86400)


def _span_differs(calendar, timeline, source):
    start = _moment(source)
    stop = start + SECOND * source.randrange(10 * 86400)
    stock = calendar.get_work_hours_count(start, stop) * HOUR
    return abs(timeline.elapsed(start, stop) - stock) >= SECOND


def _plan_differs(calendar, timeline, source):
    start = _moment(source)
    work = SECOND * source.randrange(80 * 3600)
    stock = calendar.plan_hours(work / HOUR, start, compute_leaves=True)
    first, last = sorted([stock, timeline.plan(start, work)])
    return timeline.elapsed(first, last) >= SECOND
