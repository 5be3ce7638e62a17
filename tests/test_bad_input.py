"""Whatever is sent, one sentence comes back and nothing changes.

Every public method × every argument × what a script, a form or an import may send by
mistake or in malice; over odoorpc and JSON-2.
"""

import itertools
from datetime import datetime, timezone

from company import (
    AWARD,
    CARD,
    GOOD,
    PERIOD,
    PLAN,
    REQUEST,
    TOLD,
    CompanyCase,
    fingerprint,
    in_hours,
    quarter_of,
    unique,
)
from rpc import RpcError

NOTHING = {"not given": ..., "null": None, "false": False, "empty": "", "blank": "  "}
TEXTS = {
    "a word": "soon",
    "NUL": "a\0b",
    "surrogate": "a\ud800b",
    "2 MB": "x" * 2_000_000,
}
NUMBERS = {
    "zero": 0,
    "one": 1,
    "minus one": -1,
    "2**31": 2**31,
    "2**63": 2**63,
    "10**400": 10**400,
    "1.5": 1.5,
    "NaN": float("nan"),
    "infinity": float("inf"),
}
DAYS = {
    "year 1": "0001-01-01",
    "year 9999": "9999-12-31 23:59:59",
    "30 February": "2026-02-30",
    "year 10000": "10000-01-01T00:00:00Z",
}
SHAPES = {
    "true": True,
    "list": [],
    "list of one": [1],
    "list of lists": [[0]],
    "dict": {},
    "dict of one": {"name": 1},
    "deep": [[[[[[[[{"a": [{}]}]]]]]]]],
}
ODD = NOTHING | TEXTS | NUMBERS | DAYS | SHAPES
_WORDS = {"a word", *DAYS}  # that is a text
# What is no mistake, by kind of argument
FINE = {
    "needed text": _WORDS,
    "text": {*NOTHING, *_WORDS},
    "moment": set(),
    "optional moment": {"not given", "null", "false", "empty"},
    "choice": {"not given"},
    "optional choice": {"not given", "null", "false", "empty"},
    "score": {"one"},
    "aspects": {"not given", "null", "false", "empty", "dict"},
    "flag": {"not given", "null", "false", "true"},
    "record": {"one"},
    "day": set(),
    "values": set(),
    "rows": {"list", "list of one", "list of lists", "deep"},  # answered row by row
}
SOON = in_hours(24)
WHY = "The form is not signed."
REASON = {"reason": ("needed text", WHY)}
# model: method: {argument: (its kind, a good value)}
METHODS = {
    REQUEST: {
        "action_submit": {},
        "action_accept_counter": {},
        "action_confirm": {},
        "action_reject_delivery": REASON,
        "action_cancel": REASON,
        "action_rate": {
            "score": ("score", 4),
            "comment": ("text", "Thanks"),
            "aspects": ("aspects", {"timely": 5}),
            "pressed": ("flag", False),
        },
        "action_accept": {"promised_at": ("optional moment", SOON)},
        "action_counter": {**REASON, "proposed_at": ("moment", SOON)},
        "action_decline": {**REASON, "code": ("choice", "other")},
        "action_start": {},
        "action_wait": {**REASON, "cause": ("choice", "customer")},
        "action_resume": {},
        "action_deliver": {"note": ("text", "On your desk.")},
    },
    PERIOD: {"action_compute": {}, "action_close": {}},
    PLAN: {
        "action_submit": {},
        "action_approve": {},
        "action_reset": {},
        "action_new_version": {"date_from": ("day", "2099-01-01")},
        "action_simulate": {"period_id": ("record", 1)},
        "action_evaluate": {"period_id": ("record", 1)},
        "action_close": {"period_id": ("record", 1)},
    },
}
MODEL_METHODS = {
    REQUEST: {
        "place_order": {"values": ("values", {})},
        "load_history": {"rows": ("rows", [])},
    },
    CARD: {
        "report_scorecards": {
            "period_id": ("record", 1),
            "role": ("optional choice", "supplier"),
            "subject": ("optional choice", "service"),
        }
    },
    AWARD: {"report_awards": {"period_id": ("record", 1)}},
}
IDS = {
    "unknown": [2**31 - 1],
    "zero": [0],
    "negative": [-1],
    "2**31": [2**31],
    "2**63": [2**63],
    "a word": ["one"],
    "NUL": ["\0"],
    "null": [None],
    "a flag": [True],
    "a number": [1.5],
    "a list": [[1]],
    "a dict": [{}],
    "twice and unknown": [2**31 - 1, 2**31 - 1],
    "5,000": list(range(1, 5001)),
}
# state of the order in which a method is possible, and who may
POSSIBLE = {
    "action_submit": ("draft", "sara"),
    "action_accept_counter": ("countered", "sara"),
    "action_confirm": ("delivered", "sara"),
    "action_reject_delivery": ("delivered", "sara"),
    "action_cancel": ("submitted", "sara"),
    "action_rate": ("delivered", "sara"),
    "action_resume": ("waiting", "finn"),
}


class OddCase(CompanyCase):
    @classmethod
    def setUpClass(cls):
        cls.turns = itertools.count()

    def setUp(self):
        company = self.company
        self.service = company.service()
        self.sara, self.finn = company.person("sara"), company.person("finn")
        self.olga, self.ida = company.person("olga"), company.person("ida")

    def orders(self):
        """Return an order in each state."""
        draft = {"service_id": self.service, "name": "A draft"}
        orders = {"draft": self.sara.odoorpc(REQUEST, "create", draft)}
        steps = {
            "submitted": (),
            "countered": ("action_counter", {"proposed_at": SOON, "reason": WHY}),
            "waiting": ("action_wait", {"reason": WHY}),
            "delivered": ("action_deliver", {}),
        }
        for state, step in steps.items():
            orders[state] = self.company.order(self.service)
            if step:
                method, arguments = step
                self.finn.odoorpc(REQUEST, method, ids=[orders[state]], **arguments)
        return orders

    def either(self, who):
        """Return one protocol for this call, the other one for the next."""
        return who.protocols[next(self.turns) % 2]

    def answer(self, call, *args, **kwargs):
        """Return what is wrong with the answer to a bad call."""
        try:
            result = call(*args, **kwargs)
        except RpcError as error:
            if error.name not in TOLD:
                return f"{error.name}: {error.message[:150]}"
            limit = 400 if "Uh-oh" not in error.message else 2000  # Odoo's own
            if not 10 < len(error.message.strip()) < limit:
                return f"says {error.message[:150]!r}"
            return None
        return f"was done: {str(result)[:80]}"

    def check_all(self, cases):
        """Make calls, ``(name, call, args, kwargs)``; all must be refused in words."""
        before, wrong = fingerprint(self.company), []
        for name, call, args, kwargs in cases:
            if problem := self.answer(call, *args, **kwargs):
                wrong.append(f"{name}: {problem}")
        self.assertEqual(fingerprint(self.company), before, wrong)
        self.assertEqual(wrong, [], f"{len(wrong)} answers are no sentence")


class TestBadInput(OddCase):
    """What scripts send: each argument of each public method, and the ids."""

    def records(self):
        """Return whose call and which record each method is tried with."""
        orders = self.orders()
        plan = self.company.plan([GOOD])
        today = datetime.now(timezone.utc).date()
        period = self.open_period(quarter_of(today))
        for method in METHODS[REQUEST]:
            state, who = POSSIBLE.get(method, ("submitted", "finn"))
            yield REQUEST, method, self.company.person(who), orders[state]
        for method in METHODS[PERIOD]:
            yield PERIOD, method, self.olga, period
        for method in METHODS[PLAN]:
            yield PLAN, method, self.ida, plan

    def open_period(self, day):
        domain = [["date_from", "=", str(day)], ["company_id", "=", self.company.id]]
        found = self.olga.odoorpc(PERIOD, "search", domain)
        return found[0] if found else self.company.quarter(day)

    def test_arguments_of_records(self):
        cases = []
        for model, method, who, record in self.records():
            arguments = METHODS[model][method]
            cases += self.odd_arguments(model, method, who, arguments, ids=[record])
        self.check_all(cases)

    def test_arguments_of_models(self):
        cases = []
        for model, methods in MODEL_METHODS.items():
            for method, arguments in methods.items():
                who = self.olga if model != AWARD else self.ida
                cases += self.odd_arguments(model, method, who, arguments)
        self.check_all(cases)

    def odd_arguments(self, model, method, who, arguments, **ids):
        for name, (kind, _good) in arguments.items():
            good = {other: value for other, (_kind, value) in arguments.items()}
            for odd in ODD.keys() - FINE[kind]:
                given = {**good, name: ODD[odd]}
                if ODD[odd] is ...:
                    del given[name]
                call = self.either(who)
                label = f"{call.__name__} {model}.{method}({name}: {odd})"
                yield label, call, (model, method), {**ids, **given}

    def test_ids(self):
        cases = []
        for model, method, who, _record in self.records():
            good = {name: value for name, (_, value) in METHODS[model][method].items()}
            for odd, ids in IDS.items():
                call = self.either(who)
                label = f"{call.__name__} {model}.{method}(ids: {odd})"
                cases.append((label, call, (model, method), {"ids": ids, **good}))
        self.check_all(cases)

    def test_a_million_ids(self):
        ids = list(range(1, 1_000_001))
        self.check_all(
            (f"{call.__name__}", call, (REQUEST, "action_submit"), {"ids": ids})
            for call in self.sara.protocols
        )

    def test_values_of_an_order(self):
        place = (REQUEST, "place_order")
        good = {"service": self.service, "name": "x", "external_ref": unique("B-")}
        kinds = {
            "service": ("record", {"one"}),
            "name": ("needed text", set()),
            "description": ("text", set()),
            "needed_by": ("optional moment", {"not given"}),
            "priority": ("optional choice", {"zero", "one"}),
            "customer": ("record", {"one", "not given", "null", "false", "empty"}),
            "external_ref": ("text", set()),
            "colour": ("record", {"not given"}),
        }
        cases = []
        for name, (kind, also) in kinds.items():
            for odd in ODD.keys() - FINE[kind] - also:
                values = {**good, name: ODD[odd]}
                if ODD[odd] is ...:
                    del values[name]
                for given in (values, [good, values]):
                    call = self.either(self.sara)
                    label = f"{call.__name__} place_order({name}: {odd})"
                    cases.append((label, call, place, {"values": given}))
        for key in ("a\0", "\ud800", "", "x" * 100_000):
            for call in self.sara.protocols:
                label = f"{call.__name__} place_order(key {key[:5]!r})"
                cases.append((label, call, place, {"values": {**good, key: 1}}))
        self.check_all(cases)

    def test_rows_of_history(self):
        """A bad row is answered for itself, and changes nothing."""
        good = self.company.done(self.service, "2026-02-03", 4)
        rows = {f"row: {odd}": value for odd, value in ODD.items() if value is not ...}
        fine = {
            "external_ref": {*_WORDS},
            "service": set(),
            "customer": {"not given", "null", "false", "empty"},
            "requester": set(),
            "assignee": {"not given", "null", "false", "empty"},
            "name": {*NOTHING, *_WORDS, "zero", "list", "dict"},
            "priority": {"not given", "null", "false", "empty", "zero", "one"},
            "events": set(),
            "ratings": {"not given", "null", "false", "empty", "list"},
        }
        for name, skip in fine.items():
            for odd in ODD.keys() - skip:
                row = {**good, name: ODD[odd]}
                if ODD[odd] is ...:
                    del row[name]
                rows[f"{name}: {odd}"] = row
        event = {
            "kind": set(),
            "at": set(),
            "user": {"not given", "null", "false", "empty"},
            "cause": {"not given", "null", "false", "empty", "zero", "list", "dict"},
        }
        rating = {
            "score": {"one"},
            "at": set(),
            "direction": {"not given", "null", "false"},
            "comment": FINE["text"],
        }
        for part, keys in (("events", event), ("ratings", rating)):
            for name, skip in keys.items():
                for odd in ODD.keys() - skip:
                    item = {**good[part][0], name: ODD[odd]}
                    if ODD[odd] is ...:
                        del item[name]
                    items = [item, *good[part][1:]]
                    rows[f"{part}.{name}: {odd}"] = {**good, part: items}
        before, wrong = fingerprint(self.company), []
        for name, row in rows.items():
            try:
                [answer] = self.olga.odoorpc(REQUEST, "load_history", [row])
            except RpcError as error:
                wrong.append(f"{name}: {error.name}: {error.message[:150]}")
                continue
            if answer["status"] != "error" or not 5 < len(answer["error"] or "") < 400:
                wrong.append(f"{name}: {answer}"[:200])
        answers = self.olga.json2(REQUEST, "load_history", rows=list(rows.values()))
        wrong += [str(a)[:200] for a in answers if a["status"] != "error"]
        self.assertEqual(fingerprint(self.company), before, wrong)
        self.assertEqual(wrong, [])

    def test_a_good_row_beside_bad_ones_is_kept(self):
        good = self.company.done(self.service, "2026-02-03", 4)
        rows = [{"external_ref": "\ud800"}, None, good, {**good, "service": "\0"}]
        answers = self.olga.odoorpc(REQUEST, "load_history", rows)
        self.assertEqual(
            [answer["status"] for answer in answers],
            ["error", "error", "created", "error"],
        )


FIELDS = {
    "char": {"NUL", "surrogate", "2 MB", "one", "1.5", "list of one", "dict", "true"},
    "text": {"NUL", "surrogate", "2 MB", "one", "1.5", "list of one", "dict", "true"},
    "integer": ODD.keys() - NOTHING - {"zero", "one", "minus one"},
    "float": ODD.keys() - NOTHING - {"zero", "one", "minus one", "1.5", "2**31"},
    "monetary": ODD.keys() - NOTHING - {"zero", "one", "minus one", "1.5", "2**31"},
    "boolean": ODD.keys() - NOTHING - {"true"},
    "selection": ODD.keys() - NOTHING,
    "date": ODD.keys() - NOTHING,
    "datetime": ODD.keys() - NOTHING,
    "many2one": ODD.keys() - NOTHING - {"one"},
    "one2many": ODD.keys() - NOTHING - {"list", "list of one"},
    "many2many": ODD.keys() - NOTHING - {"list", "list of one"},
}
COMMANDS = {
    "no command": [[]],
    "code 9": [[9, 1, 0]],
    "code true": [[True, 1, {}]],
    "code NaN": [[float("nan"), 0, 0]],
    "create without values": [[0]],
    "create with a word": [[0, 0, "x"]],
    "update without id": [[1]],
    "update unknown": [[1, 2**31 - 1, {"name": "x"}]],
    "link a word": [[4, "x"]],
    "link unknown": [[4, 2**31 - 1]],
    "link 2**63": [[4, 2**63]],
    "set a word": [[6, 0, "abc"]],
    "set null": [[6, 0, None]],
    "set words": [[6, 0, ["a"]]],
    "delete NUL": [[2, "\0"]],
}
SERVICE, STAGE = "internal.service", "internal.request.stage"
POLICY, RULE = "internal.sla.policy", "internal.incentive.rule"
TIER, LINE = "internal.incentive.tier", "internal.incentive.plan.line"
CREATED = {"NUL", "surrogate", "10**400", "NaN", "year 9999", "deep", "link a word"}
IMPORTED = {"NUL": "a\0b", "2 MB": "x" * 100_000, "list": "[1]", "a word": "soon"}


class TestBadValues(OddCase):
    """The same over the ORM: what a form saves, what an import brings."""

    def setUp(self):
        super().setUp()
        self.seen = {}

    def editable(self):
        """Return ``(who, model, record)`` of all that somebody may write."""
        admin, company = self.company.admin, self.company
        plan = company.plan([GOOD], name="Odd")
        [rule] = company.read(PLAN, plan, "rule_ids")
        [tier, _last] = company.read(RULE, rule, "tier_ids")
        line = {"plan_id": plan, "department_id": company.department("Sales")}
        policy = {"name": "Odd", "company_id": company.id}
        stage = {"name": "Odd", "state": "draft", "service_ids": [[4, self.service]]}
        draft = {"service_id": self.service, "name": "A draft"}
        return [
            (self.sara, REQUEST, self.sara.odoorpc(REQUEST, "create", draft)),
            (self.olga, SERVICE, self.service),
            (self.olga, POLICY, company.create(POLICY, policy)),
            (admin, STAGE, company.create(STAGE, stage)),
            (self.ida, PLAN, plan),
            (self.ida, RULE, rule),
            (self.ida, TIER, tier),
            (self.ida, LINE, self.ida.odoorpc(LINE, "create", line)),
        ]

    def fields(self, who, model):
        """Return ``{name: type}`` of what is stored."""
        attributes = ["type", "store", "readonly"]
        fields = who.odoorpc(model, "fields_get", [], attributes)
        log = {"id", "create_uid", "create_date", "write_uid", "write_date"}
        return {
            name: field["type"]
            for name, field in fields.items()
            if name not in log and field["store"]
        }

    def part(self, kind, values, parts=5):
        """Return a part of ``values`` for a field; fields of a kind share them all."""
        if kind in ("date", "monetary"):
            return values  # there is one such field
        turn = self.seen[kind] = self.seen.get(kind, -1) + 1
        return values[turn % parts :: parts]

    def test_write_and_create(self):
        cases = []
        for who, model, record in self.editable():
            for name, kind in self.fields(who, model).items():
                if kind not in FIELDS:
                    continue
                values = {odd: ODD[odd] for odd in FIELDS[kind]}
                if kind in ("one2many", "many2many"):
                    values |= COMMANDS
                for odd in self.part(kind, sorted(values)):
                    value = values[odd]
                    label = f"{model}.{name}: {odd}"
                    write = {"ids": [record], "vals": {name: value}}
                    call = self.either(who)
                    cases.append((f"write {label}", call, (model, "write"), write))
                    if odd in CREATED:
                        args = (model, "create", {"name": "x", name: value})
                        cases.append((f"create {label}", who.odoorpc, args, {}))
            here = {"ids": [record]}
            for odd in ("null", "a word", "one", "1.5", "list", "list of one", "deep"):
                for method in ("write", "create")[: 1 + (odd != "list")]:
                    where = here if method == "write" else {}
                    label, args = f"{method} {model} {odd}", (model, method, ODD[odd])
                    cases.append((label, who.odoorpc, args, where))
            for name in ("colour", "a\0b", "\ud800", "x" * 10_000):
                args = (model, "write", {name: 1})
                cases.append((f"write {name[:5]!r}", who.odoorpc, args, here))
            for odd in IDS.keys() - {"unknown", "twice and unknown", "5,000"}:
                args, ids = (model, "write", {"name": "x"}), {"ids": IDS[odd]}
                cases.append((f"write {model} ids {odd}", who.odoorpc, args, ids))
        self.check_all(cases)

    def test_import(self):
        editable, wrong = self.editable(), []
        before = fingerprint(self.company)
        for who, model, _record in editable:
            for name, kind in self.fields(who, model).items():
                for odd, value in self.part(kind, list(IMPORTED.items()), 2):
                    if kind in ("char", "text") and odd not in ("NUL", "2 MB"):
                        continue
                    try:
                        answer = who.odoorpc(model, "load", [name], [[value]])
                    except RpcError as error:
                        wrong.append(f"{model}.{name} {odd}: {error}"[:200])
                        continue
                    said = [m["message"] for m in answer["messages"]]
                    if answer["ids"] or not said or "Unknown error" in str(said):
                        wrong.append(f"{model}.{name} {odd}: {answer}"[:250])
        self.assertEqual(fingerprint(self.company), before, wrong)
        self.assertEqual(wrong, [])
