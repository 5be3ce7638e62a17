from datetime import datetime, timedelta

from odoo.tests import BaseCase, tagged

from ..demo.life import Life, quarters
from ..engine.transitions import DELIVERED, Event, replay
from ..engine.worktime import Calendar, Line, Timeline, period_edge

ZONE = "Europe/Brussels"
WEEK = [Line(day, *half) for day in range(5) for half in ((8, 12), (13, 17))]


@tagged("post_install", "-at_install")
class TestDemo(BaseCase):
    """The demo company has a likely past on whatever day it is installed."""

    def test_days_of_two_years(self):
        timeline = Timeline(Calendar(ZONE, tuple(WEEK)))
        first = datetime.fromisoformat("2027-01-01T23:30")
        for day in range(0, 731, 17):
            now = first + timedelta(days=day, hours=day)
            with self.subTest(now=now):
                self._check_life(timeline, now)

    def _check_life(self, timeline, now):
        days = quarters(timeline, ZONE, now, 5)
        start = period_edge(days[0], ZONE)
        life = Life(timeline, ZONE, start, now)
        orders = [*life.habits(), *life.stories()]
        self.assertEqual(len({order.reference for order in orders}), len(orders))
        self.assertLessEqual(period_edge(days[1], ZONE), now)
        states = set()
        for order in orders:
            moments = [event.at for event in order.events]
            self.assertEqual(moments, sorted(set(moments)), order.name)
            self.assertTrue(all(start <= moment <= now for moment in moments))
            told = replay(Event(e.kind, e.at, e.cause, e.moment) for e in order.events)
            states.add(told.state)
            for rating in order.ratings:
                self.assertLessEqual(rating["at"], now)
                self.assertIn(DELIVERED, [step.target for step in told.steps])
        self.assertGreater(
            states, {"submitted", "accepted", "in_progress", "waiting", "delivered"}
        )
