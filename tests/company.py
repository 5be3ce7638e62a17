"""A company to try things on: its people sign in, its services take orders.

``the_company(server)`` is shared by the tests that leave periods open; a test that
closes one makes a ``Company(server)`` of its own. Names are unique in the database.
"""

import functools
import itertools
import threading
import unittest
from datetime import date, datetime, timedelta, timezone

import psycopg2
import pytest
from rpc import RpcError, Server

REQUEST = "internal.request"
GROUP = "internal_customer.group_internal_customer_"
# name: department, whether he manages it, roles
CAST = {
    "sara": ("Sales", False, ()),
    "sam": ("Sales", False, ()),
    "sue": ("Sales", True, ()),
    "finn": ("Finance", False, ()),
    "fred": ("Finance", False, ()),
    "fay": ("Finance", True, ()),
    "paul": ("Payroll", False, ()),
    "mallory": ("Legal", False, ()),
    "olga": ("Office", False, ("officer",)),
    "ida": ("Office", False, ("incentive",)),
    "ivan": ("Office", False, ("incentive",)),
    "iris": ("Office", False, ("incentive",)),
}
PARENTS = {"Payroll": "Finance"}
BRUSSELS_OFFICE = [(day, *hours) for day in "01234" for hours in ((9, 12), (13, 18))]
# What a user is told in one sentence, and what his script gets 4xx for.
TOLD = {
    f"odoo.exceptions.{name}"
    for name in ("UserError", "ValidationError", "AccessError", "MissingError")
}
_NUMBER = itertools.count(1)


def unique(name: str) -> str:
    return f"{name}{next(_NUMBER)}"


class Person:
    """Somebody who signs in; unless told otherwise his login is his password."""

    def __init__(self, server: Server, login: str, password: str | None = None) -> None:
        self.server = server
        self.login = login
        self.password = password or login
        self.user_id = self.employee_id = 0

    def odoorpc(self, model, method, *args, **kwargs):
        return self.server.odoorpc_call(
            self.login, self.password, model, method, *args, **kwargs
        )

    def json2(self, model, method, **kwargs):
        return self.server.json2_call(
            self.login, self.password, model, method, **kwargs
        )

    @property
    def protocols(self):
        return self.odoorpc, self.json2


class Company:
    """A company of its own in the database, with the office hours of Brussels."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.admin = Person(server, "admin", "admin")
        self.id = 0
        self.id = self.create("res.company", {"name": unique("Company ")})
        self.calendar_id = self.calendar(BRUSSELS_OFFICE)
        self.write("res.company", self.id, {"resource_calendar_id": self.calendar_id})
        self._departments: dict[str, int] = {}
        self._people: dict[str, Person] = {}

    # As the administrator

    def call(self, model, method, *args, **kwargs):
        context = {"allowed_company_ids": [self.id]} if self.id else {}
        context |= kwargs.pop("context", {})
        return self.admin.odoorpc(model, method, *args, context=context, **kwargs)

    def create(self, model, values):
        return self.call(model, "create", values)

    def write(self, model, record_id, values):
        return self.call(model, "write", values, ids=[record_id])

    def read(self, model, record_id, *names):
        [values] = self.call(model, "read", list(names), ids=[record_id])
        return values[names[0]] if len(names) == 1 else values

    # What there is

    def calendar(self, lines, tz="Europe/Brussels"):
        """Make working hours from ``(day, hour from, hour to)``."""
        attendances = [
            {"name": day, "dayofweek": day, "hour_from": start, "hour_to": stop}
            for day, start, stop in lines
        ]
        values = {
            "name": unique("Hours "),
            "tz": tz,
            "company_id": self.id,
            "attendance_ids": [[5], *([0, 0, line] for line in attendances)],
        }
        return self.create("resource.calendar", values)

    def department(self, name):
        if name not in self._departments:
            parent = PARENTS.get(name)
            values = {
                "name": unique(f"{name} "),
                "company_id": self.id,
                "parent_id": self.department(parent) if parent else False,
            }
            self._departments[name] = self.create("hr.department", values)
        return self._departments[name]

    def person(self, name):
        """Return one of the cast; he is hired when first asked for."""
        if name not in self._people:
            department, manages, roles = CAST[name]
            person = self.hire(name, department, roles)
            if manages:
                self.write(
                    "hr.department",
                    self.department(department),
                    {"manager_id": person.employee_id},
                )
            self._people[name] = person
        return self._people[name]

    def hire(self, name, department=None, roles=(), login=None):
        """Make a user and, in a department, his employee."""
        person = Person(self.server, login or unique(f"{name}.") + "@acme.example")
        groups = ["base.group_user", *(GROUP + role for role in roles)]
        person.user_id = self.user(person.login, groups)
        if department:
            values = {
                "name": person.login.partition("@")[0],
                "user_id": person.user_id,
                "company_id": self.id,
                "department_id": self.department(department),
            }
            person.employee_id = self.create("hr.employee", values)
        return person

    def user(self, login, groups):
        values = {
            "name": login.partition("@")[0],
            "login": login,
            "email": login,
            "password": login,
            "company_id": self.id,
            "company_ids": [[6, 0, [self.id]]],
            "group_ids": [[6, 0, [self.ref(group) for group in groups]]],
        }
        return self.create("res.users", values)

    def ref(self, xml_id):
        return _ref(self.admin, xml_id)

    def service(self, supplier="Finance", **values):
        """Offer a service; return its id."""
        defaults = {
            "name": unique("Service "),
            "code": unique("S"),
            "company_id": self.id,
            "supplier_department_id": self.department(supplier),
        }
        return self.create("internal.service", {**defaults, **values})

    def order(self, service_id, who="sara", **values):
        """Place an order; return its id."""
        values = {"service": service_id, "name": unique("Order "), **values}
        return self.person(who).odoorpc(REQUEST, "place_order", values)["id"]

    def load(self, *rows):
        """Load history as the officer; return the ids."""
        answers = self.person("olga").odoorpc(REQUEST, "load_history", list(rows))
        bad = [answer["error"] for answer in answers if answer["status"] == "error"]
        assert not bad, bad
        return [answer["id"] for answer in answers]

    def done(self, service_id, at, score=None, **values):
        """Return a row of history: ordered on a day, delivered and accepted on it."""
        sara, finn = self.person("sara").login, self.person("finn").login
        kinds = {"submit": 8, "accept": 9, "deliver": 12, "confirm": 13}
        rating = {"score": score, "at": f"{at} 12:30:00"}
        return {
            "external_ref": unique("H-"),
            "service": self.read("internal.service", service_id, "code"),
            "requester": sara,
            "assignee": finn,
            "events": [
                {"kind": kind, "at": f"{at} {hour:02}:00:00"}
                for kind, hour in kinds.items()
            ],
            "ratings": [rating] if score else [],
            **values,
        }

    def quarter(self, first_day):
        """Make the quarter that begins on a day; return its id."""
        values = {"kind": "quarter", "date_from": str(first_day), "company_id": self.id}
        return self.person("olga").odoorpc("internal.period", "create", values)

    def plan(self, rules, **values):
        """Draft a plan as Ida: rules as dicts, their points as ``(from, factor)``."""
        commands = []
        for rule in rules:
            points = rule.get("tier_ids", ())
            tiers = [[0, 0, {"from_value": x, "factor": y}] for x, y in points]
            commands.append([0, 0, {**rule, "tier_ids": tiers}])
        values = {
            "name": unique("Plan "),
            "pool": 1000.0,
            "rule_ids": commands,
        } | values
        return self.person("ida").odoorpc("internal.incentive.plan", "create", values)

    def approve(self, plan_id):
        """Submit Ida's plan and have it approved by two others."""
        self.person("ida").odoorpc(PLAN, "action_submit", ids=[plan_id])
        for name in ("ivan", "iris"):
            self.person(name).odoorpc(PLAN, "action_approve", ids=[plan_id])


PERIOD = "internal.period"
PLAN = "internal.incentive.plan"
CARD = "internal.scorecard"
AWARD = "internal.incentive.award"
GOOD = {"kind": "linear", "metric": "good_rate", "tier_ids": [(0.8, 0.0), (0.98, 1.0)]}
VETO = {"kind": "veto"}


class CompanyCase(unittest.TestCase):
    """Cases in the shared company; ``refused`` is ``assertRaises`` over RPC."""

    server: Server
    company: Company

    @pytest.fixture(autouse=True)
    def _take_company(self, server):
        self.server = server
        self.company = the_company(server)

    def refused(self, call, *args, name=None, words="", **kwargs):
        """Assert that a call is refused in words, and return them."""
        with self.assertRaises(RpcError) as caught:
            call(*args, **kwargs)
        error = caught.exception
        self.assertIn(error.name, {f"odoo.exceptions.{name}"} if name else TOLD)
        self.assertTrue(error.message.strip())
        self.assertIn(words, error.message)
        return error.message


@functools.cache
def the_company(server: Server) -> Company:
    return Company(server)


@functools.cache
def _ref(admin: Person, xml_id: str) -> int:
    module, _dot, name = xml_id.partition(".")
    domain = [["module", "=", module], ["name", "=", name]]
    [row] = admin.odoorpc("ir.model.data", "search_read", domain, ["res_id"])
    return row["res_id"]


def quarter_of(day: date) -> date:
    """Return the first day of the quarter.

    >>> quarter_of(date(2026, 11, 24))
    datetime.date(2026, 10, 1)
    """
    return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)


def closable_quarter() -> date:
    """Return the first day of the last quarter that is over for two weeks."""
    today = datetime.now(timezone.utc).date()
    return quarter_of(quarter_of(today - timedelta(days=14)) - timedelta(days=1))


def in_hours(hours: float) -> str:
    moment = datetime.now(timezone.utc) + timedelta(hours=hours)
    return moment.isoformat(timespec="seconds")


@functools.cache
def _connection(database: str):
    connection = psycopg2.connect(dbname=database)  # PGHOST, PGUSER: of `dev test`
    connection.autocommit = True
    return connection


def sql(server: Server, statement: str, *values):
    """Run SQL as whoever owns the machine could; return the rows."""
    with _connection(server.db).cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def together(call, arguments):
    """Call from as many threads; return answers and errors, in order."""
    answers = [None] * len(arguments)
    gate = threading.Barrier(len(arguments))

    def run(place, argument):
        gate.wait()
        try:
            answers[place] = call(argument)
        except RpcError as error:
            answers[place] = error

    threads = [threading.Thread(target=run, args=item) for item in enumerate(arguments)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


TABLES = {
    "internal_request": "true",
    "internal_request_event": "true",
    "internal_request_stage": "true",
    "internal_service": "true",
    "internal_rating": "true",
    "internal_sla_policy": "true",
    "internal_sla_clock": "true",
    "internal_incentive_plan": "true",
    "internal_incentive_rule": "true",
    "internal_incentive_tier": "true",
    "internal_incentive_plan_line": "true",
    "internal_incentive_award": "true",
    "internal_incentive_award_line": "true",
    # A cron makes periods and fills the cards of open ones.
    "internal_period": "company_id = %(company)s AND create_uid <> 1",
    "internal_scorecard": (
        "company_id = %(company)s AND period_id IN"
        " (SELECT id FROM internal_period WHERE state = 'closed')"
    ),
}


def fingerprint(company: Company) -> dict[str, str]:
    """Return a checksum of each of our tables: equal when nothing has changed but who
    was told when, which the server does by itself."""
    prints = {}
    for table, where in TABLES.items():
        statement = (
            "SELECT md5(coalesce(string_agg((to_jsonb(t) - '{told_at, write_uid,"
            " write_date}'::text[])::text, '|' ORDER BY id), ''))"
            f" FROM {table} t WHERE {where % {'company': company.id}}"
        )
        [[prints[table]]] = sql(company.server, statement)
    return prints
