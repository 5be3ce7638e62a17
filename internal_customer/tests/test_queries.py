"""No query count grows with the batch."""

from odoo.tests import tagged

from .common import InternalCustomerCase

SIZES = (10, 100, 1000)


@tagged("post_install", "-at_install")
class TestQueries(InternalCustomerCase):
    def counts(self, prepare, act, sizes=SIZES):
        act(prepare(1))  # what is read once and kept
        batches = [prepare(size) for size in sizes]
        return [self.count_queries(lambda batch=batch: act(batch)) for batch in batches]

    def assertConstant(self, counts, most):
        self.assertLessEqual(max(counts), most)
        # the ORM writes its own rows by the hundred
        self.assertLessEqual(counts[-1] - counts[0], SIZES[-1] // 50)

    def test_orders(self):
        prefix = iter(range(10))

        def orders(size):
            reference = next(prefix)
            return [
                {
                    "service": "reimbursement",
                    "name": "Receipt",
                    "external_ref": f"{reference}-{number}",
                }
                for number in range(size)
            ]

        place = self.Request.with_user(self.seller).place_order
        self.assertConstant(self.counts(orders, place), 40)

    def test_moves(self):
        clerk = self.Request.with_user(self.clerk)
        seller = self.Request.with_user(self.seller)

        def act(name, *arguments):
            requests = seller if name == "action_confirm" else clerk
            return lambda batch: getattr(requests.browse(batch.ids), name)(*arguments)

        batches = {}

        def prepare(size):
            return batches.setdefault(size, self.place(size))

        for most, name, *arguments in (
            (12, "action_accept"),
            (12, "action_start"),
            (12, "action_wait", "Which account?"),
            (12, "action_resume"),
            (30, "action_deliver"),  # and somebody is asked to rate it
            (12, "action_confirm"),
        ):
            with self.subTest(name):
                counts = self.counts(prepare, act(name, *arguments))
                self.assertConstant(counts, most)

    def test_dragging(self):
        stage = self.env.ref("internal_customer.stage_in_progress")
        clerk = self.Request.with_user(self.clerk)
        counts = self.counts(
            self.place,
            lambda batch: clerk.browse(batch.ids).write({"stage_id": stage.id}),
        )
        self.assertConstant(counts, 12)

    def test_loading_costs_less_than_a_tenth_of_a_query_a_row(self):
        prefix = iter(range(10))

        def rows(size):
            reference = next(prefix)
            return [
                {
                    "external_ref": f"{reference}-{number}",
                    "service": "reimbursement",
                    "customer": "Sales",
                    "requester": "seller",
                    "assignee": "clerk",
                    "name": "Receipt",
                    "events": [
                        {"kind": "submit", "at": "2026-03-02T09:00:00Z"},
                        {"kind": "wait", "at": "2026-03-02T10:00:00Z"},
                        {"kind": "resume", "at": "2026-03-02T11:00:00Z"},
                        {"kind": "deliver", "at": "2026-03-03T09:00:00Z"},
                    ],
                    "ratings": [{"score": 4, "at": "2026-03-03T10:00:00Z"}],
                }
                for number in range(size)
            ]

        load = self.Request.with_user(self.officer).load_history
        counts = self.counts(rows, load)
        self.assertConstant(counts, 35)
        self.assertLessEqual(counts[-1], SIZES[-1] / 10)

    def test_judging(self):
        judge = self.env["internal.sla.clock"]._judge_open
        counts = self.counts(
            self.place, lambda batch: judge([("request_id", "in", batch.ids)])
        )
        self.assertConstant(counts, 8)

    def test_scorecards_in_one_pass(self):
        period = self.env["internal.period"].create(
            {"kind": "quarter", "date_from": "2026-01-01"}
        )
        for reference, size in (("a", 5), ("b", 50)):
            for number in range(size):
                self.history(
                    [
                        ("submit", "2026-03-02T09:00:00Z"),
                        ("deliver", "2026-03-02T12:00:00Z"),
                    ],
                    [(5, "2026-03-02T13:00:00Z")],
                    reference=f"{reference}{number}",
                )
            cost = self.count_queries(period._compute_scorecards)
            self.assertLessEqual(cost, 40)
        self.assertEqual(
            self.env["internal.scorecard"]
            .search([("period_id", "=", period.id), ("subject", "=", "company")])
            .request_count,
            55,
        )
