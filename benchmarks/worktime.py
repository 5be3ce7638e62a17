"""Working hours between two moments, and deadlines: Odoo's calls, ours, two bisects.

Processor time of this process: what PostgreSQL does for Odoo's calls comes on top.
"""

import random
from bisect import bisect_right
from datetime import datetime, timedelta
from time import thread_time

from .measure import Side, in_turns, queries, ratio, result

START = datetime.fromisoformat("2026-01-05 00:00")
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
LENGTHS = {"1 day": 1, "1 month": 30, "1 year": 365}  # in days
STOCK_CALLS = {"1 day": 20, "1 month": 10, "1 year": 2}


def make_calendar(env, company, name, tz, lines, two_weeks=False):
    """Create working hours.

    :param lines: (weekday, hour from, hour to, week 0 or 1 of two) each
    """
    return env["resource.calendar"].create(
        {
            "name": name,
            "tz": tz,
            "company_id": company.id,
            "two_weeks_calendar": two_weeks,
            "attendance_ids": [
                (
                    0,
                    0,
                    {
                        "name": name,
                        "dayofweek": str(weekday),
                        "hour_from": hour_from,
                        "hour_to": hour_to,
                        "day_period": "full_day",
                        "week_type": str(week) if two_weeks else False,
                    },
                )
                for weekday, hour_from, hour_to, week in lines
            ],
        }
    )


def week(days, *hours, week=0):
    """Return lines of some weekdays."""
    return [(day, start, stop, week) for day in days for start, stop in hours]


def office(env, company, holidays=0):
    """Create 40 hours a week in Brussels, with a holiday every second Tuesday."""
    lines = week(range(5), (8, 12), (13, 17))
    calendar = make_calendar(env, company, "Office", "Europe/Brussels", lines)
    days = [START + timedelta(days=1 + 14 * n) for n in range(holidays)]
    env["resource.calendar.leaves"].create(
        [
            {
                "name": "Holiday",
                "calendar_id": calendar.id,
                "date_from": day - timedelta(hours=1),
                "date_to": day + timedelta(hours=23) - SECOND,
            }
            for day in days
        ]
    )
    return calendar


def run(env, size=None):
    """Compare over spans of a day, a month and a year, without and with holidays.

    :param size: how many spans (5,000)
    """
    company = env["res.company"].create({"name": "Worktime"})
    rows = []
    for holidays in (0, 20):
        calendar = office(env, company, holidays)
        for length, days in LENGTHS.items():
            case = _Case(calendar, company, days, size or 5000, STOCK_CALLS[length])
            for what, rows_of in (("hours of", case.elapsed), ("deadline", case.plan)):
                label = f"{what} {length}, {holidays} holidays"
                rows += rows_of(env, label)
    return rows


class _Case:
    """One calendar and one length of span."""

    def __init__(self, calendar, company, days, size, stock_calls):
        self.calendar = calendar
        self.timeline = calendar._internal_timeline(company)
        source = random.Random(days)
        starts = [START + SECOND * source.randrange(360 * 86400) for _ in range(size)]
        length = timedelta(days=days)
        self.spans = [(start, start + length) for start in starts]
        self.plans = [  # from a weekend: an hour
            (start, max(HOUR, self.timeline.elapsed(start, stop)))
            for start, stop in self.spans
        ]
        every = max(1, size // stock_calls)
        self.stock_spans, self.stock_plans = self.spans[::every], self.plans[::every]
        known = self.timeline.spans(START, START + timedelta(days=800))
        self.edges = [edge for span in known for edge in span]

    def bisects(self):
        edges = self.edges
        for start, stop in self.spans:
            bisect_right(edges, start)
            bisect_right(edges, stop)

    def elapsed(self, env, label):
        def ours():
            elapsed = self.timeline.elapsed
            for start, stop in self.spans:
                elapsed(start, stop)

        def stock():
            for start, stop in self.stock_spans:
                self.calendar.get_work_duration_data(start, stop)

        return self._rows(env, label, ours, stock, len(self.stock_spans))

    def plan(self, env, label):
        def ours():
            plan = self.timeline.plan
            for start, work in self.plans:
                plan(start, work)

        def stock():
            for start, work in self.stock_plans:
                self.calendar.plan_hours(work / HOUR, start, compute_leaves=True)

        return self._rows(env, label, ours, stock, len(self.stock_plans))

    def _rows(self, env, label, ours, stock, stock_calls):
        times = in_turns(
            {
                "ours": Side(ours, len(self.spans)),
                "bisects": Side(self.bisects, len(self.spans)),
                "stock": Side(stock, stock_calls),
            },
            clock=thread_time,
        )
        asked = queries(env, ours)
        return [
            result(
                f"{label}: ours / two bisects",
                ratio(times, "ours", "bisects"),
                at_most=2.5,
                queries=asked,
                max_queries=0,
            ),
            result(
                f"{label}: stock / ours",
                ratio(times, "stock", "ours"),
                at_least=1000,
                queries=queries(env, stock) // stock_calls,
            ),
        ]
