"""The incentive engine: the vectors of the rules, statements, and laws.

Pure: runs without Odoo and without a database.
"""

import doctest
import json
import math
import unittest
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from ..engine import incentive
from ..engine.incentive import (
    Card,
    Rule,
    awards,
    check_rule,
    prorate,
    result,
    split,
)
from ..engine.score import Stats, figures
from .test_engine_transitions import LAWS

LINEAR = ((80, 0), (90, 1), (95, 1.2))
STEP = ((80, 0.5), (90, 1), (95, 1.2))

# (vector, pool, weights, decimals, parts)
SPLITS = [
    (59, 100, [1, 1, 1], 2, "33.34 33.33 33.33"),
    (59, 1000, [50, 30, 20, 1], 2, "495.05 297.03 198.02 9.90"),
    (60, 777.77, [0.9, 0.6, 0, 0.35], 2, "378.37 252.25 0.00 147.15"),
    (61, 10000, [3, 3, 3, 1, 1], 2, "2727.28 2727.27 2727.27 909.09 909.09"),
    (61, 0.05, [1, 1, 1], 2, "0.02 0.02 0.01"),
    (62, 100, [1, 1, 1], 0, "34 33 33"),
    (62, 10, [1] * 6, 3, "1.667 1.667 1.667 1.667 1.666 1.666"),
    ("6", 0.01, [1, 3, 2], 2, "0.00 0.01 0.00"),
    ("6", 0.02, [1, 3], 2, "0.00 0.02"),
    ("6", 100, [0, 0], 2, "0.00 0.00"),
    ("6", 100, [], 2, ""),
    ("6", 0, [1, 2], 2, "0.00 0.00"),
    ("6", 1e22, [1, 1], 2, "5000000000000000000000.00 5000000000000000000000.00"),
]

# (vector, kind, tiers, figure, factor)
TIERS = [
    (63, "linear", LINEAR, 79.99, "0"),
    (63, "linear", LINEAR, 80, "0"),
    (63, "linear", LINEAR, 85, "0.5"),
    (63, "linear", LINEAR, 92, "1.08"),
    (63, "linear", LINEAR, 95, "1.2"),
    (63, "linear", LINEAR, 99, "1.2"),
    (64, "step", STEP, 79.99, "0"),
    (64, "step", STEP, 80, "0.5"),
    (64, "step", STEP, 89.99, "0.5"),
    (64, "step", STEP, 90, "1"),
    (64, "step", STEP, 95, "1.2"),
    ("6", "linear", ((0.8, 0.5),), 0.7999, "0"),
    ("6", "linear", ((0.8, 0.5),), 0.8, "0.5"),
    ("6", "linear", ((0.1, 0), (0.4, 1)), 0.3, "0.666666666667"),
    ("6", "linear", ((0, 1), (24, 0)), 6, "0.75"),
]

KNOWN = {
    "request_count": 40,
    "met_count": 17,
    "breached_count": 3,
    "on_time_rate": 0.85,
    "promise_count": 10,
    "promise_kept_rate": 0.9,
    "rating_asked_count": 50,
    "rating_count": 40,
    "response_rate": 0.8,
    "good_rate": 0.875,
    "good_rate_low": 0.739,
    "overdue_count": 0,
}


def card(veto_score=None, **changes):
    return Card(KNOWN | changes, veto_score)


def good(rule_id=1, **changes):
    values = {"kind": "linear", "tiers": ((0.8, 0), (0.9, 1))} | changes
    return Rule(rule_id, metric="good_rate", **values)


class TestMoney(unittest.TestCase):
    def test_split(self):
        for vector, pool, weights, digits, parts in SPLITS:
            with self.subTest(vector=vector, pool=pool, weights=weights):
                self.assertEqual(
                    list(map(str, split(pool, weights, digits))), parts.split()
                )

    def test_prorate(self):
        rows = [
            (66, 500, 50, 90, 2, "277.78"),
            (66, 1000, 45, 91, 2, "494.51"),
            ("6", 461.5, 50, 90, 2, "256.39"),
            ("6", 1, 1, 8, 2, "0.13"),
            ("6", 100, 1, 8, 0, "13"),
            ("6", 100, 0, 8, 2, "0.00"),
            ("6", 100, 8, 8, 2, "100.00"),
        ]
        for vector, amount, days, total, digits, expected in rows:
            with self.subTest(vector=vector, amount=amount, days=days):
                self.assertEqual(str(prorate(amount, days, total, digits)), expected)

    def test_refused(self):
        nan, infinite = math.nan, math.inf
        calls = [
            ("pool", lambda: split(-1, [1], 2)),
            ("pool", lambda: split(nan, [1], 2)),
            ("pool", lambda: split(infinite, [1], 2)),
            ("pool", lambda: split(Decimal("sNaN"), [1], 2)),
            ("pool", lambda: split(True, [1], 2)),
            ("weight", lambda: split(1, [1, -1], 2)),
            ("weight", lambda: split(1, [nan], 2)),
            ("weight", lambda: awards(1, {7: -1}, [], {}, 2)),
            ("tiers", lambda: awards(1, {7: 1}, [good(tiers=())], {7: card()}, 2)),
            ("kind", lambda: result([Rule(1, "marginal", "good_rate")], card())),
            ("amount", lambda: prorate(nan, 1, 2, 2)),
            ("days", lambda: prorate(1, 3, 2, 2)),
            ("days", lambda: prorate(1, -1, 2, 2)),
            ("days", lambda: prorate(1, 0, 0, 2)),
        ]
        for place, (name, call) in enumerate(calls):
            with self.subTest(place=place), self.assertRaisesRegex(ValueError, name):
                call()

    def test_examples_in_the_code(self):
        self.assertEqual(doctest.testmod(incentive).failed, 0)


class TestRules(unittest.TestCase):
    def test_tiers(self):
        for vector, kind, tiers, value, factor in TIERS:
            with self.subTest(vector=vector, kind=kind, value=value):
                rule = Rule(1, kind, "good_rate", tiers=tiers)
                earned, _lines = result([rule], card(good_rate=value))
                self.assertEqual(earned, Decimal(factor))

    def test_weighted_result_of_the_rules(self):
        rules = [
            good(1, weight=0.6, tiers=((0.8, 0), (0.9, 1), (0.95, 1.2))),
            Rule(2, "linear", "on_time_rate", weight=0.25, tiers=((0.8, 0), (0.9, 1))),
            Rule(3, "step", "promise_kept_rate", weight=0.15, tiers=((0.9, 1),)),
        ]
        known = card(good_rate=0.92)
        factor, _lines = result(rules, known)
        self.assertEqual(factor, Decimal("0.923"))
        award = awards(500, {7: 1}, rules, {7: known}, 2)[7]
        self.assertEqual(award.amount, Decimal("461.50"))
        self.assertEqual(award.factor, Decimal("0.923"))
        self.assertEqual(
            [str(line.amount) for line in award.lines],
            ["500.00", "324.00", "62.50", "75.00", "461.50"],
        )

    def test_weights_are_shares_of_their_sum(self):
        rules = [good(1, weight=3), Rule(2, "step", "on_time_rate", tiers=((0, 0),))]
        self.assertEqual(result(rules, card())[0], Decimal("0.5625"))

    def test_floor_and_cap_of_a_rule(self):
        rows = [
            ({"floor": 0.8}, 0.875, "0.8"),
            ({"floor": 0.5}, 0.875, "0.75"),
            ({"floor": 0.5}, 0.7, "0.5"),
            ({"cap": 0.7}, 0.875, "0.7"),
            ({"cap": 0}, 0.875, "0"),
            ({"floor": 0.6, "cap": 0.6}, 0.875, "0.6"),
        ]
        for bounds, value, factor in rows:
            with self.subTest(bounds=bounds, value=value):
                earned, _lines = result([good(**bounds)], card(good_rate=value))
                self.assertEqual(earned, Decimal(factor))

    def test_floor_does_not_pay_for_too_few(self):
        factor, lines = result([good(floor=0.5)], card(rating_count=4))
        self.assertEqual((factor, lines[0].code), (0, "too_few"))

    def test_comparison_is_on_the_stored_figure_as_written(self):
        rule = Rule(1, "gate", "good_rate", ">=", 0.3)
        for value, code in ((0.3, "gate_passed"), (0.2999, "gate_failed")):
            self.assertEqual(result([rule], card(good_rate=value))[1][0].code, code)

    def test_gates(self):
        rows = [
            (">=", 0.875, True),
            (">=", 0.8751, False),
            (">", 0.875, False),
            (">", 0.8749, True),
            ("<=", 0.875, True),
            ("<=", 0.8749, False),
            ("<", 0.875, False),
            ("<", 0.8751, True),
            ("=", 0.875, True),
            ("=", 0.8751, False),
        ]
        for operator, value, held in rows:
            with self.subTest(operator=operator, value=value):
                rule = Rule(1, "gate", "good_rate", operator, value)
                factor, lines = result([rule], card())
                self.assertEqual(factor, int(held))
                code = "gate_passed" if held else "gate_failed"
                self.assertEqual(lines[0].code, code)

    def test_every_condition_is_printed_after_one_failed(self):
        rules = [
            good(1),
            Rule(2, "gate", "on_time_rate", ">=", 0.9),
            Rule(3, "veto"),
            Rule(4, "gate", "overdue_count", "=", 0),
            Rule(5, "gate", "response_on_time_rate", ">=", 0.5),
        ]
        factor, lines = result(rules, card(veto_score=1))
        self.assertEqual(factor, 0)
        self.assertEqual(
            [(line.rule, line.code) for line in lines],
            [
                (2, "gate_failed"),
                (4, "gate_passed"),
                (5, "unknown"),
                (3, "veto"),
                (1, "figure"),
                (None, "nothing"),
            ],
        )
        self.assertEqual(lines[1].data["value"], "0")
        self.assertEqual(lines[3].data, {"kind": "veto", "score": 1, "limit": 2})
        self.assertEqual(lines[4].data["factor"], "0.75")
        self.assertEqual(lines[-1].data["reasons"], ["gate", "veto"])

    def test_veto(self):
        rows = [(None, 1), (5, 1), (3, 1), (2, 0), (1, 0)]
        for score, factor in rows:
            with self.subTest(score=score):
                earned, lines = result([Rule(1, "veto")], card(veto_score=score))
                self.assertEqual(earned, factor)
                self.assertEqual(lines[0].code, "veto_clear" if factor else "veto")
        self.assertEqual(result([good(tiers=((0, 1),))], card(veto_score=1))[0], 1)

    def test_a_plan_without_rules_pays_the_share(self):
        self.assertEqual(result([], card())[0], 1)

    def test_enough_data_is_asked_of_each_figure(self):
        enough = {"rating_count": 5, "response_rate": 0.3}
        rows = [
            ("good_rate", enough, "figure", 5),
            ("good_rate", {"rating_count": 4}, "too_few", 4),
            ("good_rate", {"response_rate": 0.2999}, "too_few", 40),
            ("good_rate", {"request_count": 0}, "figure", 40),
            ("good_rate", {"good_rate": None, "rating_count": 0}, "unknown", 0),
            ("good_rate", {"good_rate": False, "rating_count": False}, "unknown", 0),
            ("good_rate", {"good_rate": None, "rating_count": None}, "unknown", 0),
            ("good_rate", {"response_rate": None}, "too_few", 40),
            ("on_time_rate", {"response_rate": 0}, "figure", 20),
            ("on_time_rate", {"met_count": 3, "breached_count": 2}, "figure", 5),
            ("on_time_rate", {"met_count": 2, "breached_count": 2}, "too_few", 4),
            ("promise_kept_rate", {"promise_count": 5}, "figure", 5),
            ("promise_kept_rate", {"promise_count": 4}, "too_few", 4),
            ("overdue_count", {"request_count": 5}, "figure", 5),
            ("overdue_count", {"request_count": 4}, "too_few", 4),
            ("trend", {}, "unknown", 40),
        ]
        for metric, changes, code, n in rows:
            known = card(**changes)
            for kind in ("step", "gate"):
                with self.subTest(metric=metric, changes=changes, kind=kind):
                    rule = Rule(1, kind, metric, ">=", 0, tiers=((0, 1),))
                    factor, lines = result([rule], known)
                    expected = code
                    if kind == "gate" and code == "figure":
                        expected = "gate_passed"
                    self.assertEqual(lines[0].code, expected)
                    self.assertEqual(factor, int(code == "figure"))
                    self.assertEqual(lines[0].data["n"], n)
                    self.assertEqual(lines[0].data["minimum"], 5)

    def test_what_a_sentence_needs(self):
        _factor, lines = result([good(weight=2, cap=1)], card())
        self.assertEqual(
            lines[0].data,
            {
                "kind": "linear",
                "metric": "good_rate",
                "value": "0.875",
                "n": 40,
                "minimum": 5,
                "response": "0.8",
                "minimum_response": "0.3",
                "below": {"from": "0.8", "factor": "0"},
                "above": {"from": "0.9", "factor": "1"},
                "position": "0.75",
                "tier_factor": "0.75",
                "cap": "1",
                "factor": "0.75",
                "weight": "2",
            },
        )
        self.assertEqual(lines[1].code, "result")
        self.assertEqual(lines[1].data, {"factor": "0.75", "weights": "2"})

    def test_numbers_of_a_sentence_have_six_decimals(self):
        rule = Rule(1, "linear", "good_rate", tiers=((0.1, 0), (0.4, 1)))
        _factor, lines = result([rule], card(good_rate=0.3))
        self.assertEqual(lines[0].data["position"], "0.666667")

    def test_a_gate_compares_with_0_unless_told_otherwise(self):
        _factor, lines = result([Rule(1, "gate", "overdue_count", "=")], card())
        self.assertEqual(lines[0].data["comparison"], "0")

    def test_why_nothing(self):
        rows = [
            ([good()], card(good_rate=0.7), ["figures"]),
            ([good()], card(rating_count=3), ["data"]),
            ([good()], card(good_rate=None), ["data"]),
            ([good(weight=0)], card(), ["weights"]),
            ([good(), Rule(2, "veto")], card(veto_score=2), ["veto"]),
        ]
        for rules, known, reasons in rows:
            with self.subTest(reasons=reasons):
                factor, lines = result(rules, known)
                self.assertEqual((factor, lines[-1].code), (0, "nothing"))
                self.assertEqual(lines[-1].data["reasons"], reasons)

    def test_figures_of_the_score_engine_fit(self):
        stats = Stats(closed=9, scores=(0, 0, 1, 2, 5), promise_met=5, expired=2)
        known = Card(figures(stats))
        rules = [good(), Rule(2, "step", "promise_kept_rate", tiers=((1, 1),))]
        self.assertEqual(result(rules, known)[0], Decimal("0.875"))


class TestCheckRule(unittest.TestCase):
    def test_accepted(self):
        for rule in (
            good(),
            good(kind="step", tiers=((-1, 0), (0, 2)), weight=0, floor=0, cap=0),
            Rule(1, "gate", "trend", ">", -0.5),
            Rule(1, "veto"),
        ):
            self.assertIsNone(check_rule(rule))

    def test_refused(self):
        rows = [
            ("kind", Rule(1, "marginal", "good_rate")),
            ("metric", Rule(1, "gate")),
            ("operator", Rule(1, "gate", "good_rate", "!=")),
            ("value", Rule(1, "gate", "good_rate", value=math.nan)),
            ("metric", Rule(1, "step", tiers=((0, 1),))),
            ("weight", good(weight=-1)),
            ("weight", good(weight=math.inf)),
            ("tiers", good(tiers=())),
            ("tiers must rise, got 0.8 after 0.9", good(tiers=((0.9, 0), (0.8, 1)))),
            ("tiers must rise", good(tiers=((0.9, 0), (0.9, 1)))),
            ("tiers: from", good(tiers=((math.inf, 1),))),
            ("tiers: factor", good(tiers=((0.9, -1),))),
            ("tiers: factor", good(tiers=((0.9, math.nan),))),
            ("floor", good(floor=-1)),
            ("cap must be 0.5 or more", good(floor=0.5, cap=0.4)),
            ("cap", good(cap=math.nan)),
        ]
        for name, rule in rows:
            with self.subTest(rule=rule), self.assertRaisesRegex(ValueError, name):
                check_rule(rule)


class TestAwards(unittest.TestCase):
    def test_pool_shares_and_results(self):
        rules = [good(), Rule(2, "veto"), Rule(3, "gate", "request_count", ">=", 10)]
        cards = {
            1: card(),
            2: card(veto_score=2),
            3: card(request_count=9),
            4: None,
            5: card(good_rate=0.99),
        }
        weights = {6: 0, 5: 1, 4: 1, 3: 1, 2: 1, 1: 2}
        given_out = awards(1000, weights, rules, cards, 2)
        rows = [
            # id, share, amount, withheld, last code, reasons
            (1, "333.33", "250.00", False, "result", None),
            (2, "166.67", "0.00", True, "nothing", ["veto"]),
            (3, "166.67", "0.00", True, "nothing", ["gate"]),
            (4, "166.67", "0.00", False, "nothing", ["no_card"]),
            (5, "166.66", "166.66", False, "result", None),
            (6, "0.00", "0.00", False, "nothing", ["no_card"]),
        ]
        self.assertEqual(set(given_out), {row[0] for row in rows})
        for subject, share, amount, withheld, code, reasons in rows:
            with self.subTest(subject=subject):
                award = given_out[subject]
                self.assertEqual((str(award.share), str(award.amount)), (share, amount))
                self.assertIs(award.withheld, withheld)
                last = award.lines[-1]
                self.assertEqual((last.code, str(last.amount)), (code, amount))
                self.assertEqual(last.data.get("reasons"), reasons)
                first = award.lines[0]
                self.assertEqual((first.code, str(first.amount)), ("share", share))
                self.assertEqual(
                    first.data,
                    {"pool": "1000", "weight": str(weights[subject]), "weights": "6"},
                )

    def test_earned_but_no_share(self):
        award = awards(100, {1: 0, 2: 1}, [good()], {1: card(), 2: card()}, 2)[1]
        self.assertEqual((award.amount, award.factor), (0, Decimal("0.75")))
        self.assertEqual(award.lines[-1].data["reasons"], ["share"])

    def test_rounded_once_and_half_up(self):
        third = good(tiers=((0.8, 0), (0.95, 1)))  # 0.85 is a third of the way
        rows = [
            ([third], 0.015, "0.01"),  # the share is 0.02
            ([third], 1.5, "0.50"),
            ([third], 1_000_000, "333333.33"),
            ([good(kind="step", tiers=((0, 0.5),))], 0.03, "0.02"),
        ]
        for rules, pool, amount in rows:
            with self.subTest(pool=pool, amount=amount):
                award = awards(pool, {1: 1}, rules, {1: card(good_rate=0.85)}, 2)[1]
                self.assertEqual(str(award.amount), amount)

    def test_lines_are_data(self):
        rules = [good(), Rule(2, "veto"), Rule(3, "gate", "trend")]
        for award in awards(99.9, {1: 1, 2: 0.5}, rules, {1: card(2)}, 2).values():
            for line in award.lines:
                self.assertEqual(json.loads(json.dumps(line.data)), line.data)


AMOUNTS = st.integers(0, 10**9).map(lambda cents: Decimal(cents) / 100)
WEIGHTS = st.one_of(
    st.integers(0, 100), st.floats(0, 1e6), st.decimals(0, 1000, places=4)
)
STORED = st.integers(0, 10_000).map(lambda count: count / 10_000)
FACTORS = st.integers(0, 40).map(lambda count: count / 20)


@st.composite
def rising_tiers(draw):
    starts = sorted(draw(st.sets(STORED, min_size=1, max_size=5)))
    factors = sorted(draw(st.tuples(*[FACTORS] * len(starts))))
    return tuple(zip(starts, factors, strict=True))


class TestLaws(unittest.TestCase):
    @LAWS
    @given(AMOUNTS, st.lists(WEIGHTS, max_size=12))
    def test_a_pool_split_adds_up_to_the_cent(self, pool, weights):
        parts = split(pool, weights, 2)
        if not any(weights):
            self.assertFalse(any(parts))
            return
        self.assertEqual(sum(parts), pool)
        total = sum(Fraction(str(weight)) for weight in weights)
        for part, weight in zip(parts, weights, strict=True):
            self.assertGreaterEqual(part, 0)
            exact = Fraction(pool) * Fraction(str(weight)) / total
            self.assertLess(abs(Fraction(part) - exact), Fraction(1, 100))

    @LAWS
    @given(AMOUNTS, st.lists(WEIGHTS, max_size=8), st.sampled_from([0, 2, 3]))
    def test_the_heavier_never_gets_less(self, pool, weights, digits):
        parts = split(pool, weights, digits)
        ordered = sorted(zip(map(str, weights), parts, strict=True))
        ordered.sort(key=lambda pair: Fraction(pair[0]))
        for (light, less), (heavy, more) in zip(ordered, ordered[1:], strict=False):
            if Fraction(light) < Fraction(heavy):
                self.assertLessEqual(less, more)

    @LAWS
    @given(rising_tiers(), st.sampled_from(["step", "linear"]), STORED, STORED)
    def test_tiers_are_monotone(self, tiers, kind, one, other):
        rule = Rule(1, kind, "good_rate", tiers=tiers)
        low, high = sorted((one, other))
        less, _lines = result([rule], card(good_rate=low))
        more, _lines = result([rule], card(good_rate=high))
        self.assertLessEqual(less, more)

    @LAWS
    @given(rising_tiers(), STORED)
    def test_linear_and_step_meet_at_the_points(self, tiers, value):
        linear, step = (
            Rule(1, kind, "good_rate", tiers=tiers) for kind in ("linear", "step")
        )
        for start, factor in tiers:
            for rule in (linear, step):
                earned, _lines = result([rule], card(good_rate=start))
                self.assertEqual(earned, Decimal(str(factor)))
        # Between them the straight line is never below the stair, of rising factors.
        known = card(good_rate=value)
        self.assertGreaterEqual(result([linear], known)[0], result([step], known)[0])

    @LAWS
    @given(
        AMOUNTS,
        st.lists(st.tuples(rising_tiers(), st.integers(0, 9)), min_size=1, max_size=4),
        st.lists(st.tuples(STORED, st.integers(0, 9)), min_size=1, max_size=4),
    )
    def test_lines_add_up_to_the_award_and_awards_to_the_pool(
        self, pool, rules, subjects
    ):
        rules = [
            Rule(place, "linear", "good_rate", tiers=tiers, weight=weight, cap=1)
            for place, (tiers, weight) in enumerate(rules)
        ]
        given_out = awards(
            pool,
            {place: weight for place, (_rate, weight) in enumerate(subjects)},
            rules,
            {place: card(good_rate=rate) for place, (rate, _w) in enumerate(subjects)},
            2,
        )
        shares = sum(award.share for award in given_out.values())
        self.assertEqual(shares, pool if any(w for _r, w in subjects) else 0)
        self.assertLessEqual(sum(a.amount for a in given_out.values()), pool)
        for award in given_out.values():
            paid = [line.amount for line in award.lines if line.rule is not None]
            self.assertEqual(sum(paid), award.amount)
            self.assertEqual(award.lines[-1].amount, award.amount)
