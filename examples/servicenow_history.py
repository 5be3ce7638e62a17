"""Load the history of a ServiceNow desk and judge it by promises of one's own.

    python3 servicenow_history.py --host 127.0.0.1 --port 8069 --db DB

The file has one row for each update of an incident, as ServiceNow exports them. Each
assignment group becomes a department with one service, each location a department that
orders, each caller a user who did. All of it goes into a company of its own; running
the script again changes nothing. Needs ``pip install odoorpc``.
"""

import argparse
import csv
import re
from collections import Counter, defaultdict
from datetime import datetime, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import odoorpc

COMPANY = "IT service desk (ServiceNow)"
INCIDENTS = Path(__file__).parent / "data" / "servicenow_incidents.csv"
COLUMNS = ("number", "incident_state", "opened_at", "sys_updated_at", "priority")
"""Without these there is nothing to judge; of the others any may be missing."""
PRIORITIES = {"1": "3", "2": "2", "3": "1", "4": "0"}
"""ServiceNow's level, 1 is critical: ours, 3 is urgent."""
HOURS = {"3": 5, "2": 0.25, "1": 121, "0": 121}
"""Our priority: hours, round the clock, until an incident must be resolved."""
STATES = {
    "New": "new",
    "Active": "active",
    "Resolved": "resolved",
    "Closed": "resolved",
}
PROGRESS = ("new", "active", "waiting", "resolved")
BATCH = 1000


def read_incidents(path):
    """Return ``{number: updates}`` of a file of updates, in the order of the file."""
    incidents = defaultdict(list)
    with open(path, encoding="utf-8-sig", errors="replace", newline="") as file:
        rows = csv.DictReader(file)
        if missing := set(COLUMNS) - set(rows.fieldnames or ()):
            raise SystemExit(f"{path} has no column {', '.join(sorted(missing))}.")
        for row in rows:
            incidents[row["number"]].append(row)
    return dict(incidents)


class Incident:
    """All updates of one incident, in the order in which they happened."""

    def __init__(self, number, updates, zone):
        self.number, self.zone = number, zone
        self.updates = sorted(updates, key=self._place)
        closed = [u for u in self.updates if u["incident_state"] == "Closed"]
        self.last = (closed or self.updates)[-1]

    def _place(self, update):
        reopened = known(update.get("reopen_count")) or "0"
        return (
            self._moment("sys_updated_at", update["sys_updated_at"]) or EARLIEST,
            int(reopened) if reopened.isdigit() else 0,
            PROGRESS.index(state_of(update) or "new"),
        )

    def _moment(self, column, text):
        """Return a local time as UTC; None where it is empty."""
        if not known(text):
            return None
        try:
            text = text.strip().replace("/", "-")
            local = datetime.strptime(f"{text} +0000", "%d-%m-%Y %H:%M %z")
        except ValueError:
            raise ValueError(f"{column}: {text} is not DD-MM-YYYY HH:MM") from None
        return local.replace(tzinfo=self.zone).astimezone(timezone.utc)

    def told(self, column):
        """Return what the incident says last in a column; None: nothing."""
        values = (known(u.get(column)) for u in [self.last, *reversed(self.updates)])
        return next(filter(None, values), None)

    def at(self, column):
        return self._moment(column, self.told(column))

    def group(self):
        return known(self.last.get("assignment_group")) or "Unassigned"

    def location(self):
        return self.told("location") or "Unknown location"

    def caller(self):
        return self.told("caller_id") or "Unknown caller"

    def worker(self):
        return self.told("assigned_to") or self.told("resolved_by") or "Unassigned"

    def made_sla(self):
        """Return ServiceNow's own verdict; None where it gave none."""
        return {"true": True, "false": False}.get((self.told("made_sla") or "").lower())

    def states(self):
        """Return when it entered which state; of one minute the last one counts."""
        moments = {}
        for update in self.updates:
            at = self._moment("sys_updated_at", update["sys_updated_at"])
            if at and state_of(update):
                moments[at] = state_of(update)
        states = []
        for at, state in moments.items():
            if not states or states[-1][1] != state:
                states.append((at, state))
        return states

    def events(self):
        """Return what happened, as ``load_history`` takes it.

        An Awaiting state is a wait for a third party; Resolved is a delivery, and
        whatever follows it a rejection. The last delivery is at ``resolved_at``, or
        where that is empty at ``closed_at``.
        """
        opened, closed = self.at("opened_at"), self.at("closed_at")
        if not opened:
            raise ValueError("opened_at: is empty")
        states = self.states()
        end = self.at("resolved_at") or closed
        if not end and states and states[-1][1] == "resolved":
            end = states[-1][0]
        states = [s for s in states if opened <= s[0] and (not end or s[0] < end)]
        if states and states[-1][1] == "resolved":
            states.pop()  # the last delivery is at ``end``
        events = [{"kind": "submit", "at": opened}]
        before, started = "new", False
        for at, state in states:
            if before == "resolved":
                events.append({"kind": "reject", "at": at})
                started = True
            if before == "waiting" and state != "resolved":
                events.append({"kind": "resume", "at": at})
            if state == "waiting":
                events.append({"kind": "wait", "at": at, "cause": "third_party"})
            elif state == "resolved":
                events.append({"kind": "deliver", "at": at})
            elif state == "active" and not started:
                events.append({"kind": "start", "at": at})
                started = True
            before = state
        if end:
            events.append({"kind": "deliver", "at": end})
            if closed and closed >= end:
                events.append({"kind": "confirm", "at": closed})
        return [{**event, "at": event["at"].isoformat()} for event in events]

    def row(self):
        """Return it as a row of ``load_history``.

        :raises ValueError: a time or the priority cannot be read
        """
        if not known(self.number):
            raise ValueError("number: is empty")
        priority = self.told("priority") or "?"
        if priority[0] not in PRIORITIES:
            raise ValueError(f"priority: {priority} is none of 1 to 4")
        words = (self.told("category"), self.told("subcategory"))
        return {
            "external_ref": self.number,
            "name": ", ".join(filter(None, words)) or self.number,
            "service": self.group(),
            "customer": self.location(),
            "requester": login(self.caller()),
            "assignee": login(self.worker()),
            "priority": PRIORITIES[priority[0]],
            "events": self.events(),
        }


EARLIEST = datetime.min.replace(tzinfo=timezone.utc)


def known(text):
    """Return a value without the blanks around it; None for an empty one, or ``?``."""
    text = (text or "").replace("\0", "").strip()
    return None if text in ("", "?") else text


def state_of(update):
    """Return ``new``, ``active``, ``waiting`` or ``resolved``; None: not known."""
    state = known(update["incident_state"]) or ""
    return "waiting" if state.startswith("Awaiting") else STATES.get(state)


def login(name):
    """Return the login of somebody.

    >>> login("Caller 2403")
    'caller.2403@servicenow.example'
    """
    return re.sub(r"[^a-z0-9]+", ".", name.lower()) + "@servicenow.example"


def convert(incidents, zone):
    """Return the incidents that can be loaded, their rows, and errors, by number."""
    good, rows, errors = {}, {}, {}
    for number, updates in incidents.items():
        try:
            incident = Incident(number, updates, zone)
            rows[number] = incident.row()
            good[number] = incident
        except ValueError as error:
            errors[number] = str(error)
    return good, rows, errors


class Desk:
    """The company on the server that the incidents go into."""

    def __init__(self, odoo, zone):
        self.env, self.zone = odoo.env, zone
        companies = self.env["res.company"]
        found = companies.search([("name", "=", COMPANY)])
        self.id = found[0] if found else companies.create({"name": COMPANY})
        self.env.context["allowed_company_ids"] = [self.id]
        self.env.context["no_reset_password"] = True  # nobody gets a mail

    def ensure(self, model, key, records):
        """Return ``{value of key: id}`` of the records; those missing are made."""
        wanted = list({record[key]: record for record in records}.items())
        ids = {}
        for start in range(0, len(wanted), BATCH):
            batch = dict(wanted[start : start + BATCH])
            domain = [(key, "in", list(batch)), ("company_id", "=", self.id)]
            for record in self.env[model].search_read(domain, [key]):
                ids.setdefault(record[key], record["id"])
            missing = {value: batch[value] for value in batch if value not in ids}
            if missing:
                values = [{**v, "company_id": self.id} for v in missing.values()]
                made = self.env[model].create(values)
                ids.update(zip(missing, made, strict=True))
        return ids

    def set_up(self, incidents):
        """Make the departments, services and users that the incidents name."""
        groups = {incident.group() for incident in incidents}
        customers = {incident.location() for incident in incidents}
        people = {i.caller() for i in incidents} | {i.worker() for i in incidents}
        departments = self.ensure(
            "hr.department", "name", [{"name": name} for name in groups | customers]
        )
        self.ensure(
            "internal.service",
            "code",
            [
                {"code": g, "name": g, "supplier_department_id": departments[g]}
                for g in groups
            ],
        )
        # Names of the past, without any rights here: a user with rights costs Odoo
        # four times as long, most of it for his picture.
        nobody = {"group_ids": [(5, 0, 0)], "company_ids": [(6, 0, [self.id])]}
        self.ensure(
            "res.users",
            "login",
            [{"login": login(name), "name": name, **nobody} for name in people],
        )
        self._promise()

    def _promise(self):
        """Make the policies: hours by priority, round the clock."""
        day = {"name": "Day", "hour_from": 0, "hour_to": 24, "day_period": "full_day"}
        days = [{**day, "dayofweek": str(number)} for number in range(7)]
        always = {
            "name": "Round the clock",
            "tz": self.zone.key,
            "attendance_ids": [(5, 0, 0), *((0, 0, day) for day in days)],
        }
        [calendar] = self.ensure("resource.calendar", "name", [always]).values()
        self.env["res.company"].write([self.id], {"resource_calendar_id": calendar})
        policies = [
            {
                "name": f"Resolved in {HOURS[ours]} h (priority {theirs})",
                "metric": "resolution",
                "priority": ours,
                "hours": HOURS[ours],
                "calendar_id": calendar,
                "pause_third_party": False,
            }
            for theirs, ours in PRIORITIES.items()
        ]
        self.ensure("internal.sla.policy", "name", policies)

    def load(self, rows):
        """Load the rows; return the server's answers."""
        answers = []
        for start in range(0, len(rows), BATCH):
            batch = rows[start : start + BATCH]
            answers += self.env["internal.request"].load_history(batch)
        return answers

    def verdicts(self, ids):
        """Return ``{request id: whether it was on time}`` of the judged ones."""
        clocks = self.env["internal.sla.clock"].search_read(
            [
                ("request_id", "in", ids),
                ("metric", "=", "resolution"),
                ("state", "in", ["met", "breached"]),
            ],
            ["request_id", "state"],
        )
        return {clock["request_id"][0]: clock["state"] == "met" for clock in clocks}

    def scorecards(self, year):
        """Compute a year's scorecards; return those of services, the largest first."""
        first = f"{year}-01-01"
        periods = self.env["internal.period"]
        domain = [("kind", "=", "year"), ("date_from", "=", first)]
        found = periods.search([*domain, ("company_id", "=", self.id)])
        [period] = found or [periods.create({"kind": "year", "date_from": first})]
        if periods.browse(period).state == "open":
            periods.browse(period).action_compute()
        cards = self.env["internal.scorecard"].report_scorecards(
            period, "supplier", "service"
        )
        return sorted(cards, key=lambda card: (-card["request_count"], card["service"]))


def show(year, cards):
    print(f"\n{year:<24}{'Requests':>10}{'On time':>10}{'Mean hours':>12}")
    for card in cards:
        on_time, hours = card["on_time_rate"], card["resolution_hours"]
        print(
            f"{card['service']:<24}{card['request_count']:>10}"
            f"{'' if on_time is False else f'{on_time:.0%}':>10}"
            f"{'' if hours is False else f'{hours:.1f}':>12}"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8069)
    parser.add_argument("--db", required=True)
    parser.add_argument("--login", default="admin")
    parser.add_argument("--password", default="admin")
    parser.add_argument("--file", type=Path, default=INCIDENTS)
    parser.add_argument("--zone", default="UTC", help="time zone of the file's times")
    options = parser.parse_args()
    zone = ZoneInfo(options.zone)

    incidents, rows, errors = convert(read_incidents(options.file), zone)
    odoo = odoorpc.ODOO(options.host, port=options.port, timeout=3600)
    odoo.login(options.db, options.login, options.password)
    desk = Desk(odoo, zone)
    desk.set_up(incidents.values())
    answers = desk.load(list(rows.values()))
    errors |= {a["external_ref"]: a["error"] for a in answers if a["error"]}
    numbers = {a["id"]: a["external_ref"] for a in answers if not a["error"]}

    done = Counter(a["status"] for a in answers if not a["error"])
    told = ", ".join(f"{count} {status}" for status, count in sorted(done.items()))
    total = sum(done.values()) + len(errors)
    print(f"{total} incidents: {told or 'none'}, {len(errors)} with errors")
    for number, error in errors.items():
        print(f"  {number}: {error}")

    years = {event["at"][:4] for n in numbers.values() for event in rows[n]["events"]}
    for year in sorted(years):
        show(year, desk.scorecards(year))
    theirs = {id_: incidents[number].made_sla() for id_, number in numbers.items()}
    ours = desk.verdicts(list(numbers))
    both = [id_ for id_ in ours if theirs[id_] is not None]
    same = sum(ours[id_] == theirs[id_] for id_ in both)
    print(f"\n{same} of {len(both)} verdicts as ServiceNow's")


if __name__ == "__main__":
    main()
