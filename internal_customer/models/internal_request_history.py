from collections import Counter, defaultdict
from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from ..engine import transitions
from ..engine.score import GOOD
from ..engine.transitions import (
    CAUSES,
    CUSTOMER,
    DELIVERED,
    DONE,
    TABLE,
    Event,
)
from .internal_period import is_counted
from .internal_request_life import event_rows
from .internal_validated import INVISIBLE, is_given, is_text

MAX_ROWS = 10000
BATCH = 5000
SLACK = timedelta(minutes=5)
"""How far the clock of another system may be ahead of ours."""

ROW_KEYS = frozenset(
    {
        "external_ref",
        "service",
        "customer",
        "requester",
        "assignee",
        "name",
        "priority",
        "events",
        "ratings",
    }
)
EVENT_KEYS = frozenset({"kind", "at", "user", "cause"})
EVENT_KINDS = (
    "submit",
    "accept",
    "start",
    "wait",
    "resume",
    "deliver",
    "confirm",
    "reject",
    "decline",
    "cancel",
)
RATING_KEYS = frozenset({"direction", "score", "at", "comment"})


class InternalRequestHistory(models.AbstractModel):
    """Orders of another system, with all that happened to them."""

    _name = "internal.request.history"
    _description = "History of Orders"

    def _load_rows(self, rows):
        self.env.user._internal_require("officer")
        if not isinstance(rows, list):
            raise ValidationError(self.env._("rows: give a list of rows."))
        if len(rows) > MAX_ROWS:
            raise UserError(self.env._("rows: take at most %s in one call.", MAX_ROWS))
        _allowed = self.env.companies  # asked for before sudo, which takes any
        # a reference that comes again waits until its first row is stored
        turns, often = [], Counter()
        for place, row in enumerate(rows):
            reference = _text(isinstance(row, dict) and row.get("external_ref"))
            turn = often[reference] if reference else 0
            often[reference] += 1
            turns += [[]] if turn == len(turns) else []
            turns[turn].append(place)
        answers = {}
        for turn in turns:
            for start in range(0, len(turn), BATCH):
                places = turn[start : start + BATCH]
                told = self.sudo()._load_batch([rows[place] for place in places])
                answers |= dict(zip(places, told, strict=True))
        return [answers[place] for place in range(len(rows))]

    def _load_batch(self, rows):
        now = self._recording_moment()
        book = _Book(self.env, rows, now)
        answers, loads = [], []
        for row in rows:
            answer = {
                "external_ref": False,
                "id": False,
                "status": "error",
                "error": False,
            }
            answers.append(answer)
            try:
                answer["external_ref"] = book.reference(row)
                load = book.load(row)
            except ValidationError as error:
                answer["error"] = str(error)
                continue
            load.answer = answer
            answer["id"] = load.request_id
            answer["status"] = "unchanged"
            if load.is_new or load.fresh or load.ratings:
                answer["status"] = "created" if load.is_new else "updated"
                loads.append(load)
        self._store_loads(loads, now)
        return answers

    def _recording_moment(self):
        """Return a moment after every closing; no period closes until we are through.

        A fact of the very second in which its period closed would count in none.
        """
        periods = self.env.execute_query(
            SQL("SELECT closed_at FROM internal_period ORDER BY id FOR SHARE")
        )
        closings = [closed_at for (closed_at,) in periods if closed_at]
        after = [closed_at + timedelta(seconds=1) for closed_at in closings]
        return max([fields.Datetime.now(), *after])

    def _store_loads(self, loads, now):
        if not loads:
            return
        new = [load for load in loads if load.is_new]
        ids = self._insert_drafts([load.header for load in new])
        for load, id_ in zip(new, ids, strict=True):
            load.request_id = load.answer["id"] = id_
        if new:
            # The planner takes a table for empty until it is told, and then reads all
            # of it for each foreign key.
            self.env.cr.execute(SQL("ANALYZE internal_request"))
        self.env["internal.request.event"]._append(
            [
                row
                for load in loads
                for row in event_rows(load.request_id, load.life, load.fresh, now)
            ]
        )
        ratings = self.env["internal.rating"]
        ratings._insert_rows([row for load in loads for row in load.rating_rows(now)])
        requests = self.browse([load.request_id for load in loads])
        requests._settle(now, reopened=True)
        ratings._mark_requests(
            self.browse([load.request_id for load in loads if load.ratings]), "answered"
        )


class _Book:
    """All that a batch of rows refers to, read in a constant number of queries."""

    def __init__(self, env, rows, now):
        self.env, self.now = env, now
        self.requests = env["internal.request"]
        self.nobody_id = env.ref("base.user_root").id
        rows = [row for row in rows if isinstance(row, dict)]
        self._read_services()
        self._read_users(rows)
        self._read_departments()
        self._read_known(rows)

    def _read_services(self):
        services = self.env["internal.service"].search(
            [("company_id", "in", self.env.companies.ids)]
        )
        mine = services.filtered(lambda s: s.company_id == self.env.company)
        self.services = {s.code: s for s in (services - mine) | mine}

    def _read_users(self, rows):
        logins = set()
        for row in rows:
            people = [row.get("requester"), row.get("assignee")]
            people += [
                event.get("user")
                for event in _list(row.get("events"))
                if isinstance(event, dict)
            ]
            logins |= {login for login in people if is_text(login)}
        users = self.env["res.users"].with_context(active_test=False)
        found = users.search_fetch([("login", "in", list(logins))], ["login"])
        self.users = {user.login: user.id for user in found}
        employees = self.env["hr.employee"].with_context(active_test=False)
        self.own = {
            (e.user_id.id, e.company_id.id): e.department_id.id
            for e in employees.search(
                [("user_id", "in", found.ids)], order="active, id"
            )
        }

    def _read_departments(self):
        self.names = defaultdict(list)
        self.departments = {}
        for department in self.env["hr.department"].search([]):
            company = department.company_id.id
            self.departments[department.id] = company
            self.names[department.name, company].append(department.id)

    def _read_known(self, rows):
        references = [row.get("external_ref") for row in rows]
        references = [r.translate(INVISIBLE).strip() for r in references if is_text(r)]
        known = self.requests.search(
            [
                ("external_ref", "in", references),
                ("company_id", "in", self.env.companies.ids),
            ]
        )
        self.known = {(r.company_id.id, r.external_ref): r for r in known}
        self.events = known._events()
        self.counted = self.env["internal.period"]._closed_spans()
        ballots = self.env["internal.rating"].search([("request_id", "in", known.ids)])
        self.ballots = {(b.request_id.id, b.cycle): b for b in ballots}

    def reference(self, row):
        if not isinstance(row, dict):
            raise ValidationError(self.env._("Give a row as names and values."))
        reference = row.get("external_ref")
        return self.requests._parse_text("external_ref", reference, limit=200)

    def load(self, row):
        """Return the checked load of one row; ValidationError says what is wrong."""
        self._check_keys(row, ROW_KEYS, "")
        service = self.services.get(_text(row.get("service")))
        if not service:
            raise ValidationError(
                self.env._(
                    "service: there is no service %s.",
                    self.requests._quote(row.get("service")),
                )
            )
        company = service.company_id.id
        load = _Load()
        load.reference = self.reference(row)
        load.service_id = service.id
        load.requester_id = self._user("requester", row.get("requester"))
        load.assignee_id = self._user("assignee", row.get("assignee"), required=False)
        load.server_id = load.assignee_id or service.user_id.id or self.nobody_id
        customer = self._customer(row.get("customer"), load.requester_id, company)
        known = self.known.get((company, load.reference))
        load.is_new = not known
        load.request_id = known.id if known else False
        if known and (
            known.service_id != service
            or known.requester_id.id != load.requester_id
            or known.customer_department_id.id != customer
        ):
            raise ValidationError(
                self.env._("external_ref: another order has this reference.")
            )
        load.header = self._header(row, load, service, customer)
        self._read_events(row, load)
        self._read_ratings(row, load, service)
        self._accept(load, service)
        self._check_counted(load, known)
        return load

    def _check_counted(self, load, known):
        """An order that a closed period has counted as done is not opened again."""
        if not known or known.state != DONE or load.life.closed_at == known.closed_at:
            return
        spans = self.counted[known.company_id.id]
        if is_counted(known.closed_at, known.closed_recorded_at, spans):
            raise ValidationError(
                self.env._(
                    "events: a closed period has counted this order as done. What"
                    " followed is an order of its own."
                )
            )

    def _header(self, row, load, service, customer):
        priority = row.get("priority")
        values = {
            "name": row.get("name") or load.reference,
            "priority": str(priority) if is_given(priority) else "1",
        }
        return {
            **self.requests._validate_values(values),
            "external_ref": load.reference,
            **service._order_values(),
            "customer_department_id": customer,
            "requester_id": load.requester_id,
            "user_id": load.assignee_id or None,
        }

    def _read_events(self, row, load):
        told = self._told("events", row)
        if not told and load.is_new:
            raise ValidationError(self.env._("events: give at least the order itself."))
        known = self.events.get(load.request_id, [])
        seen = {(event.kind, event.at, event.user) for event in known}
        moments = {(event.kind, event.at) for event in known}
        load.fresh, places = [], []
        for place, values in enumerate(told):
            event = self._event(f"events[{place}]", values, load)
            key = (event.kind, event.at, event.user)
            named = is_given(values.get("user"))
            if key not in seen and (named or key[:2] not in moments):
                seen.add(key)
                places.append(place)
                load.fresh.append(event)
        load.known = known
        self._replay(load, places)

    def _replay(self, load, places):
        try:
            load.life = transitions.replay([*load.known, *load.fresh])
        except transitions.TransitionError as error:
            place = max(error.index - len(load.known), 0)
            kinds = self.env["internal.request.event"]._fields["kind"]
            states = self.requests._fields["state"]
            raise ValidationError(
                self.env._(
                    "events[%(place)s]: «%(kind)s» is not possible in state %(state)s.",
                    place=places[place] if places else 0,
                    kind=dict(kinds._description_selection(self.env))[error.kind],
                    state=dict(states._description_selection(self.env))[error.state],
                )
            ) from error

    def _event(self, name, values, load):
        if not isinstance(values, dict):
            raise ValidationError(self.env._("%s: give names and values.", name))
        self._check_keys(values, EVENT_KEYS, f"{name}.")
        kind = self.requests._parse_choice(
            f"{name}.kind", values.get("kind"), EVENT_KINDS
        )
        cause = values.get("cause") or ""
        if kind == "wait":
            cause = self.requests._parse_choice(
                f"{name}.cause", cause or CUSTOMER, CAUSES
            )
        elif cause:
            raise ValidationError(
                self.env._("%s.cause: only waiting has a cause.", name)
            )
        user = self._user(f"{name}.user", values.get("user"), required=False)
        if not user:
            by_supplier = TABLE[kind].side == transitions.SUPPLIER
            user = load.server_id if by_supplier else load.requester_id
        return Event(kind, self._moment(f"{name}.at", values), cause, None, user)

    def _moment(self, name, values):
        moment = self.requests._parse_moment(name, values.get("at"))
        if moment > self.now + SLACK:
            raise ValidationError(self.env._("%s: lies in the future.", name))
        return moment

    def _read_ratings(self, row, load, service):
        load.ratings = []
        cycles = set()
        for place, values in enumerate(self._told("ratings", row)):
            name = f"ratings[{place}]"
            if not isinstance(values, dict):
                raise ValidationError(self.env._("%s: give names and values.", name))
            self._check_keys(values, RATING_KEYS, f"{name}.")
            ratings = self.env["internal.rating"]
            ratings._validate_value("direction", values.get("direction", "customer"))
            score = ratings._parse_score(f"{name}.score", values.get("score"), service)
            at = self._moment(f"{name}.at", values)
            comment = ratings._parse_text(
                f"{name}.comment", values.get("comment"), required=False
            )
            kinds = [s.event.kind for s in load.life.steps if s.event.at <= at]
            cycle = kinds.count("reject")
            if self._serves_himself(load, at):
                raise ValidationError(self.env._("%s: nobody rates himself.", name))
            if "deliver" not in kinds or cycle in cycles:
                raise ValidationError(
                    self.env._("%s: a delivery is rated once, after it.", name)
                )
            cycles.add(cycle)
            ballot = self.ballots.get((load.request_id, cycle))
            if ballot and (ballot.answered_at, ballot.score) != (at, score):
                raise ValidationError(
                    self.env._("%s: this delivery has a rating of its own.", name)
                )
            if not ballot:
                load.ratings.append(
                    {
                        "company_id": service.company_id.id,
                        "service_id": service.id,
                        "cycle": cycle,
                        "score": score,
                        "comment": comment or None,
                        "answered_at": at,
                    }
                )

    def _serves_himself(self, load, at):
        """Return whether the requester had delivered the order himself by then."""
        deliverers = [
            load.assignee_id or step.event.user
            for step in load.life.steps
            if step.event.kind == "deliver" and step.event.at <= at
        ]
        return deliverers[-1:] == [load.requester_id]

    def _accept(self, load, service):
        """Add the acceptance by a score or by silence, where nothing came after."""
        life = load.life
        if life.state != DELIVERED:
            return
        due = service._accepted_by(life.delivered_at)
        ways = [(due, "silence", self.nobody_id)] if due else []
        ways += [
            (rating["answered_at"], "score", load.requester_id)
            for rating in load.ratings
            if rating["score"] >= 3 and rating["answered_at"] >= life.delivered_at
        ]
        at, cause, user = min(ways, default=(None, None, None))
        if at and at <= self.now:
            load.fresh.append(Event("confirm", at, cause, None, user))
            self._replay(load, [])

    def _told(self, name, row):
        told = row.get(name)
        if not is_given(told):
            return []
        if not isinstance(told, list):
            raise ValidationError(self.env._("%s: give a list.", name))
        return told

    def _check_keys(self, values, known, prefix):
        if unknown := {str(key) for key in values} - known:
            raise ValidationError(
                self.env._(
                    "%(prefix)s%(names)s: not known here.",
                    prefix=prefix,
                    names=", ".join(sorted(map(self.requests._quote, unknown))),
                )
            )

    def _user(self, name, login, required=True):
        if not required and not is_given(login):
            return False
        if _text(login) not in self.users:
            raise ValidationError(
                self.env._(
                    "%(name)s: there is no user %(login)s.",
                    name=name,
                    login=self.requests._quote(login),
                )
            )
        return self.users[login]

    def _customer(self, key, requester_id, company):
        if not is_given(key):
            found = [self.own.get((requester_id, company))]
        elif isinstance(key, str):
            found = self.names[key, company] + self.names[key, False]
        else:
            mine = type(key) is int and self.departments.get(key, -1) in (
                company,
                False,
            )
            found = [key] if mine else []
        if len(found) > 1:
            raise ValidationError(
                self.env._("customer: several departments are called %s.", key)
            )
        if found in ([None], [False]):
            raise ValidationError(
                self.env._("customer: name one, the requester has no department here.")
            )
        if not found:
            raise ValidationError(
                self.env._(
                    "customer: there is no department %s.", self.requests._quote(key)
                )
            )
        return found[0]


class _Load:
    """One row on its way into the database."""

    def rating_rows(self, now):
        for rating in self.ratings:
            yield {
                **rating,
                "request_id": self.request_id,
                "direction": "customer",
                "rater_id": self.requester_id,
                "good": rating["score"] >= GOOD,
                "state": "answered",
                "asked_at": rating["answered_at"],
                "recorded_at": now,
            }


def _list(value):
    return value if isinstance(value, list) else []


def _text(value):
    return value if is_text(value) else ""
