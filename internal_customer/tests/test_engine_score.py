"""The score engine: the vectors of the rules, laws, and plain arithmetic beside it.

Pure: runs without Odoo and without a database.
"""

import doctest
import statistics
import unittest
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from ..engine import score
from ..engine.score import GOOD, MIN_N, MIN_RESPONSE, VETO, Stats, figures, wilson
from .test_engine_transitions import LAWS

# (vector, good, answers, lower bound, upper bound)
WILSON = [
    (52, 0, 5, 0.0000, 0.4345),
    (52, 5, 5, 0.5655, 1.0000),
    (52, 9, 10, 0.5958, 0.9821),
    (53, 19, 20, 0.7639, 0.9911),
    (53, 99, 100, 0.9455, 0.9982),
    (53, 450, 500, 0.8706, 0.9233),
]

# (vector or section, counts, what the figures say)
FIGURES = [
    (
        58,
        {"scores": (1, 0, 0, 0, 99)},
        {
            "satisfaction": 4.96,
            "spread": 0.4,
            "good_rate": 0.99,
            "good_rate_low": 0.9455,
            "worst_score": 1,
            "worst_count": 1,
            "rating_count": 100,
        },
    ),
    # 14 on time, 2 late, 1 cancelled (in no rate), 1 cancelled after a breach
    (
        70,
        {"met": 14, "breached": 3, "closed": 18},
        {"on_time_rate": 0.8235, "met_count": 14, "breached_count": 3},
    ),
    (
        "4.3",
        {"scores": (0, 0, 1, 2, 5), "expired": 12},
        {
            "rating_asked_count": 20,
            "rating_count": 8,
            "response_rate": 0.4,
            "good_rate": 0.875,
            "enough_data": True,
        },
    ),
    (
        "5.2",
        {
            "closed": 3,
            "opened": 5,
            "open": 4,
            "overdue": 2,
            "reopened": 1,
            "promise_met": 1,
            "promise_breached": 2,
            "timed": 3,
            "seconds": 8 * 3600 + 1200,
            "seconds_max": 5 * 3600 + 600,
        },
        {
            "request_count": 3,
            "opened_count": 5,
            "open_count": 4,
            "overdue_count": 2,
            "reopened_count": 1,
            "reopen_rate": 0.3333,
            "promise_count": 3,
            "promise_kept_rate": 0.3333,
            "resolution_hours": 2.7778,
            "resolution_hours_max": 5.1667,
        },
    ),
    # 2 was answered after 1 and counts; the worst moment is the 1 all the same.
    (
        "4.1",
        {"scores": (0, 1, 0, 0, 4), "replaced": (1, 0, 0, 2, 0), "expired": 5},
        {
            "rating_count": 5,
            "rating_asked_count": 10,
            "good_rate": 0.8,
            "satisfaction": 4.4,
            "worst_score": 1,
            "worst_count": 1,
        },
    ),
    (
        "4.1",
        {"scores": (0, 1, 0, 0, 4), "replaced": (0, 2, 0, 0, 0)},
        {"worst_score": 2, "worst_count": 3},
    ),
    # Rounded half up: 1/32 is 0.03125, 63/160 is 0.39375.
    ("6", {"met": 1, "breached": 31}, {"on_time_rate": 0.0313}),
    ("6", {"met": 63, "breached": 97}, {"on_time_rate": 0.3938}),
]

# (counts, score); 0.5 good, 0.2 on time, 0.2 kept, 0.1 not opened again
SCORES = [
    (
        {
            "scores": (0, 0, 2, 0, 8),
            "met": 9,
            "breached": 1,
            "promise_met": 3,
            "promise_breached": 1,
            "closed": 10,
            "reopened": 2,
        },
        100 * (0.5 * 0.8 + 0.2 * 0.9 + 0.2 * 0.75 + 0.1 * 0.8),
    ),
    ({"scores": (0, 0, 2, 0, 8)}, 80),
    ({"met": 9, "breached": 1}, 90),
    ({"promise_met": 3, "promise_breached": 1}, 75),
    ({"met": 9, "breached": 1, "closed": 4, "reopened": 1}, 85),
    ({"scores": (0, 0, 0, 0, 1), "met": 0, "breached": 2}, 71.4286),
    ({"closed": 4, "reopened": 1}, None),
    ({}, None),
]

COUNTS = st.integers(0, 40)
SCORES_GIVEN = st.lists(st.integers(1, 5), min_size=1, max_size=60)
STATS = st.builds(
    Stats,
    **dict.fromkeys(
        ["closed", "opened", "open", "overdue", "reopened", "met", "breached"]
        + ["promise_met", "promise_breached", "timed", "seconds", "expired"],
        COUNTS,
    ),
    seconds_max=st.none() | COUNTS,
    scores=st.tuples(*[COUNTS] * 5),
    replaced=st.tuples(*[COUNTS] * 5),
)


def counted(scores):
    return Stats(scores=tuple(scores.count(level) for level in range(1, 6)))


def half_up(value):
    rounded = Decimal(value).quantize(Decimal("0.0001"), ROUND_HALF_UP)
    return float(rounded)


class TestFigures(unittest.TestCase):
    def test_wilson(self):
        for vector, good, n, low, high in WILSON:
            with self.subTest(vector=vector, good=good, n=n):
                bounds = wilson(good, n)
                self.assertEqual([round(bound, 4) for bound in bounds], [low, high])

    def test_wilson_of_nothing(self):
        for good, n in ((0, 0), (6, 5), (-1, 5)):
            with self.subTest(good=good, n=n):
                with self.assertRaisesRegex(ValueError, f"got {good} of {n}"):
                    wilson(good, n)

    def test_figures(self):
        for vector, counts, expected in FIGURES:
            with self.subTest(vector=vector, counts=counts):
                known = figures(Stats(**counts))
                self.assertEqual({name: known[name] for name in expected}, expected)

    def test_score(self):
        for counts, expected in SCORES:
            with self.subTest(counts=counts):
                known = figures(Stats(**counts))["score"]
                self.assertEqual(known, expected and round(expected, 4))

    def test_what_cannot_be_known_is_none_and_a_count_is_0(self):
        known = figures(Stats())
        unknown = {name for name, value in known.items() if value is None}
        self.assertEqual(
            unknown,
            {
                "on_time_rate",
                "promise_kept_rate",
                "resolution_hours",
                "resolution_hours_max",
                "reopen_rate",
                "response_rate",
                "good_rate",
                "good_rate_low",
                "satisfaction",
                "worst_score",
                "worst_count",
                "spread",
                "score",
            },
        )
        self.assertIs(known.pop("enough_data"), False)
        self.assertEqual({known[name] for name in known.keys() - unknown}, {0})

    def test_enough_data(self):
        rows = [
            ((0, 0, 0, 0, 4), 0, False),
            ((0, 0, 0, 0, 5), 0, True),
            ((0, 0, 0, 1, 5), 14, True),
            ((0, 0, 0, 1, 5), 15, False),
        ]
        for scores, expired, enough in rows:
            with self.subTest(scores=scores, expired=expired):
                known = figures(Stats(scores=scores, expired=expired))
                self.assertIs(known["enough_data"], enough)

    def test_constants(self):
        self.assertEqual((MIN_N, MIN_RESPONSE, GOOD, VETO), (5, 0.30, 4, 2))

    def test_examples_in_the_code(self):
        self.assertEqual(doctest.testmod(score).failed, 0)


class TestLaws(unittest.TestCase):
    @LAWS
    @given(SCORES_GIVEN)
    def test_answers_as_the_statistics_module_sees_them(self, scores):
        known = figures(counted(scores))
        mean = statistics.mean(map(Fraction, scores))
        self.assertEqual(
            known["satisfaction"], half_up(Decimal(mean.numerator) / mean.denominator)
        )
        good = sum(value >= 4 for value in scores)
        self.assertEqual(known["good_rate"], half_up(Decimal(good) / len(scores)))
        self.assertEqual(known["worst_score"], min(scores))
        self.assertEqual(known["worst_count"], scores.count(min(scores)))
        if len(scores) < 5:
            self.assertIsNone(known["spread"])
        else:
            spread = statistics.stdev(map(Decimal, scores))
            self.assertEqual(known["spread"], half_up(spread))

    @LAWS
    @given(st.lists(STATS, max_size=5), st.randoms())
    def test_the_whole_is_the_sum_of_its_parts_in_any_order(self, parts, random):
        whole = sum(parts, Stats())
        shuffled = random.sample(parts, len(parts))
        self.assertEqual(sum(shuffled, Stats()), whole)
        for name in ("closed", "met", "seconds", "expired"):
            total = sum(getattr(part, name) for part in parts)
            self.assertEqual(getattr(whole, name), total)
        maxima = [part.seconds_max for part in parts]
        maxima = [value for value in maxima if value is not None]
        self.assertEqual(whole.seconds_max, max(maxima, default=None))
        for level in range(5):
            for name in ("scores", "replaced"):
                total = sum(getattr(part, name)[level] for part in parts)
                self.assertEqual(getattr(whole, name)[level], total)

    @LAWS
    @given(SCORES_GIVEN, SCORES_GIVEN)
    def test_merged_answers_are_all_answers(self, some, others):
        self.assertEqual(
            figures(counted(some) + counted(others)), figures(counted(some + others))
        )

    @LAWS
    @given(STATS)
    def test_figures_stay_within_their_bounds(self, stats):
        known = figures(stats)
        for name, value in known.items():
            if value is not None and name.endswith("_rate") and name != "reopen_rate":
                self.assertTrue(0 <= value <= 1, name)
        if known["good_rate"] is not None:
            self.assertLessEqual(known["good_rate_low"], known["good_rate"])
            self.assertTrue(1 <= known["worst_score"] <= known["satisfaction"] <= 5)

    @LAWS
    @given(st.integers(1, 400), st.data())
    def test_wilson_surrounds_the_share_and_mirrors(self, n, data):
        good = data.draw(st.integers(0, n))
        low, high = wilson(good, n)
        self.assertTrue(0 <= low <= high <= 1)
        self.assertLessEqual(low, good / n + 1e-12)
        self.assertGreaterEqual(high, good / n - 1e-12)
        mirrored = wilson(n - good, n)
        self.assertAlmostEqual(low, 1 - mirrored[1], 12)
        # Ten times as many answers of the same kind say it more narrowly.
        more = wilson(10 * good, 10 * n)
        self.assertLess(more[1] - more[0], high - low)
