"""What clocks read from Odoo's working hours, kept until the hours change.

``resource.calendar._internal_timeline(company)`` answers from the registry's cache;
whatever can change an answer drops that cache and has the open clocks judged anew.
"""

from pytz import timezone

from odoo import api, models, tools
from odoo.exceptions import ValidationError

from ..engine.worktime import Calendar, Line, Timeline

ROUND_THE_CLOCK = Timeline()


_UNFINISHED = object()  # no caller can send it


class ResourceCalendar(models.Model):
    _inherit = "resource.calendar"

    _INTERNAL_TIMELINE_FIELDS = frozenset(
        {
            "tz",
            "company_id",
            "two_weeks_calendar",
            "schedule_type",
            "flexible_hours",
            "attendance_ids",
            "attendance_ids_1st_week",
            "attendance_ids_2nd_week",
            "leave_ids",
            "global_leave_ids",
        }
    )

    def write(self, vals):
        if self._INTERNAL_TIMELINE_FIELDS.isdisjoint(vals):
            return super().write(vals)
        # lines replaced one after the other are one change: clocks never see the
        # hours in between
        together = self.with_context(internal_timelines_unfinished=_UNFINISHED)
        result = super(ResourceCalendar, together).write(vals)
        self._internal_timelines_changed()
        return result

    def unlink(self):
        result = super().unlink()
        # the holidays of a deleted calendar become everybody's
        self.browse()._internal_timelines_changed()
        return result

    def _internal_timeline(self, company):
        """Return the working time of this calendar for the clocks of a company.

        No query once it is known; the calendars that are read together with this one
        (its prefetch) are learnt together, in three queries.

        :param company: ``res.company``: holidays of other companies do not count
        :return: ``engine.worktime.Timeline``; round the clock for no calendar at all
        :raises ValidationError: the calendar has flexible hours
        """
        if not self:
            return ROUND_THE_CLOCK
        self.ensure_one()
        timeline = self._internal_known_timeline(self._origin.id, company.id)
        if timeline is None:
            raise ValidationError(
                self.env._(
                    "%(calendar)s has flexible hours: clocks need fixed ones.",
                    calendar=self.sudo().display_name,
                )
            )
        return timeline

    @tools.ormcache("calendar_id", "company_id")
    def _internal_known_timeline(self, calendar_id, company_id):
        """Return a calendar's timeline, None if its hours are flexible."""
        timelines = self._internal_read_timelines(company_id)
        remember = type(self)._internal_known_timeline.__cache__.add_value
        for other_id, timeline in timelines.items():
            remember(self, other_id, company_id, cache_value=timeline)
        return timelines[calendar_id]

    def _internal_read_timelines(self, company_id):
        """Return timelines by calendar id, of the calendars of this prefetch.

        :return: ``{id: Timeline}``, or None where the hours are flexible
        """
        calendars = self.sudo().with_context(active_test=False)
        calendars = calendars.search_fetch(
            [("id", "in", [*self._origin.ids, *self._origin._prefetch_ids])],
            ["tz", "two_weeks_calendar", "flexible_hours"],
        )
        lines = calendars._internal_lines()
        leaves = calendars._internal_leaves(company_id)
        return {
            calendar.id: None
            if calendar.flexible_hours
            else Timeline(
                Calendar(
                    timezone(calendar.tz).zone,  # today's name of an old one
                    tuple(lines.get(calendar.id, ())),
                    tuple(leaves.get(calendar.id, []) + leaves.get(False, [])),
                )
            )
            for calendar in calendars
        }

    def _internal_lines(self):
        """Return working lines by calendar id; breaks and headings are none."""
        two_weeks = set(self.filtered("two_weeks_calendar").ids)
        result = {}
        for row in self.env["resource.calendar.attendance"].search_fetch(
            [
                ("calendar_id", "in", self.ids),
                ("day_period", "!=", "lunch"),
                ("display_type", "=", False),
            ],
            ["calendar_id", "dayofweek", "hour_from", "hour_to", "week_type"],
            order="id",
        ):
            calendar_id = row.calendar_id.id
            # as in Odoo: a line without its week belongs to the first
            week_type = int(row.week_type) if calendar_id in two_weeks else None
            line = Line(int(row.dayofweek), row.hour_from, row.hour_to, week_type)
            result.setdefault(calendar_id, []).append(line)
        return result

    def _internal_leaves(self, company_id):
        """Return holidays by calendar id (False: of every calendar), as UTC spans.

        One person's leave is no holiday; those of other companies do not count.
        """
        result = {}
        for leave in self.env["resource.calendar.leaves"].search_fetch(
            [
                ("resource_id", "=", False),
                ("calendar_id", "in", [False, *self.ids]),
                ("company_id", "in", [False, company_id]),
                ("time_type", "=", "leave"),
            ],
            ["calendar_id", "date_from", "date_to"],
            order="id",
        ):
            span = (leave.date_from, leave.date_to)
            result.setdefault(leave.calendar_id.id, []).append(span)
        return result

    def _internal_timelines_changed(self):
        """Forget the timelines, have the clocks of these calendars judged anew.

        No calendars at all: a change that may concern each of them.
        """
        if self.env.context.get("internal_timelines_unfinished") is _UNFINISHED:
            return
        registry = self.env.registry
        registry.clear_cache()
        # what another thread has learnt meanwhile, it learnt from the old hours
        self.env.cr.postcommit.add(registry.clear_cache)
        self.env["internal.sla.clock"].sudo()._calendar_changed(self)


class ResourceCalendarAttendance(models.Model):
    _inherit = "resource.calendar.attendance"

    _INTERNAL_TIMELINE_FIELDS = frozenset(
        {
            "calendar_id",
            "dayofweek",
            "hour_from",
            "hour_to",
            "day_period",
            "week_type",
            "display_type",
        }
    )

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        if calendars := lines.calendar_id:
            calendars._internal_timelines_changed()
        return lines

    def write(self, vals):
        if self._INTERNAL_TIMELINE_FIELDS.isdisjoint(vals):
            return super().write(vals)
        calendars = self.calendar_id
        result = super().write(vals)
        if calendars := calendars | self.calendar_id:
            calendars._internal_timelines_changed()
        return result

    def unlink(self):
        calendars = self.calendar_id
        result = super().unlink()
        if calendars:
            calendars._internal_timelines_changed()
        return result


class ResourceCalendarLeaves(models.Model):
    _inherit = "resource.calendar.leaves"

    _INTERNAL_TIMELINE_FIELDS = frozenset(
        {
            "calendar_id",
            "company_id",
            "date_from",
            "date_to",
            "resource_id",
            "time_type",
        }
    )

    @api.model_create_multi
    def create(self, vals_list):
        leaves = super().create(vals_list)
        leaves._internal_holidays_changed(leaves._internal_holiday_calendars())
        return leaves

    def write(self, vals):
        if self._INTERNAL_TIMELINE_FIELDS.isdisjoint(vals):
            return super().write(vals)
        before = self._internal_holiday_calendars()
        result = super().write(vals)
        self._internal_holidays_changed(before | self._internal_holiday_calendars())
        return result

    def unlink(self):
        calendars = self._internal_holiday_calendars()
        result = super().unlink()
        self._internal_holidays_changed(calendars)
        return result

    def _internal_holiday_calendars(self):
        """Return ids of the calendars with holidays among these leaves.

        False stands for every calendar; one person's leaves are left out.
        """
        holidays = self.filtered(lambda leave: not leave.resource_id)
        return {holiday.calendar_id.id for holiday in holidays}

    def _internal_holidays_changed(self, calendar_ids):
        """Tell that holidays of these calendars changed (False: of every one)."""
        if calendar_ids:
            ids = () if False in calendar_ids else sorted(calendar_ids)
            self.env["resource.calendar"].browse(ids)._internal_timelines_changed()
