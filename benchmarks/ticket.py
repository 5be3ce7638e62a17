"""Tickets of a colleague: opened and closed without a promise, with OCA's, with ours.

What is left to the end of a transaction, tracking and the orders, is inside the clock.
"""

from .measure import ROUNDS, Side, in_turns, queries, ratio, result
from .move import Company, commit

INSTALL = ("helpdesk_mgmt_sla",)


def run(env, size=None):
    """Compare batches of tickets that a clerk enters for a seller.

    :param size: how many at once (100 and 1,000)
    """
    company = Company(env)
    closed = env["helpdesk.ticket.stage"].create({"name": "Closed", "closed": True})
    sides = {"none": {}, "ours": {"internal_service_id": company.service.id}}
    if "helpdesk.sla" in env:
        sides["OCA"] = {"use_sla": True}
        env["helpdesk.sla"].create(
            {"name": "Delivery", "hours": 16, "stage_id": closed.id}
        )
    teams = env["helpdesk.ticket.team"]
    desks = {
        name: _Desk(company, closed, teams.create({"name": name, **values}))
        for name, values in sides.items()
    }
    rows = []
    for count in [size] if size else (100, 1000):
        rows += _compare(env, desks, count)
    return rows


def _compare(env, desks, count):
    sides = {}
    for name, desk in desks.items():
        sides[name, "opened"] = desk.open(count)
        sides[name, "closed"] = desk.close
    times = in_turns(
        {key: Side(act, prepare=lambda: commit(env)) for key, act in sides.items()},
        rounds=ROUNDS if count < 1000 else 2,  # seconds each, of which little is ours
    )
    asked = {}
    for key, act in sides.items():
        commit(env)
        asked[key] = queries(env, act)
    goals = {("ours", "opened"): {"at_most": 1.1}, ("OCA", "opened"): {"at_least": 1.3}}
    return [
        result(
            f"{count} tickets {what}: {name} / no promise",
            ratio(times, (name, what), ("none", what)),
            queries=asked[name, what],
            **goals.get((name, what), {}),
        )
        for name, what in sides
        if name != "none"
    ]


class _Desk:
    """A team to which tickets come."""

    def __init__(self, company, closed, team):
        self._tickets = company.env["helpdesk.ticket"].with_user(company.clerk)
        self._closed = closed
        self._values = {
            "name": "Receipt",
            "description": "Receipt",
            "team_id": team.id,
            "partner_id": company.seller.partner_id.id,
        }

    def open(self, count):
        """Return what opens ``count`` tickets."""

        def act():
            values = [dict(self._values) for _ticket in range(count)]
            self._tickets = self._tickets.create(values)
            self._tickets.env.cr.flush()

        return act

    def close(self):
        """Close what was opened last."""
        self._tickets.write({"stage_id": self._closed.id})
        self._tickets.env.cr.flush()
