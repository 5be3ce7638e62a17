"""Go the whole road: from an order to the lines of an award that explain its money.

    python3 order_to_award.py --host 127.0.0.1 --port 8069 --db DB

Makes a small company of its own with four people, each of whom signs in and does his
part. Ann of Sales orders a laptop, Ben of IT delivers it, Ann rates it. Last quarter's
orders come from another system, the quarter is closed, and a plan that Cora and Dan
approved pays IT for it. Run it again: the quarter and its award stay as they are.
Needs ``pip install odoorpc``.
"""

import argparse
import secrets
from datetime import date, datetime, time, timedelta, timezone

import odoorpc

COMPANY = "Order to award"
PLAN = "Quarter bonus"
PEOPLE = {"Ann": "Sales", "Ben": "IT", "Cora": "Controlling", "Dan": "Controlling"}
SCORES = (5, 4, 5, 3, 5, 5, 4, 5, None, 5)
"""Last quarter's ratings, one order a week; one was not rated."""
LATE = 6
"""The order that took longer than the 40 working hours of the shipped policy."""


def login(name):
    return f"{name.lower()}@order-to-award.example"


class Road:
    """What the administrator does."""

    def __init__(self, options):
        self.options = options
        self.env = self.sign_in(options.login, options.password).env
        companies = self.env["res.company"]
        found = companies.search([("name", "=", COMPANY)])
        self.company = found[0] if found else companies.create({"name": COMPANY})
        self.env.context["allowed_company_ids"] = [self.company]
        self.env.context["no_reset_password"] = True

    def sign_in(self, login, password):
        options = self.options
        odoo = odoorpc.ODOO(options.host, port=options.port, timeout=600)
        odoo.login(options.db, login, password)
        return odoo

    def ensure(self, model, key, *records):
        """Return the ids of the records, in their order; those missing are made."""
        values = [record[key] for record in records]
        domain = [(key, "in", values), ("company_id", "=", self.company)]
        ids = {r[key]: r["id"] for r in self.env[model].search_read(domain, [key])}
        missing = [
            {**record, "company_id": self.company}
            for record in records
            if record[key] not in ids
        ]
        if missing:
            made = self.env[model].create(missing)
            ids.update(zip((record[key] for record in missing), made, strict=True))
        return [ids[value] for value in values]

    def hire(self):
        """Make departments, users and employees; return ``{name: session}``."""
        names = sorted(set(PEOPLE.values()))
        ids = self.ensure("hr.department", "name", *({"name": n} for n in names))
        self.departments = dict(zip(names, ids, strict=True))
        colleague = self.env.ref("base.group_user").id
        payer = self.env.ref("internal_customer.group_internal_customer_incentive").id
        users = self.ensure(
            "res.users",
            "login",
            *(
                {
                    "login": login(name),
                    "name": name,
                    "company_ids": [(6, 0, [self.company])],
                    "group_ids": [
                        (6, 0, [payer if department == "Controlling" else colleague])
                    ],
                }
                for name, department in PEOPLE.items()
            ),
        )
        self.ensure(
            "hr.employee",
            "name",
            *(
                {"name": name, "user_id": user, "department_id": self.departments[d]}
                for (name, d), user in zip(PEOPLE.items(), users, strict=True)
            ),
        )
        passwords = [secrets.token_urlsafe() for _ in users]
        for user, password in zip(users, passwords, strict=True):
            self.env["res.users"].write([user], {"password": password})
        return {
            name: self.sign_in(login(name), password)
            for name, password in zip(PEOPLE, passwords, strict=True)
        }

    def offer(self):
        """Put the service into the catalogue."""
        service = {"code": "laptop", "name": "Laptop", "veto": True}
        supplier = {"supplier_department_id": self.departments["IT"]}
        self.ensure("internal.service", "code", {**service, **supplier})

    def plan(self, approvers):
        """Make a plan, unless it is there, and let two people approve it."""
        plans = self.env["internal.incentive.plan"]
        mine = [("name", "=", PLAN), ("company_id", "=", self.company)]
        if found := plans.search(mine):
            return found[0]
        good = {
            "kind": "linear",
            "metric": "good_rate",
            "weight": 70,
            "tier_ids": [
                (0, 0, {"from_value": 0.8, "factor": 0.5}),
                (0, 0, {"from_value": 0.95, "factor": 1.2}),
            ],
        }
        on_time = {
            "kind": "step",
            "metric": "on_time_rate",
            "weight": 30,
            "tier_ids": [(0, 0, {"from_value": 0.9, "factor": 1})],
        }
        enough = {"kind": "gate", "metric": "response_rate", "value": 0.5}
        plan = plans.create(
            {
                "name": PLAN,
                "company_id": self.company,
                "pool": 1000,
                "department_ids": [(6, 0, [self.departments["IT"]])],
                "rule_ids": [
                    (0, 0, rule) for rule in (good, on_time, enough, {"kind": "veto"})
                ],
            }
        )
        plans.action_submit([plan])
        for person in approvers:
            person.env["internal.incentive.plan"].action_approve([plan])
        return plan

    def load_quarter(self, first):
        """Load a quarter's orders, one a week from its first Monday on."""
        monday = first + timedelta(days=-first.weekday() % 7)
        morning = datetime.combine(monday, time(9), timezone.utc)
        rows = []
        for week, score in enumerate(SCORES):
            ordered = morning + timedelta(weeks=week)
            delivered = ordered + timedelta(days=11 if week == LATE else 2)
            rated = delivered + timedelta(days=1)
            happened = [
                ("submit", ordered),
                ("accept", ordered + timedelta(hours=1)),
                ("deliver", delivered),
                ("confirm", rated),
            ]
            rows.append(
                {
                    "external_ref": f"{first}/{week}",
                    "service": "laptop",
                    "customer": "Sales",
                    "requester": login("Ann"),
                    "assignee": login("Ben"),
                    "name": "Laptop",
                    "events": [
                        {"kind": kind, "at": at.isoformat()} for kind, at in happened
                    ],
                    "ratings": [{"score": score, "at": rated.isoformat()}]
                    if score
                    else [],
                }
            )
        answers = self.env["internal.request"].load_history(rows)
        if errors := [answer for answer in answers if answer["error"]]:
            raise SystemExit(f"Not loaded: {errors}")
        return len(rows)

    def close(self, first):
        """Compute and close the quarter; return its id."""
        periods = self.env["internal.period"]
        quarter = {"kind": "quarter", "date_from": str(first)}
        [period] = self.ensure("internal.period", "date_from", quarter)
        if periods.browse(period).state == "open":
            periods.action_compute([period])
            periods.action_close([period])
        return period


def last_quarter(today):
    """Return the first day of the last quarter that can be closed: one over for two
    weeks, since closing waits five working days.

    >>> last_quarter(date(2026, 4, 20)), last_quarter(date(2026, 4, 3))
    (datetime.date(2026, 1, 1), datetime.date(2025, 10, 1))
    """
    day = today - timedelta(days=14)
    end = date(day.year, (day.month - 1) // 3 * 3 + 1, 1) - timedelta(days=1)
    return date(end.year, end.month - 2, 1)


def order(ann, ben):
    """Order a laptop, accept it with a promise, deliver it, rate it."""
    mine, his = (person.env["internal.request"] for person in (ann, ben))
    placed = mine.place_order({"service": "laptop", "name": "For the new colleague"})
    ids = [placed["id"]]
    print(f"Ann orders {placed['number']}: {placed['state']}")
    promised = datetime.now(timezone.utc) + timedelta(days=3)
    print("Ben accepts:", his.action_accept(ids, promised.isoformat())[0]["state"])
    his.action_start(ids)
    print("Ben delivers:", his.action_deliver(ids, "On your desk")[0]["state"])
    print("Ann rates it 5:", mine.action_rate(ids, 5, "Fast!")[0]["state"])
    fields = ["promised_at", "delivered_at", "sla_state", "rating_state"]
    for name, value in mine.read(ids, fields)[0].items():
        if name != "id":
            print(f"  {name}: {value}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8069)
    parser.add_argument("--db", required=True)
    parser.add_argument("--login", default="admin")
    parser.add_argument("--password", default="admin")
    road = Road(parser.parse_args())

    people = road.hire()
    road.offer()
    order(people["Ann"], people["Ben"])
    first = last_quarter(datetime.now(timezone.utc).date())
    print(f"\nThe quarter from {first} on: {road.load_quarter(first)} orders")
    plan = road.plan([people["Cora"], people["Dan"]])
    period = road.close(first)
    [card] = road.env["internal.scorecard"].report_scorecards(
        period, "supplier", "department"
    )
    for figure in ("request_count", "on_time_rate", "good_rate", "response_rate"):
        print(f"  {figure}: {card[figure]}")
    road.env["internal.incentive.plan"].action_evaluate([plan], period)
    for award in road.env["internal.incentive.award"].report_awards(period):
        money = f"{award['amount']:.2f} {award['currency']}"
        print(f"\n{award['department']}, {award['period']}: {money} {award['state']}")
        for line in award["lines"]:
            print(f"  {line['text']}")


if __name__ == "__main__":
    main()
