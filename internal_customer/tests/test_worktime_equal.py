"""Working time equals Odoo's own, and is read from it without needless queries."""

import random
from datetime import datetime, timedelta
from unittest.mock import patch
from zoneinfo import ZoneInfo

from odoo.exceptions import ValidationError
from odoo.tests import TransactionCase, tagged

from ..engine.worktime import Timeline, hours, work

SECOND = timedelta(seconds=1)
WORKDAYS, EVERY_DAY = range(5), range(7)
# (name, zone, lines (days, from, to, week), two weeks, local holidays)
CALENDARS = [
    ("office", "Europe/Brussels", [(WORKDAYS, 8, 12, 0), (WORKDAYS, 13, 17, 0)], False),
    (
        "nights",
        "Europe/Brussels",
        [(EVERY_DAY, 0, 6, 0), (EVERY_DAY, 22, 24, 0)],
        False,
    ),
    ("in the gap", "Europe/Brussels", [(EVERY_DAY, 2.5, 6.25, 0)], False),
    ("round the clock", "America/New_York", [(EVERY_DAY, 0, 24, 0)], False),
    ("half hour", "Australia/Lord_Howe", [(EVERY_DAY, 0, 10, 0)], False),
    ("no clock change", "Asia/Shanghai", [(WORKDAYS, 9, 18, 0)], False),
    (
        "two weeks",
        "America/New_York",
        [(WORKDAYS, 0, 5, 0), ([5, 6], 0, 12, 1), ([2], 13.25, 24, 1)],
        True,
    ),
]
FIRST, LAST = datetime.fromisoformat("2025-12-01"), datetime.fromisoformat("2027-02-01")
# nights when some clock changes: there the random moments crowd
CHANGES = ["2026-03-08", "2026-03-29", "2026-04-05", "2026-10-04", "2026-10-25"]
CHANGES += ["2026-11-01"]


def in_utc(text, tz):
    local = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(tz))
    return local.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)


@tagged("post_install", "-at_install")
class TestWorktimeEqual(TransactionCase):
    """The same hours as ``resource.calendar``: to the second.

    Odoo ends a day of 24 hours one microsecond early, and a holiday one second: it
    counts less, or more, by as much. Hence the tolerance, and hence holidays here that
    end when nobody works.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env["res.company"].create({"name": "Clockworks"})
        cls.calendars = {
            name: cls.make_calendar(name, *rest) for name, *rest in CALENDARS
        }
        office = cls.calendars["office"]
        for day in ("2026-04-06", "2026-05-01", "2026-12-25"):
            cls.make_holiday(office, day)
        cls.make_holiday(cls.calendars["in the gap"], "2026-10-25")
        cls.random = random.Random(19)

    @classmethod
    def make_calendar(cls, name, tz, lines, two_weeks=False):
        values = [
            {
                "name": name,
                "dayofweek": str(day),
                "hour_from": start,
                "hour_to": stop,
                "day_period": "full_day",
                "week_type": str(week) if two_weeks else False,
            }
            for days, start, stop, week in lines
            for day in days
        ]
        return cls.env["resource.calendar"].create(
            {
                "name": name,
                "tz": tz,
                "company_id": cls.company.id,
                "two_weeks_calendar": two_weeks,
                "attendance_ids": [(0, 0, line) for line in values],
            }
        )

    @classmethod
    def make_holiday(cls, calendar, day, **values):
        return cls.env["resource.calendar.leaves"].create(
            {
                "name": day,
                "calendar_id": calendar.id,
                "date_from": in_utc(f"{day} 00:00:00", calendar.tz),
                "date_to": in_utc(f"{day} 23:59:59", calendar.tz),
                **values,
            }
        )

    def moment(self):
        """A random second; every other one within a day of a change of the clock."""
        if self.random.random() < 0.5:
            change = datetime.fromisoformat(self.random.choice(CHANGES))
            return change + SECOND * self.random.randrange(-86400, 2 * 86400)
        return FIRST + SECOND * self.random.randrange(400 * 86400)

    def stock_spans(self, calendar, start, stop):
        utc = ZoneInfo("UTC")
        bounds = start.replace(tzinfo=utc), stop.replace(tzinfo=utc)
        return [
            tuple(
                moment.astimezone(utc).replace(tzinfo=None) for moment in (begin, end)
            )
            for begin, end, _lines in calendar._work_intervals_batch(*bounds)[False]
        ]

    def timelines(self):
        for name, calendar in self.calendars.items():
            with self.subTest(calendar=name):
                yield calendar, calendar._internal_timeline(self.company)

    def test_fourteen_months_span_by_span(self):
        for calendar, timeline in self.timelines():
            united = []
            for start, stop in self.stock_spans(calendar, FIRST, LAST):
                if stop.microsecond:  # 24:00
                    stop = stop.replace(microsecond=0) + SECOND
                if united and start == united[-1][1]:
                    start = united.pop()[0]
                united.append((start, stop))
            self.assertEqual(timeline.spans(FIRST, LAST), united)

    def test_random_spans(self):
        for calendar, timeline in self.timelines():
            for _turn in range(60):
                start = self.moment()
                stop = start + SECOND * self.random.randrange(20 * 86400)
                ours = hours(timeline.elapsed(start, stop))
                stock = calendar.get_work_hours_count(start, stop)
                self.assertLess(abs(ours - stock) * 3600, 1, f"{start} to {stop}")

    def test_random_plans(self):
        for calendar, timeline in self.timelines():
            for _turn in range(30):
                start = self.moment()
                amount = work(self.random.random() * 80)
                ours = timeline.plan(start, amount)
                stock = calendar.plan_hours(hours(amount), start, compute_leaves=True)
                # no working second between the two (a microsecond may cross a night)
                apart = timeline.elapsed(min(ours, stock), max(ours, stock))
                self.assertLess(apart, SECOND, f"{start} + {amount}")


@tagged("post_install", "-at_install")
class TestTimelineReader(TransactionCase):
    """``resource.calendar._internal_timeline``: what is read, and when anew."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company, cls.other_company = cls.env["res.company"].create(
            [{"name": "Ours"}, {"name": "Theirs"}]
        )
        cls.calendar = cls.make_calendar("Office")
        cls.day = [datetime.fromisoformat(f"2026-03-0{n} 00:00") for n in (2, 3)]

    @classmethod
    def make_calendar(cls, name, **values):
        return cls.env["resource.calendar"].create(
            {"name": name, "tz": "UTC", "company_id": cls.company.id, **values}
        )

    def setUp(self):
        super().setUp()
        self.told = []
        clock = type(self.env["internal.sla.clock"])
        self.startPatcher(
            patch.object(
                clock,
                "_calendar_changed",
                lambda _clock, calendars: self.told.append(calendars),
            )
        )

    def worked(self, calendar=None, company=None):
        """Hours on Monday, 2 March 2026; 8 of them if nothing is off."""
        calendar = self.calendar if calendar is None else calendar
        timeline = calendar._internal_timeline(company or self.company)
        return hours(timeline.elapsed(*self.day))

    def holiday(self, company=None, **values):
        leaves = self.env["resource.calendar.leaves"]
        holiday = leaves.with_company(company or self.company).create(
            {
                "name": "Monday",
                "date_from": self.day[0],
                "date_to": self.day[1] - SECOND,
                "calendar_id": self.calendar.id,
                **values,
            }
        )
        holiday.flush_recordset()  # its company is that of whoever computes it first
        return holiday

    def assertTold(self, calendars):
        self.assertEqual(self.told, [calendars])
        self.told.clear()

    def test_no_calendar_is_round_the_clock(self):
        self.assertEqual(self.worked(self.env["resource.calendar"]), 24)

    def test_breaks_and_headings_are_no_work(self):
        self.assertEqual(self.worked(), 8)
        self.calendar.switch_calendar_type()
        self.assertEqual(self.worked(), 8)

    def test_flexible_hours_are_refused(self):
        self.calendar.schedule_type = "flexible"
        with self.assertRaisesRegex(ValidationError, "Office has flexible hours"):
            self.worked()
        self.calendar.schedule_type = "fully_fixed"
        self.assertEqual(self.worked(), 8)

    def test_archived_calendar_is_read(self):
        self.calendar.active = False
        self.assertEqual(self.worked(), 8)

    def test_whose_holidays_count(self):
        person = self.env["resource.resource"].create(
            {"name": "Ann", "calendar_id": self.calendar.id}
        )
        other = self.make_calendar("Other")
        for values, left in [
            ({}, 0),
            ({"calendar_id": other.id}, 8),
            ({"resource_id": person.id}, 8),
            ({"time_type": "other"}, 8),
            ({"calendar_id": False}, 0),
            ({"calendar_id": False, "company": self.other_company}, 8),
        ]:
            with self.subTest(values=values):
                holiday = self.holiday(**values)
                self.assertEqual(self.worked(), left)
                holiday.unlink()
                self.assertEqual(self.worked(), 8)

    def test_each_company_has_its_holidays(self):
        self.calendar.company_id = False
        holiday = self.holiday(calendar_id=False, company=self.other_company)
        self.assertEqual(self.worked(company=self.company), 8)
        self.assertEqual(self.worked(company=self.other_company), 0)
        holiday.company_id = False
        self.assertEqual(self.worked(company=self.company), 0)

    def test_changed_hours_are_read_anew_and_told(self):
        self.assertEqual(self.worked(), 8)
        self.told.clear()
        monday = self.calendar.attendance_ids.filtered(
            lambda line: line.dayofweek == "0" and line.day_period == "morning"
        )
        monday.hour_to = 11
        self.assertEqual(self.worked(), 7)
        self.assertTold(self.calendar)
        line = monday.copy({"hour_from": 18, "hour_to": 20})
        self.assertEqual(self.worked(), 9)
        self.assertTold(self.calendar)
        line.unlink()
        self.assertEqual(self.worked(), 7)
        self.assertTold(self.calendar)
        self.calendar.tz = "Asia/Shanghai"
        self.assertEqual(self.worked(), 7)
        self.assertTold(self.calendar)

    def test_lines_replaced_together_are_one_change(self):
        line = {"name": "Early", "dayofweek": "0", "hour_from": 5, "hour_to": 6}
        self.told.clear()
        self.calendar.attendance_ids = [(5, 0, 0), (0, 0, line)]
        self.assertEqual(self.worked(), 1)
        self.assertTold(self.calendar)

    def test_line_moved_to_another_calendar_tells_both(self):
        other = self.make_calendar("Other")
        self.told.clear()
        self.calendar.attendance_ids[0].calendar_id = other
        self.assertTold(self.calendar | other)

    def test_changed_holidays_are_told(self):
        self.worked()
        self.told.clear()
        holiday = self.holiday()
        self.assertTold(self.calendar)
        holiday.date_from += timedelta(hours=10)
        self.assertEqual(self.worked(), 2)
        self.assertTold(self.calendar)
        holiday.calendar_id = False
        self.assertTold(self.env["resource.calendar"])  # all of them
        holiday.unlink()
        self.assertTold(self.env["resource.calendar"])

    def test_deleted_calendar_leaves_its_holidays_to_all(self):
        other = self.make_calendar("Other")
        self.holiday(calendar_id=other.id)
        self.assertEqual(self.worked(), 8)
        self.told.clear()
        other.unlink()
        self.assertTold(self.env["resource.calendar"])

    def test_what_others_learnt_before_the_commit_is_forgotten(self):
        self.holiday()
        stale = Timeline()  # as another thread sees it, before our commit
        cache = type(self.calendar)._internal_known_timeline.__cache__
        key = (self.calendar.id, self.company.id)
        cache.add_value(self.calendar, *key, cache_value=stale)
        self.assertEqual(self.worked(), 24)
        self.env.cr.postcommit.run()
        self.assertEqual(self.worked(), 0)

    def test_what_does_not_matter_tells_nobody(self):
        person = self.env["resource.resource"].create(
            {"name": "Ann", "calendar_id": self.calendar.id}
        )
        holiday = self.holiday()
        self.told.clear()
        leave = self.holiday(resource_id=person.id)
        leave.date_to -= SECOND
        leave.unlink()
        holiday.name = "A day off"
        self.calendar.name = "The office"
        self.calendar.attendance_ids[0].name = "Early"
        self.assertEqual(self.told, [])

    def test_a_hundred_calendars_are_read_in_three_queries_then_in_none(self):
        calendars = self.calendar | self.env["resource.calendar"].create(
            [
                {"name": f"Team {n}", "tz": "UTC", "company_id": self.company.id}
                for n in range(99)
            ]
        )
        self.env.flush_all()
        self.env.invalidate_all()
        self.env.registry.clear_cache()
        for queries in (3, 0):
            with self.assertQueryCount(queries):
                for calendar in calendars:
                    self.assertEqual(self.worked(calendar), 8)
