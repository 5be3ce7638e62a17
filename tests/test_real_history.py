"""The real history of a ServiceNow desk, judged as the file itself says.

What is right is calculated here from the file, in plain Python, without our engine.
"""

import csv
import importlib.util
import random
import re
import subprocess
import sys
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import pytest
from conftest import CHECKOUT

SCRIPT = CHECKOUT / "examples" / "servicenow_history.py"
INCIDENTS = CHECKOUT / "examples" / "data" / "servicenow_incidents.csv"
UTC = ZoneInfo("UTC")
TARGET_HOURS = {"1": 5, "2": 0.25, "3": 121, "4": 121}
OPENED = "01-03-2016 08:00"


def load_module():
    spec = importlib.util.spec_from_file_location("servicenow_history", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


history = load_module()


def read(path=INCIDENTS):
    incidents = {}
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            incidents.setdefault(row["number"], []).append(row)
    return incidents


def moment(text):
    return datetime.strptime(f"{text} +0000", "%d-%m-%Y %H:%M %z")


def hours_taken(last):
    """From opened to resolved, to closed where no resolved time is given."""
    end = last["closed_at"] if last["resolved_at"] == "?" else last["resolved_at"]
    return (moment(end) - moment(last["opened_at"])).total_seconds() / 3600


def on_time(last):
    return hours_taken(last) <= TARGET_HOURS[last["priority"][0]]


def run(server, *options):
    address = ["--host", server.host, "--port", str(server.port), "--db", server.db]
    done = subprocess.run(
        [sys.executable, SCRIPT, *address, *options],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def output(server):
    return run(server)


@pytest.fixture(scope="module")
def call(server, output):
    def call(*args, **kwargs):
        return server.odoorpc_call("admin", "admin", *args, **kwargs)

    [company] = call("res.company", "search", [("name", "=", history.COMPANY)])
    context = {"allowed_company_ids": [company]}
    return lambda *args, **kwargs: call(*args, **kwargs, context=context)


@pytest.fixture(scope="module")
def orders(call):
    fields = ["external_ref", "state", "reopen_count", "priority"]
    found = call("internal.request", "search_read", [], fields)
    return {order["external_ref"]: order for order in found}


@pytest.fixture(scope="module")
def clocks(call, orders):
    fields = ["request_id", "metric", "state", "elapsed_hours", "target_hours"]
    found = call("internal.sla.clock", "search_read", [], fields)
    references = {order["id"]: number for number, order in orders.items()}
    return {references[clock["request_id"][0]]: clock for clock in found}


class TestLoaded:
    """450 incidents of a real desk, in a company of their own."""

    def test_all_are_loaded(self, output, orders):
        assert output.startswith("450 incidents: 450 created, 0 with errors\n")
        assert orders.keys() == read().keys()
        assert {order["state"] for order in orders.values()} == {"done"}

    def test_verdicts_are_those_of_the_file(self, clocks):
        expected = {number: rows[-1] for number, rows in read().items()}
        assert {number: clock["state"] for number, clock in clocks.items()} == {
            number: "met" if on_time(last) else "breached"
            for number, last in expected.items()
        }

    def test_verdicts_are_servicenows_but_for_eight(self, output):
        same = sum(
            on_time(rows[-1]) == (rows[-1]["made_sla"] == "TRUE")
            for rows in read().values()
        )
        assert same == 442
        assert output.endswith("\n442 of 450 verdicts as ServiceNow's\n")

    def test_hours_are_those_of_the_file(self, clocks, orders):
        """Waiting counts; only what lay resolved until it was reopened does not."""
        for number, rows in read().items():
            taken, elapsed = hours_taken(rows[-1]), clocks[number]["elapsed_hours"]
            if orders[number]["reopen_count"]:
                assert elapsed < taken
            else:
                assert elapsed == pytest.approx(taken), number

    def test_reopenings_are_counted(self, orders):
        reopened = {
            n: o["reopen_count"] for n, o in orders.items() if o["reopen_count"]
        }
        assert reopened == {
            number: int(rows[-1]["reopen_count"])
            for number, rows in read().items()
            if rows[-1]["reopen_count"] != "0"
        }

    def test_scorecards_by_service(self, output):
        """Requests, on time and mean hours of each group, as the file says."""
        groups = {}
        for rows in read().values():
            group = rows[-1]["assignment_group"]
            group = "Unassigned" if group == "?" else group
            groups.setdefault(group, []).append(rows)
        for group, incidents in groups.items():
            [line] = re.findall(rf"^{group} .*$", output, re.MULTILINE)
            count, rate, mean = line.removeprefix(group).split()
            lasts = [rows[-1] for rows in incidents]
            assert int(count) == len(incidents), line
            share = sum(map(on_time, lasts)) / len(lasts)
            assert rate == f"{share:.0%}", line
            if all(last["reopen_count"] == "0" for last in lasts):
                expected = sum(map(hours_taken, lasts)) / len(lasts)
                assert float(mean) == pytest.approx(expected, abs=0.06), line

    def test_again_changes_nothing(self, server, call, output):
        def everything():
            return {
                model: call(model, "search_count", [])
                for model in (
                    "internal.request",
                    "internal.request.event",
                    "internal.sla.clock",
                    "internal.scorecard",
                    "internal.service",
                    "internal.sla.policy",
                    "hr.department",
                    "res.users",
                )
            }

        before = everything()
        again = run(server)
        assert again == output.replace("450 created", "450 unchanged")
        assert everything() == before

    def test_events_are_sealed(self, call):
        assert call("internal.request", "verify_events")["broken"] == []

    def test_a_damaged_extract(self, server, call, tmp_path):
        """One bad incident costs itself alone, and the others are judged right."""
        chance = random.Random(3)
        lasts, rows = {}, []
        for number, updates in list(read().items())[:80]:
            lasts[f"X{number}"] = updates[-1]
            for update in updates:
                damaged = {**update, "number": f"X{number}"}
                for column in ("location", "category", "assigned_to", "resolved_by"):
                    if chance.random() < 0.3:
                        damaged[column] = "?"
                rows += [damaged] * chance.choice([1, 1, 2])
        chance.shuffle(rows)
        damages = [
            ("opened_at", "?"),
            ("priority", "?"),
            ("resolved_at", "01-01-2016 10:00"),  # before it was opened
            ("sys_updated_at", "yesterday"),
        ]
        bad = dict(zip(chance.sample(list(lasts), 4), damages, strict=True))
        for row in rows:
            if row["number"] in bad:
                column, value = bad[row["number"]]
                row[column] = value
        path = tmp_path / "damaged.csv"
        with open(path, "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            writer.writerows(rows)

        output = run(server, "--file", path)
        first, *told = output.splitlines()
        assert first == "80 incidents: 76 created, 4 with errors"
        assert {line.split(":")[0].strip() for line in told[:4]} == set(bad)
        clocks = call(
            "internal.sla.clock",
            "search_read",
            [("request_id.external_ref", "in", list(lasts))],
            ["request_id", "state"],
        )
        orders = call(
            "internal.request",
            "search_read",
            [("external_ref", "in", list(lasts))],
            ["external_ref"],
        )
        references = {order["id"]: order["external_ref"] for order in orders}
        assert {references[c["request_id"][0]]: c["state"] for c in clocks} == {
            number: "met" if on_time(last) else "breached"
            for number, last in lasts.items()
            if number not in bad
        }


def incident(*states, zone=UTC, **columns):
    """Make an incident from ``("DD HH:MM", state)`` of March 2016."""
    common = dict.fromkeys(next(iter(read().values()))[0], "?")
    common |= {"number": "INC1", "opened_at": OPENED, "priority": "3 - Moderate"}
    common |= {"reopen_count": "0", "caller_id": "Caller 1", **columns}
    updates = []
    for at, state in states:
        day, hour = at.split()
        at = f"{day}-03-2016 {hour}"
        updates.append({**common, "incident_state": state, "sys_updated_at": at})
    return history.Incident("INC1", updates, zone)


def told(made):
    """Return its events as ``DD HH:MM kind``."""
    events = [
        (datetime.fromisoformat(e["at"]).astimezone(timezone.utc), e["kind"])
        for e in made.row()["events"]
    ]
    return [f"{at:%d %H:%M} {kind}" for at, kind in events]


class TestConversion:
    def test_waiting_and_back(self):
        made = incident(
            ("01 08:10", "New"),
            ("01 09:00", "Active"),
            ("01 10:00", "Awaiting User Info"),
            ("01 11:00", "Awaiting Problem"),
            ("01 12:00", "Active"),
            ("01 13:00", "Awaiting Vendor"),
            ("01 15:00", "Resolved"),
            ("06 15:00", "Closed"),
            resolved_at="01-03-2016 15:00",
            closed_at="06-03-2016 15:00",
        )
        assert told(made) == [
            "01 08:00 submit",
            "01 09:00 start",
            "01 10:00 wait",
            "01 12:00 resume",
            "01 13:00 wait",
            "01 15:00 deliver",
            "06 15:00 confirm",
        ]
        causes = {event.get("cause") for event in made.row()["events"]}
        assert causes == {None, "third_party"}

    def test_reopened_into_waiting(self):
        made = incident(
            ("01 09:00", "Resolved"),
            ("02 09:00", "Awaiting Evidence"),
            ("02 10:00", "Active"),
            ("02 11:00", "Resolved"),
            ("02 11:05", "Resolved"),
            ("03 11:00", "New"),
            resolved_at="02-03-2016 11:05",
        )
        assert told(made) == [
            "01 08:00 submit",
            "01 09:00 deliver",
            "02 09:00 reject",
            "02 09:00 wait",
            "02 10:00 resume",
            "02 11:05 deliver",
        ]

    def test_of_one_minute_the_last_state_counts(self):
        made = incident(
            ("01 09:00", "Awaiting User Info"),
            ("01 10:00", "Resolved"),
            ("01 10:00", "Active"),
            ("01 10:00", "Awaiting User Info"),
            resolved_at="01-03-2016 10:00",
        )
        assert told(made) == ["01 08:00 submit", "01 09:00 wait", "01 10:00 deliver"]

    def test_what_lies_outside_is_left_out(self):
        made = incident(
            ("01 07:00", "Awaiting User Info"),
            ("01 11:00", "Active"),
            resolved_at="01-03-2016 10:00",
            closed_at="01-03-2016 09:00",  # before it was resolved: no acceptance
        )
        assert told(made) == ["01 08:00 submit", "01 10:00 deliver"]

    def test_without_resolved_it_is_delivered_when_closed(self):
        made = incident(("01 09:00", "Active"), closed_at="04-03-2016 10:00")
        assert told(made)[2:] == ["04 10:00 deliver", "04 10:00 confirm"]

    def test_without_both_it_is_delivered_by_its_state(self):
        made = incident(("01 09:00", "Resolved"), ("02 09:00", "Closed"))
        assert told(made) == ["01 08:00 submit", "01 09:00 deliver"]

    def test_open_ones_and_unknown_states(self):
        made = incident(("01 09:00", "-100"), ("01 10:00", "Active"), ("01 11:00", "?"))
        assert told(made) == ["01 08:00 submit", "01 10:00 start"]

    def test_what_is_empty_has_a_name(self):
        row = incident(("01 09:00", "Active"), caller_id="?").row()
        assert (row["service"], row["customer"]) == ("Unassigned", "Unknown location")
        assert row["requester"] == "unknown.caller@servicenow.example"
        assert row["name"] == "INC1"

    @pytest.mark.parametrize("level", ["1 - Critical", "2 - High", "3", "4 - Low"])
    def test_priority(self, level):
        made = incident(("01 09:00", "Active"), priority=level)
        assert made.row()["priority"] == str({"1": 3, "2": 2, "3": 1, "4": 0}[level[0]])

    @pytest.mark.parametrize(
        ("column", "value", "message"),
        [
            ("opened_at", "?", "opened_at: is empty"),
            ("opened_at", "31-02-2016 10:00", "opened_at: 31-02-2016 10:00 is not"),
            ("closed_at", "soon", "closed_at: soon is not DD-MM-YYYY HH:MM"),
            ("priority", "?", "priority: [?] is none of 1 to 4"),
            ("priority", "9 - Whim", "priority: 9 - Whim is none"),
        ],
    )
    def test_errors_say_which_column(self, column, value, message):
        with pytest.raises(ValueError, match=message):
            incident(("01 09:00", "Active"), **{column: value}).row()

    def test_columns_that_may_be_missing(self, tmp_path):
        path = tmp_path / "short.csv"
        path.write_text(
            "number,incident_state,opened_at,sys_updated_at,priority\n"
            f"INC1,New,{OPENED},01-03-2016 09:00,4 - Low\n"
        )
        good, _rows, errors = history.convert(history.read_incidents(path), UTC)
        assert told(good["INC1"]) == ["01 08:00 submit"]
        assert not errors

    def test_columns_that_may_not(self, tmp_path):
        path = tmp_path / "none.csv"
        path.write_text("number,incident_state\n")
        with pytest.raises(SystemExit, match="no column opened_at, priority, sys_up"):
            history.read_incidents(path)

    def test_times_are_of_the_zone(self):
        made = incident(("01 09:00", "Active"), zone=ZoneInfo("Europe/Brussels"))
        assert told(made) == ["01 07:00 submit", "01 08:00 start"]

    def test_order_and_repetition_of_rows_do_not_matter(self):
        chance = random.Random(1)
        for number, updates in read().items():
            row = history.Incident(number, updates, UTC).row()
            mixed = updates + chance.choices(updates, k=3)
            chance.shuffle(mixed)
            assert history.Incident(number, mixed, UTC).row() == row

    def test_no_damage_raises_anything_else(self):
        """Any cell may be empty or nonsense: the row is made, or the error is told."""
        chance = random.Random(2)
        incidents = read()
        for updates in incidents.values():
            for update in updates:
                for column in chance.sample(sorted(update), 2):
                    update[column] = chance.choice(
                        ["?", "", None, "nonsense", "²", "7"]
                    )
        good, rows, errors = history.convert(incidents, UTC)
        assert good.keys() == rows.keys()
        assert good.keys() | errors.keys() == incidents.keys()
        assert rows
