"""Who may do and see what; every way in is tried, not only the button."""

import ast
import functools
import itertools
import json
import urllib.error
import urllib.request
from datetime import datetime, timezone

from company import (
    AWARD,
    CARD,
    GOOD,
    PERIOD,
    PLAN,
    REQUEST,
    TOLD,
    Company,
    CompanyCase,
    Person,
    closable_quarter,
    fingerprint,
    in_hours,
    quarter_of,
    sql,
    together,
    unique,
)
from conftest import CHECKOUT
from rpc import RpcError

EVENT, CLOCK, RATING = "internal.request.event", "internal.sla.clock", "internal.rating"
SERVICE, STAGE = "internal.service", "internal.request.stage"
RULE, TIER = "internal.incentive.rule", "internal.incentive.tier"
AWARD_LINE, PLAN_LINE = "internal.incentive.award.line", "internal.incentive.plan.line"
WORD = "internal.request.word"
WHY = {"reason": "The form is not signed."}
FLAGS = (
    "_force_unlink install_mode module import_file tracking_disable mail_notrack"
    " mail_create_nolog no_reset_password active_test force_delete"
    " internal_timelines_unfinished"
).split()
PERSONAS = "sara sue finn fay mallory olga ida admin".split()


class RightsCase(CompanyCase):
    def setUp(self):
        self.service = self.company.service()

    def as_(self, who) -> Person:
        if isinstance(who, Person):
            return who
        return self.company.admin if who == "admin" else self.company.person(who)

    def act(self, who, model, method, *args, **kwargs):
        return self.as_(who).odoorpc(model, method, *args, **kwargs)

    def delivered(self, service=None):
        order = self.company.order(service or self.service)
        self.act("finn", REQUEST, "action_deliver", ids=[order])
        return order

    def ballot(self, order):
        [ballot] = self.company.call(RATING, "search", [["request_id", "=", order]])
        return ballot

    def rows(self, model, order):
        return self.company.call(model, "search", [["request_id", "=", order]])

    def check_refused(self, who, attempts):
        """Make ``(name, model, method, args, kwargs)``; no byte may change."""
        before, wrong = fingerprint(self.company), []
        for name, model, method, args, kwargs in attempts:
            try:
                answer = self.act(who, model, method, *args, **kwargs)
            except RpcError as error:
                if error.name not in TOLD:
                    wrong.append(f"{name}: {error}"[:300])
                continue
            if method != "load" or answer["ids"]:
                wrong.append(f"{name}: {answer}"[:300])
        self.assertEqual(fingerprint(self.company), before, wrong)
        self.assertEqual(wrong, [])


def ways_to_write(model, record, values):
    """Yield every way in which ORM and web client change a record or make another."""
    names = [f"{name}/.id" if name.endswith("_id") else name for name in values]
    cells = [str(value) for value in values.values()]
    here = {"ids": [record]}
    yield "write", model, "write", (values,), here
    yield "web_save", model, "web_save", (values, {"id": {}}), here
    yield "import", model, "load", ([".id", *names], [[str(record), *cells]]), {}
    yield "import new", model, "load", (names, [cells]), {}
    yield "create", model, "create", (values,), {}
    yield "web_save new", model, "web_save", (values, {"id": {}}), {"ids": []}
    for flag in FLAGS:
        context = {flag: True}
        yield f"write {flag}", model, "write", (values,), {**here, "context": context}


def ways_to_delete(model, record):
    here = {"ids": [record]}
    yield "unlink", model, "unlink", (), here
    for flag in FLAGS:
        yield f"unlink {flag}", model, "unlink", (), {**here, "context": {flag: True}}


def ways_through_parent(parent, parent_id, name, record, values):
    """Yield commands on the parent's one2many field."""
    commands = {
        "create": [0, 0, values],
        "update": [1, record, values],
        "delete": [2, record],
        "unlink": [3, record],
        "clear": [5],
        "set": [6, 0, []],
    }
    for what, command in commands.items():
        vals = {name: [command]}
        label = f"{parent}.{name} {what}"
        yield label, parent, "write", (vals,), {"ids": [parent_id]}
        args = (vals, {"id": {}})
        yield f"web_save {label}", parent, "web_save", args, {"ids": [parent_id]}


class TestState(RightsCase):
    """T46: a state changes through the table of transitions alone."""

    LIFE = {
        "state": "done",
        "delivered_at": "2026-03-02 09:00:00",
        "closed_at": "2026-03-02 09:00:00",
        "submitted_at": "2020-03-02 09:00:00",
        "promised_at": "2099-03-02 09:00:00",
        "deadline": "2099-03-02 09:00:00",
        "sla_state": "met",
        "rating_state": "answered",
        "reopen_count": 0,
        "event_count": 0,
        "event_head": "x",
        "number": "R0",
    }

    def test_life_cannot_be_written(self):
        order = self.company.order(self.service)
        for who in ("sara", "finn", "fay", "olga", "admin"):
            with self.subTest(who):
                attempts = [
                    attempt
                    for name, value in self.LIFE.items()
                    for attempt in ways_to_write(REQUEST, order, {name: value})
                ]
                self.check_refused(who, attempts)

    def test_stage_jumps(self):
        """Who may not press the button may not drag the card either."""
        order = self.company.order(self.service)
        jumps = {
            "sara": "accepted in_progress waiting delivered done declined draft",
            "finn": "done draft waiting declined countered cancelled",
            "mallory": "accepted delivered cancelled",
            "olga": "accepted delivered done cancelled",
        }
        for who, states in jumps.items():
            stages = {
                s: self.company.ref(f"internal_customer.stage_{s}")
                for s in states.split()
            }
            with self.subTest(who):
                attempts = []
                for stage in stages.values():
                    vals = {"stage_id": stage}
                    here = {"ids": [order]}
                    attempts.append((f"{stage}", REQUEST, "write", (vals,), here))
                    args = (vals, {"id": {}})
                    attempts.append((f"save {stage}", REQUEST, "web_save", args, here))
                self.check_refused(who, attempts)

    def test_new_orders_are_drafts_of_the_caller(self):
        others = {
            "state": "done",
            "stage_id": self.company.ref("internal_customer.stage_done"),
            "requester_id": self.company.person("finn").user_id,
            "user_id": self.company.person("finn").user_id,
            "company_id": self.company.id,
            "supplier_department_id": self.company.department("Legal"),
            "delivered_by_id": self.company.person("finn").user_id,
            "number": "R1",
        }
        order = {"service_id": self.service, "name": "x"}
        for name, value in others.items():
            with self.subTest(name):
                self.check_refused(
                    "sara",
                    [("create", REQUEST, "create", ({**order, name: value},), {})],
                )
        context = {f"default_{name}": value for name, value in others.items()}
        made = self.act("sara", REQUEST, "create", order, context=context)
        values = self.act(
            "sara", REQUEST, "read", ["state", "requester_id", "user_id"], ids=[made]
        )[0]
        self.assertEqual(values["state"], "draft")
        self.assertEqual(values["requester_id"][0], self.as_("sara").user_id)
        self.assertFalse(values["user_id"])

    def test_ordering_for_others_is_refused(self):
        legal, sales = (
            self.company.department("Legal"),
            self.company.department("Sales"),
        )
        only_legal = self.company.service(customer_department_ids=[[6, 0, [legal]]])
        for values in (
            {"service": self.service, "customer": legal},
            {"service": only_legal, "customer": sales},
            {"service": only_legal},
            {"service": self.company.service(active=False)},
        ):
            with self.subTest(values):
                args = (REQUEST, "place_order", {"name": "x", **values})
                self.refused(self.as_("sara").odoorpc, *args)

    def test_a_sent_order_does_not_change(self):
        order = self.company.order(self.service)
        values = {
            "name": "y",
            "description": "y",
            "priority": "3",
            "needed_by": "2099-01-01 00:00:00",
            "external_ref": unique("X"),
            "service_id": self.company.service(),
        }
        for who in ("sara", "sue", "finn", "olga", "admin"):
            with self.subTest(who):
                attempts = [
                    (name, REQUEST, "write", ({name: value},), {"ids": [order]})
                    for name, value in values.items()
                ]
                self.check_refused(who, [*attempts, *ways_to_delete(REQUEST, order)])

    def test_a_draft_is_its_requesters_alone(self):
        draft = self.act(
            "sara", REQUEST, "create", {"service_id": self.service, "name": "x"}
        )
        for who in ("sam", "sue", "finn", "olga", "admin"):
            with self.subTest(who):
                attempts = [
                    ("write", REQUEST, "write", ({"name": "y"},), {"ids": [draft]}),
                    ("read", REQUEST, "read", (["name"],), {"ids": [draft]}),
                    ("submit", REQUEST, "action_submit", (), {"ids": [draft]}),
                    ("unlink", REQUEST, "unlink", (), {"ids": [draft]}),
                    ("copy", REQUEST, "copy", (), {"ids": [draft]}),
                ]
                self.check_refused(who, attempts)
        self.act("sara", REQUEST, "unlink", ids=[draft])

    def test_a_reference_of_another_does_not_show_his_order(self):
        reference = unique("X-")
        order = self.company.order(self.service, external_ref=reference)
        number = self.company.read(REQUEST, order, "number")
        values = {"service": self.service, "name": "x", "external_ref": reference}
        for call in self.as_("mallory").protocols:
            said = self.refused(call, REQUEST, "place_order", values=values)
            self.assertNotIn(number, said)
            self.assertNotIn("sara", said)

    def test_a_word_on_anothers_order_shows_nothing_of_it(self):
        """The dialog that asks for a reason names its order: not to everybody."""
        order = self.company.order(self.service, needed_by="2099-03-02 09:00:00")
        mine = self.company.order(self.service, "mallory")
        for values in ({"request_id": order, "kind": "cancel"},):
            attempts = [("create", WORD, "create", (values,), {})]
            self.check_refused("mallory", attempts)
        word = self.act(
            "mallory", WORD, "create", {"request_id": mine, "kind": "cancel"}
        )
        self.refused(
            self.as_("mallory").odoorpc,
            WORD,
            "write",
            {"request_id": order},
            ids=[word],
        )


class TestRatings(RightsCase):
    """T33–T43: a rating is its rater's, once."""

    def test_the_rated_cannot_touch_it(self):
        order = self.delivered()
        self.act("sara", REQUEST, "action_rate", ids=[order], score=1)
        ballot = self.ballot(order)
        values = {
            "score": 5,
            "good": True,
            "state": "void",
            "comment": "fine",
            "expires_at": "2000-01-01 00:00:00",
            "rater_id": self.as_("finn").user_id,
            "request_id": self.company.order(self.service),
            "service_id": self.company.service(),
        }
        for who in PERSONAS:
            with self.subTest(who):
                attempts = [
                    attempt
                    for name, value in values.items()
                    for attempt in ways_to_write(RATING, ballot, {name: value})
                ]
                attempts += ways_to_delete(RATING, ballot)
                attempts += [("copy", RATING, "copy", (), {"ids": [ballot]})]
                self.check_refused(who, attempts)

    def test_nobody_forges_one(self):
        order = self.company.order(self.service)
        values = {
            "request_id": order,
            "company_id": self.company.id,
            "service_id": self.service,
            "rater_id": self.as_("sara").user_id,
            "direction": "customer",
            "state": "answered",
            "score": 1,
        }
        for who in PERSONAS:
            with self.subTest(who):
                attempts = [
                    ("create", RATING, "create", (values,), {}),
                    ("rate", REQUEST, "action_rate", (1,), {"ids": [order]}),
                ]
                self.check_refused(who, attempts)

    def test_once(self):
        """T33: replayed, over the other protocol, with another score: refused."""
        order = self.delivered()
        self.act("sara", REQUEST, "action_rate", ids=[order], score=2)
        for call, score in itertools.product(self.as_("sara").protocols, (2, 5)):
            said = self.refused(call, REQUEST, "action_rate", ids=[order], score=score)
            self.assertIn("already rated", said)
        [rating] = self.act("sara", RATING, "read", ["score"], ids=[self.ballot(order)])
        self.assertEqual(rating["score"], 2)

    def test_one_more_after_it_was_sent_back(self):
        order = self.delivered()
        self.act("sara", REQUEST, "action_rate", ids=[order], score=1)
        self.act("sara", REQUEST, "action_reject_delivery", ids=[order], **WHY)
        self.refused(self.as_("sara").odoorpc, REQUEST, "action_rate", 5, ids=[order])
        self.act("finn", REQUEST, "action_deliver", ids=[order])
        self.act("sara", REQUEST, "action_rate", ids=[order], score=5)
        self.assertEqual(len(self.rows(RATING, order)), 2)

    def test_too_late(self):
        order = self.delivered()
        sql(
            self.server,
            "UPDATE internal_rating SET expires_at = now() - interval '1 day'"
            " WHERE request_id = %s",
            order,
        )
        self.refused(self.as_("sara").odoorpc, REQUEST, "action_rate", 5, ids=[order])

    def test_requester_and_credit_are_frozen(self):
        """T42: the supplier cannot choose who rates, nor afterwards whom it is for."""
        order = self.delivered()
        values = {
            "requester_id": self.as_("fred").user_id,
            "customer_department_id": self.company.department("Legal"),
            "user_id": self.as_("fred").user_id,
            "delivered_by_id": self.as_("fred").user_id,
            "delivered_employee_id": self.as_("fred").employee_id,
        }
        for who in ("finn", "fay", "sara", "olga", "admin"):
            with self.subTest(who):
                attempts = [
                    (name, REQUEST, "write", ({name: value},), {"ids": [order]})
                    for name, value in values.items()
                ]
                self.check_refused(who, attempts)

    def test_nobody_rates_himself(self):
        """T43: nor through a second account that fulfils the service."""
        sara = self.as_("sara")
        name, _at, domain = sara.login.partition("@")
        for alias in (
            f"{name}+{unique('a')}@{domain}",
            f"{name.upper()}+{unique('b')}@{domain}",
        ):
            with self.subTest(alias):
                second = self.company.hire("second", "Finance", login=alias)
                order = self.company.order(self.service)
                self.act(second, REQUEST, "action_deliver", ids=[order])
                self.assertEqual(
                    self.company.read(REQUEST, order, "rating_state"), "none"
                )
                self.assertEqual(self.rows(RATING, order), [])

    def test_only_somebody_who_fulfils_it_may_be_assigned(self):
        order = self.company.order(self.service)
        for who, user in (
            ("finn", "mallory"),
            ("finn", "sara"),
            ("sara", "finn"),
            ("mallory", "finn"),
        ):
            with self.subTest(who, user=user):
                vals = {"user_id": self.as_(user).user_id}
                self.check_refused(
                    who, [("assign", REQUEST, "write", (vals,), {"ids": [order]})]
                )


class TestEvents(RightsCase):
    """T60: what happened stays as it was written."""

    def test_no_way_in(self):
        order = self.company.order(self.service)
        event = self.rows(EVENT, order)[0]
        values = {
            "request_id": order,
            "kind": "deliver",
            "at": "2026-03-02 09:00:00",
            "recorded_at": "2026-03-02 09:00:00",
            "user_id": self.as_("finn").user_id,
            "from_state": "submitted",
            "to_state": "delivered",
            "hash": "x",
        }
        for who in PERSONAS:
            with self.subTest(who):
                attempts = list(ways_to_write(EVENT, event, values))
                attempts += ways_to_write(EVENT, event, {"note": "x"})
                attempts += ways_to_delete(EVENT, event)
                attempts += [("copy", EVENT, "copy", (), {"ids": [event]})]
                for name, model in (("event_ids", EVENT), ("clock_ids", CLOCK)):
                    record = self.rows(model, order)[0]
                    values_ = values if model == EVENT else {"state": "met"}
                    attempts += ways_through_parent(
                        REQUEST, order, name, record, values_
                    )
                self.check_refused(who, attempts)

    def test_a_drafts_owner_has_no_way_in_either(self):
        other = self.rows(EVENT, self.company.order(self.service))[0]
        draft = self.act(
            "sara", REQUEST, "create", {"service_id": self.service, "name": "x"}
        )
        attempts = []
        for name in ("event_ids", "clock_ids", "rating_ids"):
            attempts += ways_through_parent(
                REQUEST, draft, name, other, {"kind": "submit"}
            )
        self.check_refused("sara", attempts)

    def test_tampering_is_found(self):
        """A changed byte, a cut tail, a swapped pair, a forged row: all by SQL."""
        update = "UPDATE internal_request_event SET"
        last = (
            "WHERE id = (SELECT max(id) FROM internal_request_event"
            " WHERE request_id = %s)"
        )
        first = last.replace("max", "min")
        forged = (
            "INSERT INTO internal_request_event"
            " (request_id, kind, at, recorded_at, user_id, from_state, to_state, hash)"
            " SELECT request_id, kind, at, recorded_at, user_id, from_state, to_state,"
            f" hash FROM internal_request_event {last}"
        )
        tampering = {
            "a changed note": f"{update} note = 'Never mind.' {first}",
            "a moved moment": f"{update} at = at - interval '1 second' {last}",
            "a moved record": f"{update} recorded_at = now() at time zone 'UTC' {last}",
            "another actor": f"{update} user_id = 1 {last}",
            "a changed cause": f"{update} cause = 'third_party' {last}",
            "a cut tail": f"DELETE FROM internal_request_event {last}",
            "a cut head": f"DELETE FROM internal_request_event {first}",
            "all gone": "DELETE FROM internal_request_event WHERE request_id = %s",
            "another's event": f"{update} request_id = request_id - 1 {last}",
            "a forged row": forged,
            "a swapped pair": (
                f"{update} id = -id WHERE request_id = %s AND id IN (SELECT id FROM"
                " internal_request_event ORDER BY id DESC LIMIT 1)"
            ),
            "a hash": f"{update} hash = md5(hash) {last}",
        }
        checked = self.verify()
        self.assertEqual(checked["broken"], [])
        for name, statement in tampering.items():
            with self.subTest(name):
                company, events = self.company, EVENT
                neighbour = company.order(self.service)
                order = company.order(self.service)
                self.act("finn", REQUEST, "action_wait", ids=[order], **WHY)
                self.act("finn", REQUEST, "action_resume", ids=[order])
                self.assertEqual(order, neighbour + 1)
                rows = sql(
                    self.server,
                    "SELECT * FROM internal_request_event WHERE request_id = ANY(%s)",
                    [order, neighbour],
                )
                sql(self.server, statement, order)
                broken = self.verify()["broken"]
                self.assertIn(order, broken)
                self.restore(rows, [order, neighbour])
                self.assertEqual(self.verify()["broken"], [], f"{name} {events}")

    def verify(self):
        return self.act("olga", REQUEST, "verify_events")

    def restore(self, rows, orders):
        sql(
            self.server,
            "DELETE FROM internal_request_event WHERE request_id = ANY(%s)",
            orders,
        )
        for row in rows:
            places = ", ".join(["%s"] * len(row))
            sql(
                self.server,
                f"INSERT INTO internal_request_event VALUES ({places})",
                *row,
            )

    def test_verifying_is_the_officers(self):
        for who in ("sara", "finn", "ida"):
            self.refused(
                self.as_(who).odoorpc, REQUEST, "verify_events", name="AccessError"
            )


@functools.cache
def closed(server):
    """Make a company whose quarter is closed, evaluated and paid."""
    company = Company(server)
    service = company.service()
    quarter = closable_quarter()
    period = company.quarter(quarter)
    company.load(*(company.done(service, quarter, score) for score in [5] * 9 + [3]))
    currency = company.create(
        "res.currency",
        {"name": f"X{unique('')[-2:]}", "symbol": "x", "rounding": 0.01},
    )
    plan = company.plan(
        [GOOD],
        currency_id=currency,
        department_ids=[[6, 0, [company.department("Finance")]]],
        line_ids=[
            [0, 0, {"department_id": company.department("Finance"), "weight": 2.0}]
        ],
    )
    company.approve(plan)
    company.person("olga").odoorpc(PERIOD, "action_close", ids=[period])
    company.person("ida").odoorpc(PLAN, "action_evaluate", ids=[plan], period_id=period)
    company.person("ida").odoorpc(PLAN, "action_close", ids=[plan], period_id=period)
    order = company.order(service)
    company.person("finn").odoorpc(REQUEST, "action_deliver", ids=[order])
    found = {"plan": plan, "period": period, "order": order, "service": service}
    for name, model, domain in (
        ("rule", RULE, [["plan_id", "=", plan]]),
        ("tier", TIER, [["rule_id.plan_id", "=", plan]]),
        ("line", PLAN_LINE, [["plan_id", "=", plan]]),
        (
            "card",
            CARD,
            [["period_id", "=", period], ["subject", "=", "department"]],
        ),
        ("award", AWARD, [["plan_id", "=", plan]]),
        ("award_line", AWARD_LINE, [["award_id.plan_id", "=", plan]]),
    ):
        found[name] = company.call(model, "search", domain)[0]
    return {"company": company, "currency": currency, **found}


class TestClosed(RightsCase):
    """T49–T51: cards, plans and awards of a closed quarter stay to the byte."""

    def setUp(self):
        vars(self).update(closed(self.server))

    def test_no_way_in(self):
        new = {
            "kind": "gate",
            "metric": "good_rate",
            "value": 0.5,
            "plan_id": self.plan,
        }
        targets = [
            (CARD, self.card, {"good_rate": 1.0}),
            (CARD, self.card, {"worst_score": 5}),
            (AWARD, self.award, {"amount": 9.0}),
            (AWARD, self.award, {"state": "due"}),
            (AWARD_LINE, self.award_line, {"amount": 9.0}),
            (PERIOD, self.period, {"state": "open"}),
            (PLAN, self.plan, {"state": "draft"}),
            (RULE, self.rule, new),
            (TIER, self.tier, {"factor": 9.0, "rule_id": self.rule, "from_value": 0.1}),
            (
                PLAN_LINE,
                self.line,
                {"weight": 9.0, "plan_id": self.plan, "department_id": 1},
            ),
        ]
        for who in ("olga", "ida", "admin", "fay"):
            with self.subTest(who):
                attempts = []
                for model, record, values in targets:
                    attempts += ways_to_write(model, record, values)
                    attempts += ways_to_delete(model, record)
                self.check_refused(who, attempts)

    def test_other_fields_of_what_is_closed(self):
        """Fields that a draft may change: dates, pool, name, who is paid."""
        targets = [
            (PERIOD, self.period, {"date_to": "2099-01-01"}),
            (PERIOD, self.period, {"date_from": "2020-01-01"}),
            (PERIOD, self.period, {"kind": "year"}),
            (PLAN, self.plan, {"name": "x"}),
            (PLAN, self.plan, {"pool": 9.0}),
            (PLAN, self.plan, {"pool_amount": 9.0}),
            (PLAN, self.plan, {"date_from": "2020-01-01"}),
            (PLAN, self.plan, {"department_ids": [[5]]}),
            (PLAN, self.plan, {"currency_id": 1}),
        ]
        for who in ("olga", "ida", "admin"):
            with self.subTest(who):
                attempts = [
                    attempt
                    for model, record, values in targets
                    for attempt in ways_to_write(model, record, values)
                    if "new" not in attempt[0] and attempt[0] != "create"
                    if not ("import" in attempt[0] and "pool" in values)  # no field
                ]
                self.check_refused(who, attempts)

    def test_no_way_through_the_parent(self):
        today = self.company.quarter("2031-01-01")
        fine = {"kind": "gate", "metric": "good_rate", "value": 0.5}
        parents = [
            (PERIOD, self.period, "scorecard_ids", self.card, {"good_rate": 1.0}),
            (PERIOD, today, "scorecard_ids", self.card, {"good_rate": 1.0}),
            (PLAN, self.plan, "rule_ids", self.rule, fine),
            (PLAN, self.plan, "line_ids", self.line, {"weight": 3.0}),
            (PLAN, self.plan, "award_ids", self.award, {"amount": 1.0}),
            (
                RULE,
                self.rule,
                "tier_ids",
                self.tier,
                {"factor": 3.0, "from_value": 0.3},
            ),
            (AWARD, self.award, "line_ids", self.award_line, {"amount": 1.0}),
        ]
        for who in ("olga", "ida", "admin"):
            with self.subTest(who):
                attempts = []
                for parent, record, name, child, values in parents:
                    attempts += ways_through_parent(parent, record, name, child, values)
                self.check_refused(who, attempts)

    def test_no_way_from_another_plan(self):
        """A draft cannot take over the rules and points of an approved plan."""
        plan = self.company.plan([GOOD])
        [rule] = self.company.read(PLAN, plan, "rule_ids")
        attempts = [
            (
                "take rule",
                PLAN,
                "write",
                ({"rule_ids": [[4, self.rule]]},),
                {"ids": [plan]},
            ),
            (
                "set rules",
                PLAN,
                "write",
                ({"rule_ids": [[6, 0, [self.rule]]]},),
                {"ids": [plan]},
            ),
            ("move rule", RULE, "write", ({"plan_id": plan},), {"ids": [self.rule]}),
            ("bring rule", RULE, "write", ({"plan_id": self.plan},), {"ids": [rule]}),
            (
                "take tier",
                RULE,
                "write",
                ({"tier_ids": [[4, self.tier]]},),
                {"ids": [rule]},
            ),
            ("move tier", TIER, "write", ({"rule_id": rule},), {"ids": [self.tier]}),
            (
                "move line",
                PLAN_LINE,
                "write",
                ({"plan_id": plan},),
                {"ids": [self.line]},
            ),
        ]
        self.check_refused("ida", attempts)

    def test_copies_are_drafts(self):
        for model, record in ((CARD, self.card), (AWARD, self.award)):
            self.check_refused(
                "admin", [("copy", model, "copy", (), {"ids": [record]})]
            )
        copy = self.act("ida", PLAN, "copy", ids=[self.plan])
        copy = copy[0] if isinstance(copy, list) else copy
        self.assertEqual(self.company.read(PLAN, copy, "state"), "draft")
        self.assertEqual(self.company.read(PLAN, copy, "award_ids"), [])

    def test_parents_stay(self):
        """T50: what the evidence stands on cannot be deleted."""
        finn = self.as_("finn")
        self.company.write("res.users", finn.user_id, {"active": False})
        parents = {
            "hr.department": self.company.department("Finance"),
            "res.company": self.company.id,
            SERVICE: self.service,
            "res.currency": self.currency,
            "hr.employee": finn.employee_id,
            "res.users": finn.user_id,
            "resource.calendar": self.company.calendar_id,
        }
        attempts = []
        for model, record in parents.items():
            for name, *rest in ways_to_delete(model, record):
                attempts.append((f"{name} {model}", *rest))
        self.check_refused("admin", attempts)
        self.company.write("res.users", finn.user_id, {"active": True})

    def test_new_versions_begin_after_what_is_closed(self):
        """T51: and the old one keeps paying what was closed."""
        quarter = closable_quarter()
        for day in (str(quarter), "2020-01-01", None):
            with self.subTest(day):
                args = {"ids": [self.plan], "date_from": day}
                self.refused(
                    self.as_("ida").odoorpc, PLAN, "action_new_version", **args
                )
        made = self.act(
            "ida", PLAN, "action_new_version", ids=[self.plan], date_from="2099-01-01"
        )
        self.assertEqual(made["version"], 2)
        self.assertEqual(self.company.read(PLAN, made["id"], "state"), "draft")


APPROVED = {
    REQUEST: """action_accept action_accept_counter action_cancel action_confirm
        action_counter action_decline action_deliver action_open_document action_rate
        action_reject_delivery action_resume action_start action_submit action_wait
        load_history place_order verify_events""",
    "internal.request.source": "action_open_internal_request",
    PERIOD: "action_close action_compute",
    PLAN: """action_approve action_close action_evaluate action_new_version action_reset
        action_simulate action_submit""",
    CARD: "action_open_requests report_scorecards",
    AWARD: "report_awards",
    WORD: "action_say",
    "internal.incentive.run": "action_run",
}
ODOOS = {"create", "write", "unlink", "read", "copy", "search_read", "default_get"}
ODOOS |= {"rating_send_request"}  # of rating.mixin


def our_methods():
    """Return ``{model: methods}`` as our classes define them, from the source."""
    found = {}
    for model, node in our_classes():
        names = {item.name for item in node.body if isinstance(item, ast.FunctionDef)}
        found.setdefault(model, set()).update(names)
    return found


def our_tables():
    """Return the models of ours that have records."""
    return {
        model
        for model, node in our_classes()
        if model.startswith("internal.") and node.bases[0].attr != "AbstractModel"
    }


def our_classes():
    for path in CHECKOUT.glob("internal_customer*/*/*.py"):
        if path.parent.name in ("models", "wizard"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ClassDef) and (model := model_of(node)):
                    yield model, node


def model_of(node):
    """Return the model that a class is or extends.

    >>> model_of(ast.parse("class A: _inherit = 'res.users'").body[0])
    'res.users'
    """
    values = {
        item.targets[0].id: item.value
        for item in node.body
        if isinstance(item, ast.Assign) and isinstance(item.targets[0], ast.Name)
    }
    value = values.get("_name", values.get("_inherit"))
    return value.value if isinstance(value, ast.Constant) else None


class TestInventory(RightsCase):
    """T61: what can be called from outside is what this list says."""

    def test_public_methods(self):
        public = {}
        for model, names in our_methods().items():
            if names := {n for n in names if not n.startswith("_")} - ODOOS:
                public[model] = names
        approved = {model: set(names.split()) for model, names in APPROVED.items()}
        self.assertEqual(public, approved)

    def test_private_methods_are_refused(self):
        odoos = "sudo with_user with_company mapped filtered_domain _write browse"
        for model in [*APPROVED, EVENT, RATING, CLOCK]:
            private = {n for n in our_methods()[model] if n.startswith("_")}
            for name in sorted(private | set(odoos.split())):
                for call in self.as_("admin").protocols:
                    with self.subTest(f"{model}.{name}", call=call.__name__):
                        with self.assertRaises(RpcError) as caught:
                            call(model, name, ids=[1])
                        name_ = caught.exception.name
                        self.assertEqual(name_, "odoo.exceptions.AccessError")
            for name in ("env", "pool", "_fields"):
                with self.subTest(f"{model}.{name}"):
                    with self.assertRaises(RpcError) as caught:
                        self.company.admin.json2(model, name)
                    name_ = caught.exception.name.rpartition(".")[2]
                    self.assertIn(name_, {"AccessError", "NotFound"})

    def test_portal_users_and_strangers_are_refused_everywhere(self):
        login = unique("portal.") + "@acme.example"
        portal = Person(self.server, login)
        portal.user_id = self.company.user(login, ["base.group_portal"])
        order, period = self.delivered(), self.company.quarter("2040-01-01")
        later, self_ = in_hours(24), {"ids": [order]}
        arguments = {
            "action_accept": {"promised_at": later},
            "action_counter": {"proposed_at": later, **WHY},
            "action_rate": {"score": 5},
            "action_new_version": {"date_from": "2099-01-01"},
            "action_simulate": {"period_id": period},
            "action_evaluate": {"period_id": period},
            "place_order": {"values": {"service": self.service, "name": "x"}},
            "load_history": {"rows": []},
            "report_scorecards": {"period_id": period},
            "report_awards": {"period_id": period},
        }
        needs_reason = "action_cancel action_reject_delivery action_decline action_wait"
        arguments |= {name: WHY for name in needs_reason.split()}
        arguments["action_close"] = {"period_id": period}
        for model, names in APPROVED.items():
            for name in names.split():
                given = dict(arguments.get(name, {}))
                if model == PERIOD:
                    given = {}
                if not name.startswith(("report", "place", "load", "verify")):
                    given |= self_
                for call in portal.protocols:
                    with self.subTest(f"{model}.{name}", call=call.__name__):
                        self.refused(call, model, name, name="AccessError", **given)
        for model in our_tables():
            for name, args in (
                ("search", ([],)),
                ("create", ({},)),
                ("search_count", ([],)),
            ):
                with self.subTest(f"{model}.{name}"):
                    self.refused(portal.odoorpc, model, name, *args, name="AccessError")
        for headers in ({}, {"Authorization": "bearer nonsense"}):
            with (
                self.subTest(headers),
                self.assertRaises(urllib.error.HTTPError) as caught,
            ):
                self.post(f"/json/2/{REQUEST}/place_order", headers)
            self.assertIn(caught.exception.code, (401, 403))

    def post(self, path, headers):
        headers = {
            "Content-Type": "application/json",
            "X-Odoo-Database": self.server.db,
        } | headers
        body = json.dumps({"values": {}}).encode()
        urllib.request.urlopen(
            urllib.request.Request(self.server.address + path, body, headers)
        )


class TestWhoSees(RightsCase):
    """The Rulings as a table: whoever is named sees it, everybody else does not."""

    CAST = "sara sam sue finn fred fay paul mallory olga ida".split()

    def check_sees(self, model, record, expected):
        expected = set(expected.split())
        ways = {
            "search": lambda p: p.odoorpc(model, "search", [["id", "=", record]]),
            "count": lambda p: p.odoorpc(model, "search_count", [["id", "=", record]]),
            "read": lambda p: p.odoorpc(model, "read", ["id"], ids=[record]),
            "group": lambda p: p.odoorpc(
                model,
                "formatted_read_group",
                [["id", "=", record]],
                ["id"],
                ["__count"],
            ),
        }
        for way, call in ways.items():
            sees = {who for who in self.CAST if self.sees(call, self.as_(who))}
            self.assertEqual(sees, expected, f"{model} by {way}")

    def sees(self, call, person):
        try:
            return bool(call(person))
        except RpcError as error:
            self.assertIn(error.name, TOLD)
            return False

    def test_orders(self):
        finn = self.as_("finn").user_id
        services = {
            "sara sue finn fred fay paul olga": self.service,
            "sara sue finn fay olga": self.company.service(user_ids=[[6, 0, [finn]]]),
            "sara sue finn fred fay paul olga mallory": self.company.service(
                user_id=self.as_("mallory").user_id
            ),
        }
        for expected, service in services.items():
            order = self.company.order(service)
            with self.subTest(expected):
                self.check_sees(REQUEST, order, expected)
                for model in (EVENT, CLOCK):
                    self.check_sees(model, self.rows(model, order)[0], expected)
        draft = self.act(
            "sara", REQUEST, "create", {"service_id": self.service, "name": "x"}
        )
        self.check_sees(REQUEST, draft, "sara")

    def test_ratings(self):
        order = self.delivered()
        ballot = self.ballot(order)
        self.check_sees(RATING, ballot, "sara olga")
        self.act(
            "sara",
            REQUEST,
            "action_rate",
            ids=[order],
            score=2,
            comment="Late.",
            pressed=True,
        )
        self.check_sees(RATING, ballot, "sara finn fay olga")
        for who, may in (("finn", False), ("fay", False), ("olga", True)):
            args = (RATING, "read", ["score", "comment", "pressed"])
            with self.subTest(who):
                if may:
                    [row] = self.act(who, *args, ids=[ballot])
                    self.assertEqual((row["score"], row["pressed"]), (2, True))
                else:
                    self.refused(self.as_(who).odoorpc, *args, ids=[ballot])
                    domain = [["pressed", "=", True], ["id", "=", ballot]]
                    self.refused(self.as_(who).odoorpc, RATING, "search", domain)

    def test_cards_and_awards(self):
        self.CAST = "sara finn fay mallory olga ida".split()
        own = closed(self.server)
        company = self.company = own["company"]
        period, plan, award = own["period"], own["plan"], own["award"]
        line = own["award_line"]
        self.check_sees(AWARD, award, "ida fay")
        self.check_sees(AWARD_LINE, line, "ida fay")
        self.check_sees(PLAN, plan, "ida")
        for subject, expected in (
            ("company", "olga ida"),
            ("department", "olga ida fay"),
            ("service", "olga ida fay"),
        ):
            domain = [["period_id", "=", period], ["subject", "=", subject]]
            [card] = company.call(CARD, "search", domain)
            with self.subTest(subject):
                self.check_sees(CARD, card, expected)
        for who, cards, awards in (
            ("fay", 2, 1),
            ("finn", 0, 0),
            ("olga", 3, 0),
            ("ida", 3, 1),
        ):
            with self.subTest(who):
                found = self.act(who, CARD, "report_scorecards", period_id=period)
                self.assertEqual(len(found), cards)
                found = self.act(who, AWARD, "report_awards", period_id=period)
                self.assertEqual(len(found), awards)

    def test_rights_follow_a_person_to_another_department(self):
        """Nothing is remembered from the department he has left."""
        legal = self.company.service("Legal")
        ours, theirs = self.company.order(self.service), self.company.order(legal)
        both = [["id", "in", [ours, theirs]]]
        mover = self.company.hire("mover", "Finance")
        boss = self.company.hire("boss", "Office")
        sales = self.company.department("Sales")
        see = lambda who: set(who.odoorpc(REQUEST, "search", both))  # noqa: E731
        self.assertEqual(see(mover), {ours})
        employee = ("hr.employee", mover.employee_id)
        self.company.write(
            *employee, {"department_id": self.company.department("Legal")}
        )
        self.assertEqual(see(mover), {theirs})
        self.refused(
            mover.odoorpc, REQUEST, "action_start", ids=[ours], name="AccessError"
        )
        self.assertEqual(see(mover), {theirs})
        mover.odoorpc(REQUEST, "action_accept", ids=[theirs])
        self.company.write(*employee, {"active": False})
        self.assertEqual(see(mover), set())
        self.refused(mover.odoorpc, REQUEST, "action_start", ids=[theirs])
        values = {"service": self.service, "name": "x"}
        self.refused(mover.odoorpc, REQUEST, "place_order", values, words="ask HR")
        sue = self.as_("sue")
        self.company.write("hr.department", sales, {"manager_id": boss.employee_id})
        self.assertEqual((see(boss), see(sue)), ({ours, theirs}, set()))
        self.company.write("hr.department", sales, {"manager_id": sue.employee_id})
        self.assertEqual((see(boss), see(sue)), (set(), {ours, theirs}))


class TestOtherCompany(RightsCase):
    """T64: people of another company see nothing, and change nothing."""

    def setUp(self):
        super().setUp()
        self.ours = self.company
        self.order = self.delivered()
        self.act("sara", REQUEST, "action_rate", ids=[self.order], score=5)
        self.period = self.open_period()
        self.act("olga", PERIOD, "action_compute", ids=[self.period])
        self.plan = self.ours.plan([GOOD])
        self.theirs = the_other_company(self)

    def open_period(self):
        day = str(quarter_of(datetime.now(timezone.utc).date()))
        domain = [
            ["date_from", "=", day],
            ["company_id", "=", self.ours.id],
            ["kind", "=", "quarter"],
        ]
        found = self.ours.call(PERIOD, "search", domain)
        return found[0] if found else self.ours.quarter(day)

    def ours_of(self, model, domain):
        return self.ours.call(model, "search", domain)

    def injected(self):
        for companies in ([self.ours.id], [self.theirs.id, self.ours.id]):
            yield {"allowed_company_ids": companies}

    def test_they_see_nothing(self):
        order = [["request_id", "=", self.order]]
        mine = {
            REQUEST: [self.order],
            EVENT: self.ours_of(EVENT, order),
            CLOCK: self.ours_of(CLOCK, order),
            RATING: self.ours_of(RATING, order),
            SERVICE: [self.service],
            PERIOD: [self.period],
            CARD: self.ours_of(CARD, [["period_id", "=", self.period]]),
            PLAN: [self.plan],
            RULE: self.ours_of(RULE, [["plan_id", "=", self.plan]]),
            TIER: self.ours_of(TIER, [["rule_id.plan_id", "=", self.plan]]),
        }
        for model, ids in mine.items():
            self.assertTrue(ids, model)
            for who in ("olga", "ida", "finn"):
                person = self.theirs.person(who)
                with self.subTest(model, who=who):
                    self.assertFalse(self.found(person, model, [["id", "in", ids]]))
                    self.refused(person.odoorpc, model, "read", ["id"], ids=ids)
                    for context in self.injected():
                        args = (model, "search", [["id", "in", ids]])
                        self.refused(person.odoorpc, *args, context=context)

    def found(self, person, model, domain):
        try:
            return person.odoorpc(model, "search", domain)
        except RpcError as error:
            self.assertEqual(error.name, "odoo.exceptions.AccessError")
            return []

    def test_they_change_nothing(self):
        ours, theirs = self.ours, self.theirs
        code = ours.read(SERVICE, self.service, "code")
        row = {**ours.done(self.service, "2026-02-03", 5)}
        their_service = theirs.service()
        attempts = {
            "sara": [
                (
                    "order by id",
                    REQUEST,
                    "place_order",
                    ({"service": self.service, "name": "x"},),
                    {},
                ),
                (
                    "order by code",
                    REQUEST,
                    "place_order",
                    ({"service": code, "name": "x"},),
                    {},
                ),
                (
                    "draft",
                    REQUEST,
                    "create",
                    ({"service_id": self.service, "name": "x"},),
                    {},
                ),
                ("cancel", REQUEST, "action_cancel", ("x y z",), {"ids": [self.order]}),
                ("rate", REQUEST, "action_rate", (1,), {"ids": [self.order]}),
                (
                    "for our department",
                    REQUEST,
                    "place_order",
                    (
                        {
                            "service": their_service,
                            "name": "x",
                            "customer": ours.department("Sales"),
                        },
                    ),
                    {},
                ),
            ],
            "finn": [
                ("deliver", REQUEST, "action_deliver", (), {"ids": [self.order]}),
                ("assign", REQUEST, "write", ({"user_id": 2},), {"ids": [self.order]}),
            ],
            "olga": [
                ("compute", PERIOD, "action_compute", (), {"ids": [self.period]}),
                ("report", CARD, "report_scorecards", (self.period,), {}),
                (
                    "service",
                    SERVICE,
                    "write",
                    ({"name": "x"},),
                    {"ids": [self.service]},
                ),
                (
                    "take service",
                    SERVICE,
                    "write",
                    ({"company_id": theirs.id},),
                    {"ids": [self.service]},
                ),
                (
                    "give service",
                    SERVICE,
                    "write",
                    ({"company_id": ours.id},),
                    {"ids": [their_service]},
                ),
                (
                    "our department",
                    SERVICE,
                    "write",
                    ({"supplier_department_id": ours.department("Finance")},),
                    {"ids": [their_service]},
                ),
                (
                    "our hours",
                    SERVICE,
                    "write",
                    ({"calendar_id": ours.calendar_id},),
                    {"ids": [their_service]},
                ),
                (
                    "our period",
                    PERIOD,
                    "create",
                    (
                        {
                            "kind": "quarter",
                            "date_from": "2050-01-01",
                            "company_id": ours.id,
                        },
                    ),
                    {},
                ),
            ],
            "ida": [
                (
                    "evaluate",
                    PLAN,
                    "action_evaluate",
                    (self.period,),
                    {"ids": [self.plan]},
                ),
                (
                    "simulate",
                    PLAN,
                    "action_simulate",
                    (self.period,),
                    {"ids": [self.plan]},
                ),
                ("submit", PLAN, "action_submit", (), {"ids": [self.plan]}),
                ("awards", AWARD, "report_awards", (self.period,), {}),
                (
                    "our plan",
                    PLAN,
                    "create",
                    ({"name": "x", "pool": 1.0, "company_id": ours.id},),
                    {},
                ),
            ],
        }
        for who, cases in attempts.items():
            person = theirs.person(who)
            for name, model, method, args, kwargs in cases:
                contexts = [{}, *self.injected()]
                with self.subTest(name):
                    self.check_refused(
                        person,
                        [
                            (name, model, method, args, {**kwargs, "context": c})
                            for c in contexts
                        ],
                    )
        olga = theirs.person("olga")
        before = fingerprint(ours)
        for context in self.injected():
            for method, args in (("load_history", ([row],)), ("verify_events", ())):
                with self.subTest(method):
                    self.refused(olga.odoorpc, REQUEST, method, *args, context=context)
        [answer] = olga.odoorpc(REQUEST, "load_history", [row])
        self.assertEqual(answer["status"], "error")
        self.assertEqual(fingerprint(ours), before)

    def test_one_reference_in_two_companies_is_two_orders(self):
        reference = unique("X-")
        first = self.ours.order(self.service, external_ref=reference)
        second = self.theirs.order(self.theirs.service(), external_ref=reference)
        self.assertNotEqual(first, second)


def the_other_company(case):
    if not hasattr(case.server, "other_company"):
        case.server.other_company = Company(case.server)
    return case.server.other_company


ROUNDS = 10


class TestAtOnce(RightsCase):
    """Two and more at the same instant: one wins, the others are told."""

    def test_one_order_for_one_reference(self):
        sara = self.as_("sara")
        sara.json2(REQUEST, "search", domain=[])  # has her key
        for number in range(ROUNDS):
            values = {
                "service": self.service,
                "name": "x",
                "external_ref": unique("X-"),
            }
            calls = [sara.odoorpc, sara.json2] * 2
            answers = together(
                lambda call, v=values: call(REQUEST, "place_order", values=v), calls
            )
            with self.subTest(number):
                self.assertFalse([a for a in answers if isinstance(a, RpcError)])
                self.assertEqual(len({answer["id"] for answer in answers}), 1)
                self.assertEqual([a["created"] for a in answers].count(True), 1)

    def test_one_owner_of_one_reference(self):
        people = [self.as_(name) for name in ("sara", "sue", "mallory")]
        for number in range(ROUNDS):
            values = {
                "service": self.service,
                "name": "x",
                "external_ref": unique("X-"),
            }
            answers = together(
                lambda who, v=values: who.odoorpc(REQUEST, "place_order", v), people
            )
            with self.subTest(number):
                errors = [a for a in answers if isinstance(a, RpcError)]
                self.assertEqual(len(errors), 2, answers)
                for error in errors:
                    self.assertIn("taken", error.message)

    def test_one_rating(self):
        sara = self.as_("sara")
        for number in range(ROUNDS):
            order = self.delivered()
            answers = together(
                lambda score, o=order: sara.odoorpc(
                    REQUEST, "action_rate", ids=[o], score=score
                ),
                [1, 2, 4, 5],
            )
            with self.subTest(number):
                errors = [a for a in answers if isinstance(a, RpcError)]
                self.assertEqual(len(errors), 3, answers)
                for error in errors:
                    self.assertIn("already rated", error.message)
                self.assertEqual(len(self.rows(RATING, order)), 1)

    def test_one_delivery(self):
        people = [self.as_(name) for name in ("finn", "fred", "fay")]
        order = self.company.order(self.service)
        answers = together(
            lambda who: who.odoorpc(REQUEST, "action_deliver", ids=[order]), people
        )
        self.assertEqual(sum(isinstance(a, RpcError) for a in answers), 2, answers)
        kinds = self.company.call(EVENT, "search_count", [["request_id", "=", order]])
        self.assertEqual(kinds, 2)
        self.assertEqual(self.act("olga", REQUEST, "verify_events")["broken"], [])
