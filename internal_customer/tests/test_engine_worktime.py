"""The working-time engine: the vectors of the rules, laws, and a slow oracle.

Pure: runs without Odoo and without a database.
"""

import ast
import doctest
import functools
import threading
import unittest
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ..engine import worktime
from ..engine.worktime import Calendar, Line, Timeline, hours, period_edge, work

BRUSSELS, SHANGHAI, NEW_YORK = "Europe/Brussels", "Asia/Shanghai", "America/New_York"
ZONES = (BRUSSELS, SHANGHAI, NEW_YORK, "Australia/Lord_Howe")


def utc(text, tz="UTC", fold=0):
    """Naive UTC of a local time; fold=1: the second of two."""
    local = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(tz), fold=fold)
    return local.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)


def week(days, *spans):
    return tuple(Line(day, start, stop) for day in days for start, stop in spans)


def days_off(tz, *days):
    """Leaves as Odoo stores them: 00:00:00 to 23:59:59 local time."""
    return tuple((utc(f"{d} 00:00", tz), utc(f"{d} 23:59:59", tz)) for d in days)


WORKDAYS, EVERY_DAY = range(5), range(7)
OFFICE = week(WORKDAYS, (9, 12), (13, 18))
AROUND = week(EVERY_DAY, (0, 24))
GOLDEN_WEEK = [f"2026-10-0{day}" for day in range(1, 8)]
CALENDARS = {
    "BO": Calendar(BRUSSELS, OFFICE),
    "BH": Calendar(
        BRUSSELS,
        OFFICE,
        days_off(BRUSSELS, "2026-04-06", "2026-05-01", "2026-05-14", "2026-05-25"),
    ),
    "BA": Calendar(BRUSSELS, AROUND),
    "BAH": Calendar(BRUSSELS, AROUND, days_off(BRUSSELS, "2026-05-01")),
    "BN": Calendar(BRUSSELS, week(EVERY_DAY, (22, 24), (0, 6))),
    "BI": Calendar(BRUSSELS, week([0], (13, 17))),
    "BS": Calendar(BRUSSELS, week([6], (2.5, 6))),
    "SO": Calendar(SHANGHAI, OFFICE),
    "SG": Calendar(SHANGHAI, OFFICE, days_off(SHANGHAI, *GOLDEN_WEEK)),
    "NO": Calendar(NEW_YORK, week(WORKDAYS, (9, 17))),
    "NA": Calendar(NEW_YORK, AROUND),
    "none": Calendar(BRUSSELS, ()),
}
TIMELINES = {name: Timeline(calendar) for name, calendar in CALENDARS.items()}

# (vector, calendar, local start, its fold, hours, UTC due)
PLANS = [
    (1, "BO", "2026-03-02 09:00", 0, 8, "2026-03-02 17:00"),
    (2, "BO", "2026-03-02 12:30", 0, 1, "2026-03-02 13:00"),
    (3, "BO", "2026-03-06 16:00", 0, 4, "2026-03-09 10:00"),
    (4, "BO", "2026-03-07 11:00", 0, 4, "2026-03-09 13:00"),
    (5, "BO", "2026-03-27 16:00", 0, 4, "2026-03-30 09:00"),
    (6, "BO", "2026-10-23 16:00", 0, 4, "2026-10-26 10:00"),
    (7, "BA", "2026-03-28 20:00", 0, 8, "2026-03-29 03:00"),
    (8, "BA", "2026-10-24 20:00", 0, 8, "2026-10-25 02:00"),
    (9, "BA", "2026-03-29 01:30", 0, 2, "2026-03-29 02:30"),
    (10, "BA", "2026-10-25 01:30", 0, 2, "2026-10-25 01:30"),
    (13, "BN", "2026-03-28 22:00", 0, 8, "2026-03-29 21:00"),
    (14, "BN", "2026-10-24 22:00", 0, 8, "2026-10-25 04:00"),
    (15, "NO", "2026-03-06 15:00", 0, 4, "2026-03-09 15:00"),
    (16, "NA", "2026-03-07 22:00", 0, 6, "2026-03-08 09:00"),
    (17, "NA", "2026-10-31 22:00", 0, 6, "2026-11-01 08:00"),
    (19, "NA", "2026-11-01 00:30", 0, 2, "2026-11-01 06:30"),
    (20, "SO", "2026-03-27 17:00", 0, 2, "2026-03-30 02:00"),
    (21, "SG", "2026-09-30 16:00", 0, 4, "2026-10-08 03:00"),
    (26, "BH", "2026-04-03 15:00", 0, 8, "2026-04-07 13:00"),
    (27, "BH", "2026-04-30 17:00", 0, 4, "2026-05-04 10:00"),
    (28, "BH", "2026-03-02 09:00", 0, 320, "2026-04-27 16:00"),
    (31, "none", "2026-03-02 09:00", 0, 4, None),
]

# (vector, calendar, zone of the customer, order there, hours, UTC start, UTC due)
ORDERS_ABROAD = [
    (22, "SO", BRUSSELS, "2026-03-02 11:00", 4, "2026-03-03 01:00", "2026-03-03 06:00"),
    (23, "SO", BRUSSELS, "2026-03-30 09:00", 4, "2026-03-30 07:00", "2026-03-31 02:00"),
    (24, "BO", NEW_YORK, "2026-03-16 10:00", 4, "2026-03-16 14:00", "2026-03-17 09:00"),
    (25, "BO", NEW_YORK, "2026-03-30 10:00", 4, "2026-03-30 14:00", "2026-03-31 09:00"),
]

# (vector, calendar, local start, local stop, hours)
ELAPSED = [
    (11, "BA", "2026-03-29 00:00", "2026-03-30 00:00", 23),
    (11, "BA", "2026-10-25 00:00", "2026-10-26 00:00", 25),
    (12, "BN", "2026-03-28 22:00", "2026-03-29 06:00", 7),
    (12, "BN", "2026-10-24 22:00", "2026-10-25 06:00", 9),
    (18, "NA", "2026-03-08 00:00", "2026-03-09 00:00", 23),
    (18, "NA", "2026-11-01 00:00", "2026-11-02 00:00", 25),
    (29, "BAH", "2026-04-30 12:00", "2026-05-02 12:00", 24),
    (31, "none", "2026-03-02 09:00", "2026-03-06 18:00", 0),
    ("1.3", "NO", "2026-03-06 21:00", "2026-03-09 10:30", 1.5),
    ("1.1", "BO", "2026-03-03 18:00", "2026-03-02 09:00", 0),
]

# (vector, calendar, local moment, local opening)
OPENINGS = [
    (32, "BI", "2026-03-02 09:00", "2026-03-02 13:00"),
    (32, "BI", "2026-03-02 13:00", "2026-03-02 13:00"),
    (32, "BI", "2026-03-02 17:00", "2026-03-09 13:00"),
    (32, "BI", "2026-03-03 10:00", "2026-03-09 13:00"),
    (33, "BI", "2026-03-03 10:00", "2026-03-09 13:00"),
    ("1.1", "BO", "2026-03-02 18:00", "2026-03-03 09:00"),
    (31, "none", "2026-03-02 09:00", None),
]

# (vector, calendar, local start, working days, local result)
WORKING_DAYS = [
    (50, "BO", "2026-03-03 14:00", 3, "2026-03-06 14:00"),
    (50, "BO", "2026-03-03 14:00", 5, "2026-03-10 14:00"),
    ("1.1", "BO", "2026-03-07 11:00", 1, "2026-03-09 11:00"),
    ("1.1", "BO", "2026-03-03 12:30", 1, "2026-03-04 13:00"),
    ("1.1", "BO", "2026-03-05 20:00", 1, "2026-03-09 09:00"),
    ("1.1", "BH", "2026-04-03 14:00", 1, "2026-04-07 14:00"),
    ("1.1", "BI", "2026-03-03 14:00", 2, "2026-03-16 14:00"),
    ("1.1", "BO", "2026-03-07 11:00", 0, "2026-03-09 09:00"),
    (31, "none", "2026-03-02 09:00", 1, None),
]

# (local date, zone, UTC edge)
EDGES = [
    ("2026-04-01", BRUSSELS, "2026-03-31 22:00"),
    ("2026-04-01", NEW_YORK, "2026-04-01 04:00"),
    ("2026-03-29", BRUSSELS, "2026-03-28 23:00"),
    ("2026-11-01", "America/Havana", "2026-11-01 04:00"),  # midnight comes twice
    ("2026-03-08", "America/Havana", "2026-03-08 05:00"),  # midnight is skipped
    ("2026-01-01", "UTC", "2026-01-01 00:00"),
]


class TestVectors(unittest.TestCase):
    """Section 8 of the rules, one row a vector."""

    def test_plan(self):
        for vector, name, start, fold, amount, due in PLANS:
            with self.subTest(vector=vector, start=start):
                begin = utc(start, CALENDARS[name].tz, fold)
                planned = TIMELINES[name].plan(begin, work(amount))
                self.assertEqual(planned, due and utc(due))

    def test_order_from_another_zone(self):
        for vector, name, tz, ordered, amount, start, due in ORDERS_ABROAD:
            with self.subTest(vector=vector):
                timeline = TIMELINES[name]
                self.assertEqual(timeline.next_open(utc(ordered, tz)), utc(start))
                self.assertEqual(
                    timeline.plan(utc(ordered, tz), work(amount)), utc(due)
                )

    def test_elapsed(self):
        for vector, name, start, stop, amount in ELAPSED:
            with self.subTest(vector=vector, start=start):
                tz = CALENDARS[name].tz
                elapsed = TIMELINES[name].elapsed(utc(start, tz), utc(stop, tz))
                self.assertEqual(hours(elapsed), amount)

    def test_next_open(self):
        for vector, name, moment, opening in OPENINGS:
            with self.subTest(vector=vector, moment=moment):
                tz = CALENDARS[name].tz
                self.assertEqual(
                    TIMELINES[name].next_open(utc(moment, tz)),
                    opening and utc(opening, tz),
                )

    def test_plan_days(self):
        for vector, name, start, days, result in WORKING_DAYS:
            with self.subTest(vector=vector, start=start, days=days):
                tz = CALENDARS[name].tz
                self.assertEqual(
                    TIMELINES[name].plan_days(utc(start, tz), days),
                    result and utc(result, tz),
                )

    def test_line_in_the_clock_change(self):
        rows = [
            ("2026-03-29", "2026-03-29 01:30", "2026-03-29 04:00", 2.5),
            ("2026-10-25", "2026-10-25 01:30", "2026-10-25 05:00", 3.5),
        ]
        timeline = TIMELINES["BS"]
        for day, start, stop, amount in rows:
            with self.subTest(vector=30, day=day):
                first = utc(f"{day} 00:00", BRUSSELS)
                spans = timeline.spans(first, first + timedelta(days=1))
                self.assertEqual(spans, [(utc(start), utc(stop))])
                self.assertEqual(hours(spans[0][1] - spans[0][0]), amount)

    def test_intake_window_then_office(self):
        intake = TIMELINES["BI"].next_open(utc("2026-03-03 10:00", BRUSSELS))
        self.assertEqual(intake, utc("2026-03-09 13:00", BRUSSELS))
        due = TIMELINES["BO"].plan(intake, work(8))
        self.assertEqual(due, utc("2026-03-10 11:00"))

    def test_period_edge(self):
        for day, tz, edge in EDGES:
            with self.subTest(day=day, tz=tz):
                self.assertEqual(period_edge(date.fromisoformat(day), tz), utc(edge))
        closed = utc("2026-03-31 22:30")  # vector 51
        self.assertLess(period_edge(date(2026, 4, 1), BRUSSELS), closed)
        self.assertGreater(period_edge(date(2026, 4, 1), NEW_YORK), closed)


class TestEdgeCases(unittest.TestCase):
    def test_round_the_clock(self):
        timeline = Timeline()
        start = utc("2026-03-28 20:00")
        self.assertTrue(timeline.has_hours)
        self.assertEqual(timeline.plan(start, work(40)), start + work(40))
        self.assertEqual(timeline.elapsed(start, start + work(40)), work(40))
        self.assertEqual(timeline.next_open(start), start)
        self.assertEqual(timeline.plan_days(start, 2), start + timedelta(days=2))
        span = (start, start + work(1))
        self.assertEqual(timeline.spans(*span), [span])

    def test_no_hours(self):
        for lines in ((), (Line(0, 9, 9),), (Line(0, 18, 9),)):
            with self.subTest(lines=lines):
                timeline = Timeline(Calendar(BRUSSELS, lines))
                self.assertFalse(timeline.has_hours)
                self.assertIsNone(timeline.plan(utc("2026-03-02 09:00"), work(0)))
                self.assertEqual(
                    timeline.spans(utc("2026-03-02 09:00"), utc("2027-03-02 09:00")), []
                )

    def test_on_leave_for_ever(self):
        leave = (utc("2020-01-01 00:00"), utc("9999-12-31 23:59:59"))
        timeline = Timeline(Calendar(BRUSSELS, OFFICE, (leave,)))
        start = utc("2026-03-02 09:00")
        self.assertTrue(timeline.has_hours)
        self.assertIsNone(timeline.plan(start, work(1)))
        self.assertIsNone(timeline.plan_days(start, 1))
        self.assertIsNone(timeline.next_open(start))
        self.assertEqual(timeline.plan(start, work(0)), start)

    def test_more_work_than_there_will_ever_be(self):
        for timeline in (Timeline(), TIMELINES["BI"]):
            self.assertIsNone(timeline.plan(utc("2026-03-02 09:00"), work(9e6)))

    def test_moments_out_of_reach(self):
        first, last = utc("0001-01-01 00:00"), utc("9999-12-31 23:59:59")
        timeline = Timeline(Calendar(SHANGHAI, OFFICE))
        self.assertGreater(hours(timeline.elapsed(first, last)), 400_000)
        self.assertEqual(timeline.next_open(first), utc("1970-01-01 01:00"))
        self.assertEqual(timeline.plan(first, work(1)), utc("1970-01-01 02:00"))
        for answer in (
            timeline.plan(last, work(1)),
            timeline.plan_days(last, 1),
            timeline.next_open(last),
        ):
            self.assertIsNone(answer)
        self.assertEqual(timeline.spans(last, last), [])
        self.assertEqual(timeline.spans(first, first + work(1)), [])

    def test_wrong_arguments(self):
        start = utc("2026-03-02 09:00")
        for call in (
            lambda: TIMELINES["BO"].plan(start, work(-1)),
            lambda: TIMELINES["BO"].plan_days(start, -1),
            lambda: Line(7, 9, 12),
            lambda: Line(0, -1, 12),
            lambda: Line(0, 9, 24.5),
            lambda: Line(0, 9, 12, 2),
        ):
            self.assertRaises(ValueError, call)

    def test_leave_that_ends_with_the_day(self):
        start, stop = utc("2026-05-01 00:00"), utc("2026-05-03 00:00")
        for end, amount in [
            ("2026-05-01 23:59:59", 24),
            ("2026-05-01 23:59:59.999999", 24),
            ("2026-05-01 23:59:58", 24 + 2 / 3600),
            ("2026-05-02 00:00:00", 24),
            ("2026-05-01 12:59:59", 35 + 1 / 3600),
        ]:
            with self.subTest(end=end):
                leave = (start, utc(end))
                timeline = Timeline(Calendar("UTC", AROUND, (leave,)))
                self.assertEqual(timeline.elapsed(start, stop), work(amount))

    def test_leaves_cut_every_way(self):
        day = "2026-03-02"
        cuts = [("08:00", "09:30"), ("10:00", "11:00"), ("10:30", "14:00")]
        cuts += [("15:00", "16:00"), ("16:00", "16:30"), ("17:59", "23:00")]
        leaves = tuple((utc(f"{day} {a}"), utc(f"{day} {b}")) for a, b in cuts)
        timeline = Timeline(Calendar("UTC", OFFICE, leaves))
        left = [("09:30", "10:00"), ("14:00", "15:00"), ("16:30", "17:59")]
        self.assertEqual(
            timeline.spans(utc(f"{day} 00:00"), utc(f"{day} 23:00")),
            [(utc(f"{day} {a}"), utc(f"{day} {b}")) for a, b in left],
        )

    def test_lines_that_touch_or_overlap_count_once(self):
        lines = (Line(0, 9, 12), Line(0, 12, 13), Line(0, 11, 12.5))
        timeline = Timeline(Calendar("UTC", lines))
        span = (utc("2026-03-02 09:00"), utc("2026-03-02 13:00"))
        day = (utc("2026-03-02 00:00"), utc("2026-03-03 00:00"))
        self.assertEqual(timeline.spans(*day), [span])

    def test_around_the_clock_lines_leave_no_hole_where_midnight_comes_twice(self):
        timeline = Timeline(Calendar("America/Havana", AROUND))
        span = (utc("2026-10-31 12:00"), utc("2026-11-02 12:00"))
        self.assertEqual(timeline.spans(*span), [span])

    def test_spans_run_through_new_year(self):
        timeline = Timeline(CALENDARS["BN"])
        timeline.elapsed(utc("2026-06-01 00:00"), utc("2026-06-02 00:00"))
        timeline.elapsed(utc("2027-06-01 00:00"), utc("2027-06-02 00:00"))
        self.assertEqual(
            timeline.spans(utc("2026-12-31 12:00"), utc("2027-01-01 12:00")),
            [(utc("2026-12-31 21:00"), utc("2027-01-01 05:00"))],
        )

    def test_the_first_year_learnt_is_whole_in_every_zone(self):
        for tz in (*ZONES, "Pacific/Kiritimati", "Pacific/Pago_Pago"):
            with self.subTest(tz=tz):
                timeline = Timeline(Calendar(tz, AROUND))
                year = (utc("2026-01-01 00:00"), utc("2027-01-01 00:00"))
                self.assertEqual(timeline.spans(*year), [year])

    def test_spans_stop_before_an_opening(self):
        opening = utc("2026-03-02 09:00", BRUSSELS)
        night = (opening - timedelta(hours=9), opening)
        self.assertEqual(TIMELINES["BO"].spans(*night), [])

    def test_no_working_day_after_is_now_in_either_hour_of_an_overlap(self):
        for fold in (0, 1):
            start = utc("2026-10-25 02:30", BRUSSELS, fold)
            self.assertEqual(TIMELINES["BA"].plan_days(start, 0), start)

    def test_two_weeks(self):
        lines = (Line(0, 9, 12, 0), Line(0, 13, 18, 1))
        timeline = Timeline(Calendar("UTC", lines))
        starts = [
            start.isoformat(" ", "minutes")
            for start, _stop in timeline.spans(
                utc("2020-12-20 00:00"), utc("2021-01-12 00:00")
            )
        ]
        self.assertEqual(  # week 53 of 2020 does not break the rhythm
            starts,
            ["2020-12-21 13:00", "2020-12-28 09:00", "2021-01-04 13:00"]
            + ["2021-01-11 09:00"],
        )

    def test_minutes_as_odoo_rounds_them(self):
        timeline = Timeline(Calendar("UTC", (Line(0, 8.3333333, 8.99999),)))
        self.assertEqual(
            timeline.spans(utc("2026-03-02 00:00"), utc("2026-03-03 00:00")),
            [(utc("2026-03-02 08:20"), utc("2026-03-02 09:00"))],
        )

    def test_hours_and_work(self):
        self.assertEqual(work(1 / 3), timedelta(minutes=20))
        self.assertEqual(work(0.0001), timedelta(0))
        self.assertEqual(hours(timedelta(minutes=90)), 1.5)

    def test_years_are_learnt_in_any_order(self):
        spans = [
            (utc(f"{year}-01-01 00:00"), utc(f"{year}-12-31 00:00"))
            for year in (2030, 2026, 2028, 2020, 2035)
        ]
        learner = Timeline(CALENDARS["BH"])
        for span in spans:
            self.assertEqual(
                learner.elapsed(*span), Timeline(CALENDARS["BH"]).elapsed(*span)
            )

    def test_threads_that_learn_at_once(self):
        shared, answers = Timeline(CALENDARS["BH"]), {}

        def ask(year):
            span = (utc(f"{year}-01-01 00:00"), utc(f"{year + 1}-06-30 00:00"))
            answers[year] = [shared.elapsed(*span) for _turn in range(20)]

        years = range(1990, 2020)
        threads = [threading.Thread(target=ask, args=(year,)) for year in years]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        alone = Timeline(CALENDARS["BH"])
        for year in years:
            span = (utc(f"{year}-01-01 00:00"), utc(f"{year + 1}-06-30 00:00"))
            self.assertEqual(set(answers[year]), {alone.elapsed(*span)})


LAWS = settings(deadline=None, derandomize=True)  # the same examples every time

# Quarter hours keep the oracle exact with its steps of 15 minutes.
QUARTER = timedelta(minutes=15)
CHANGES = ("2026-03-08", "2026-03-29", "2026-04-05", "2026-10-04", "2026-10-25")
CHANGES += ("2026-11-01", "2026-12-31", "2026-06-15")


def quarters(low, high):
    return st.integers(low * 4, high * 4).map(lambda n: n / 4)


@st.composite
def calendars(draw):
    lines = draw(
        st.lists(
            st.tuples(
                st.integers(0, 6),
                quarters(0, 24),
                quarters(0, 24),
                st.sampled_from([None, None, 0, 1]),
            ),
            min_size=1,
            max_size=12,
        )
    )
    leaves = draw(st.lists(st.tuples(moments(), quarters(0, 60)), max_size=3))
    return Calendar(
        draw(st.sampled_from(ZONES)),
        tuple(Line(day, min(a, b), max(a, b), week) for day, a, b, week in lines),
        tuple((start, start + work(length)) for start, length in leaves),
    )


@st.composite
def moments(draw):
    """Moments around changes of the clock, on a quarter of an hour."""
    day = draw(st.sampled_from(CHANGES))
    return utc(f"{day} 00:00") + draw(st.integers(-200, 300)) * QUARTER


class Oracle:
    """Slow and plain: steps through UTC, asks each quarter if somebody works."""

    def __init__(self, calendar):
        self.calendar, self.zone = calendar, ZoneInfo(calendar.tz)
        self.to_utc = functools.cache(self.to_utc)

    def wall(self, at):
        aware = at.replace(tzinfo=ZoneInfo("UTC")).astimezone(self.zone)
        return aware.replace(tzinfo=None)

    def to_utc(self, local):
        """The last moment that shows this time; in a gap, by the offset before."""
        steps = [local + QUARTER * n for n in range(-60, 60)]
        shown = [step for step in steps if self.wall(step) == local]
        if shown:
            return shown[-1]
        before = max(step for step in steps if self.wall(step) < local)
        return local - (self.wall(before) - before)

    def is_open(self, at):
        if any(start <= at < stop for start, stop in self.calendar.leaves):
            return False
        today = self.wall(at).date()
        for day in (today - timedelta(days=1), today, today + timedelta(days=1)):
            parity = (day - date(1, 1, 1)).days // 7 % 2
            midnight = datetime.fromisoformat(f"{day} 00:00")
            for line in self.calendar.lines:
                if line.weekday == day.weekday() and line.week_type in (None, parity):
                    start = self.to_utc(midnight + work(line.hour_from))
                    stop = self.to_utc(midnight + work(line.hour_to))
                    if start <= at < stop:
                        return True
        return False

    def elapsed(self, start, stop):
        quarters = (stop - start) // QUARTER
        return sum(self.is_open(start + n * QUARTER) for n in range(quarters)) * QUARTER


class TestLaws(unittest.TestCase):
    """What holds for any calendar, zone and moment."""

    @settings(LAWS, max_examples=60)
    @given(calendars(), moments(), st.integers(0, 200))
    def test_elapsed_is_what_stepping_through_it_counts(self, calendar, start, length):
        stop = start + length * QUARTER
        expected = Oracle(calendar).elapsed(start, stop)
        self.assertEqual(Timeline(calendar).elapsed(start, stop), expected)

    @LAWS
    @given(calendars(), st.lists(moments(), min_size=2, max_size=6))
    def test_elapsed_adds_up_over_any_split(self, calendar, cuts):
        timeline, cuts = Timeline(calendar), sorted(cuts)
        parts = [timeline.elapsed(*pair) for pair in zip(cuts, cuts[1:], strict=False)]
        self.assertEqual(timeline.elapsed(cuts[0], cuts[-1]), sum(parts, timedelta()))

    @LAWS
    @given(calendars(), moments(), moments())
    def test_elapsed_is_the_length_of_the_spans(self, calendar, start, stop):
        timeline = Timeline(calendar)
        spans = timeline.spans(start, stop)
        lengths = [end - begin for begin, end in spans]
        self.assertEqual(timeline.elapsed(start, stop), sum(lengths, timedelta()))
        flat = [moment for span in spans for moment in span]
        self.assertEqual(flat, sorted(set(flat)))  # disjoint, none empty, none touch

    @LAWS
    @given(calendars(), moments(), st.integers(0, 400 * 3600))
    def test_plan_is_the_earliest_inverse_of_elapsed(self, calendar, start, seconds):
        timeline, amount = Timeline(calendar), timedelta(seconds=seconds)
        assume(timeline.has_hours)
        due = timeline.plan(start, amount)
        self.assertEqual(timeline.elapsed(start, due), amount)
        if amount:
            before = due - timedelta(seconds=1)
            self.assertLess(timeline.elapsed(start, before), amount)

    @LAWS
    @given(calendars(), moments(), moments(), quarters(0, 90), quarters(0, 90))
    def test_plan_never_runs_backwards(self, calendar, one, other, less, more):
        timeline = Timeline(calendar)
        assume(timeline.has_hours)
        one, other = sorted([one, other])
        less, more = sorted([work(less), work(more)])
        self.assertLessEqual(timeline.plan(one, less), timeline.plan(one, more))
        self.assertLessEqual(timeline.plan(one, more), timeline.plan(other, more))

    @LAWS
    @given(calendars(), moments())
    def test_next_open_is_open_and_nothing_is_worked_before(self, calendar, at):
        timeline = Timeline(calendar)
        assume(timeline.has_hours)
        opening = timeline.next_open(at)
        second = timedelta(seconds=1)
        self.assertEqual(timeline.next_open(opening), opening)
        self.assertEqual(timeline.elapsed(at, opening), timedelta())
        self.assertEqual(timeline.elapsed(opening, opening + second), second)

    @LAWS
    @given(calendars(), moments(), st.integers(0, 12), st.integers(0, 12))
    def test_working_days_add_up_by_date(self, calendar, start, some, more):
        timeline = Timeline(calendar)
        assume(timeline.has_hours)
        result = timeline.plan_days(start, some)
        self.assertEqual(timeline.next_open(result), result)
        self.assertLessEqual(result, timeline.plan_days(start, some + more))


class TestModule(unittest.TestCase):
    def test_doctests(self):
        failed, tried = doctest.testmod(worktime)
        self.assertEqual(failed, 0)
        self.assertTrue(tried)

    def test_engine_knows_nothing_of_odoo(self):
        folder = Path(worktime.__file__).parent
        for path in sorted(folder.rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = []
                if isinstance(node, ast.Import):
                    names = [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom):
                    names = [node.module or ""]
                    self.assertLess(node.level, 2, f"{path.name} leaves the engine")
                for name in names:
                    with self.subTest(file=path.name, imported=name):
                        self.assertNotEqual(name.split(".")[0], "odoo")
