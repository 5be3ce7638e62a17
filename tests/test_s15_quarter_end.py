"""S15, quarter end: figures freeze, two people approve, every line says why."""

import functools
from datetime import datetime, timedelta, timezone

from company import (
    AWARD,
    CARD,
    GOOD,
    PERIOD,
    PLAN,
    REQUEST,
    Company,
    CompanyCase,
    closable_quarter,
    quarter_of,
    sql,
    together,
    unique,
)
from rpc import RpcError


class QuarterCase(CompanyCase):
    """A supplier and a quarter of its own, which is over and still open."""

    def setUp(self):
        company = self.company = one_company(self.server)
        self.supplier = company.department(unique("Supplier "))
        finn = company.person("finn")
        self.service = company.service(
            supplier_department_id=self.supplier, user_ids=[[6, 0, [finn.user_id]]]
        )
        self.day = next(company.quarters)
        self.period = company.quarter(self.day)
        self.load(*[5] * 9, 4, 2)

    @property
    def now(self):
        return self.company.current_quarter

    def load(self, *scores, start=0):
        return self.company.load(
            *(
                self.company.done(
                    self.service, self.day + timedelta(days=start + number), score
                )
                for number, score in enumerate(scores)
            )
        )

    def act(self, who, model, method, **kwargs):
        return self.company.person(who).odoorpc(model, method, **kwargs)

    def paid(self):
        return {"department_ids": [[6, 0, [self.supplier]]]}

    def close(self):
        self.act("olga", PERIOD, "action_close", ids=[self.period])

    def card(self, period):
        """Return the card of the supplier."""
        self.act("olga", PERIOD, "action_compute", ids=[self.now])
        cards = self.act("olga", CARD, "report_scorecards", period_id=period)
        mine = [card for card in cards if card["department_id"] == self.supplier]
        return next((card for card in mine if card["subject"] == "department"), None)

    def stored(self):
        """Return all that the database holds of the closed quarter's cards."""
        statement = "SELECT t::text FROM internal_scorecard t WHERE period_id = %s"
        return sorted(sql(self.server, statement, self.period))


class TestQuarterEnd(QuarterCase):
    def test_the_road_to_the_money(self):
        """Approved, closed, evaluated twice, paid; each line with its trace."""
        plan = self.company.plan([GOOD], **self.paid())
        period = {"ids": [plan], "period_id": self.period}
        self.refused(self.act, "ida", PLAN, "action_evaluate", **period)
        self.company.approve(plan)
        self.refused(self.act, "ida", PLAN, "action_evaluate", **period, words="open")
        self.act("olga", PERIOD, "action_compute", ids=[self.period])
        [simulated] = self.act("ida", PLAN, "action_simulate", **period)
        self.close()
        [award] = self.act("ida", PLAN, "action_evaluate", **period)
        again = self.act("iris", PLAN, "action_evaluate", **period)
        self.assertEqual(again, [award])
        good_rate = self.card(self.period)["good_rate"]
        self.assertEqual(good_rate, 0.9091)  # ten of eleven
        due = round(1000 * (good_rate - 0.8) / (0.98 - 0.8), 2)
        self.assertAlmostEqual(award["amount"], due, places=2)
        self.assertEqual(award["state"], "due")
        self.assertEqual(simulated["amount"], award["amount"])
        self.act("ida", PLAN, "action_close", **period)
        again = self.act("ida", PLAN, "action_close", **period)
        self.assertEqual([row["state"] for row in again], ["paid"])

        [statement] = self.act("ida", AWARD, "report_awards", period_id=self.period)
        self.assertEqual(statement["id"], award["id"])
        codes = [line["code"] for line in statement["lines"]]
        self.assertEqual(codes, ["share", "figure", "result"])
        for line in statement["lines"]:
            self.assertTrue(line["text"] and line["data"], line)
        for text in ("90.91 %", "11"):
            self.assertIn(text, statement["lines"][1]["text"])

    def test_a_closed_quarter_does_not_change(self):
        self.close()
        before, card = self.stored(), self.card(self.period)
        self.assertEqual((card["rating_count"], card["state"]), (11, "closed"))
        [order] = self.load(1, start=20)  # its moments lie in the closed quarter
        live = self.company.order(self.service)
        self.act("finn", REQUEST, "action_deliver", ids=[live])
        self.act("sara", REQUEST, "action_rate", ids=[live], score=3)
        for method in ("action_compute", "action_close"):
            said = self.refused(self.act, "olga", PERIOD, method, ids=[self.period])
            self.assertIn("does not change any more", said)
        self.assertEqual(self.stored(), before)
        self.assertEqual(self.card(self.period), card)
        # both count now, in the quarter in which they were recorded
        later = self.card(self.now)
        self.assertEqual((later["rating_count"], later["worst_score"]), (2, 1))
        self.assertEqual((later["request_count"], later["satisfaction"]), (2, 2.0))
        # the same history again counts once
        self.assertEqual(self.company.read(REQUEST, order, "state"), "done")
        self.assertEqual(self.card(self.now), later)

    def test_further_events_of_a_known_order_count_once_and_later(self):
        """Ordered in the closed quarter; its delivery is only told afterwards."""
        row = self.company.done(self.service, self.day + timedelta(days=30), 2)
        events, ratings = row["events"], row["ratings"]
        self.company.load({**row, "events": events[:2], "ratings": []})
        self.close()
        before = self.stored()
        self.company.load({**row, "events": events, "ratings": ratings})
        self.company.load({**row, "events": events, "ratings": ratings})
        self.assertEqual(self.stored(), before)
        later = self.card(self.now)
        self.assertEqual((later["request_count"], later["rating_count"]), (1, 1))
        self.assertEqual(later["opened_count"], 0, "it was counted as ordered before")

    def test_closing_too_early_is_refused_in_one_sentence(self):
        said = self.refused(
            self.act,
            "olga",
            PERIOD,
            "action_close",
            ids=[self.now],
            words="five working",
        )
        self.assertNotIn("\n", said)
        self.assertEqual(self.company.read(PERIOD, self.now, "state"), "open")

    def test_a_plan_approved_after_closing_does_not_pay(self):
        plan = self.company.plan([GOOD], **self.paid())
        self.close()
        self.company.approve(plan)
        period = {"ids": [plan], "period_id": self.period}
        said = self.refused(self.act, "ida", PLAN, "action_evaluate", **period)
        self.assertIn("approved after", said)
        self.refused(self.act, "ida", PLAN, "action_close", **period)
        self.assertEqual(
            self.act("ida", AWARD, "report_awards", period_id=self.period), []
        )

    def test_two_evaluations_at_once_pay_once(self):
        plan = self.company.plan([GOOD], **self.paid())
        self.company.approve(plan)
        self.close()
        answers = together(
            lambda who: self.act(
                who, PLAN, "action_evaluate", ids=[plan], period_id=self.period
            ),
            ("ida", "ivan", "iris"),
        )
        done = [answer for answer in answers if not isinstance(answer, RpcError)]
        self.assertEqual(done, [done[0]] * 3, answers)
        count = self.company.call(AWARD, "search_count", [["plan_id", "=", plan]])
        self.assertEqual(count, 1)


class TestFourEyes(CompanyCase):
    """Who edits and the two who approve are three people, and none of them is paid."""

    def setUp(self):
        self.company = one_company(self.server)
        self.plan = self.company.plan([GOOD])
        self.approve = lambda who: self.hand(who, "action_approve")

    def act(self, who, model, method, **kwargs):
        return self.company.person(who).odoorpc(model, method, **kwargs)

    def hand(self, who, method):
        person = self.company.person(who) if isinstance(who, str) else who
        return person.odoorpc(PLAN, method, ids=[self.plan])[0]["state"]

    def hire(self, name, department="Office", login=None):
        return self.company.hire(name, department, ("incentive",), login)

    def test_two_others_approve(self):
        self.assertEqual(self.hand("ida", "action_submit"), "submitted")
        self.assertEqual(self.approve("ivan"), "submitted")
        self.assertEqual(self.approve("iris"), "approved")
        self.refused(self.approve, "iris")

    def test_who_may_not_approve(self):
        ida = self.company.person("ida")
        name, _at, domain = ida.login.partition("@")
        plain = self.company.person("sara")
        manager = self.hire("manager")
        finance = self.company.department("Finance")
        self.company.write(
            "hr.department", finance, {"manager_id": manager.employee_id}
        )
        cases = {
            "its editor": "ida",
            "her second account": self.hire("x", login=f"{name}+x@{domain}"),
            "the same in capitals": self.hire("x", login=f"{name.upper()}+y@{domain}"),
            "a member of a paid department": self.hire("paid", "Finance"),
            "a member of a department below it": self.hire("below", "Payroll"),
            "the manager of a paid department": manager,
            "whoever is no incentive manager": plain,
            "an officer": "olga",
        }
        self.hand("ida", "action_submit")
        for first in (True, False):
            for name, who in cases.items():
                with self.subTest(name, first=first):
                    self.refused(self.approve, who, name="AccessError")
            if first:
                self.approve("ivan")
                cases["the same person twice"] = "ivan"
        self.assertEqual(self.approve("iris"), "approved")

    def test_the_administrator_is_one_person_too(self):
        admin = self.company.admin
        context = {"allowed_company_ids": [self.company.id]}
        self.company.write(PLAN, self.plan, {"pool": 5.0})
        self.company.call(PLAN, "action_submit", ids=[self.plan])
        for user in ("editor", "after another's approval"):
            with self.subTest(user):
                self.refused(
                    admin.odoorpc,
                    PLAN,
                    "action_approve",
                    ids=[self.plan],
                    context=context,
                )
                if user == "editor":
                    self.approve("ivan")
        self.assertEqual(self.approve("iris"), "approved")

    def test_editing_clears_what_was_approved(self):
        rule, *_ = self.company.read(PLAN, self.plan, "rule_ids")
        tier, *_ = self.company.read("internal.incentive.rule", rule, "tier_ids")
        self.hand("ida", "action_submit")
        self.approve("ivan")
        edits = {
            PLAN: (self.plan, {"name": "x"}),
            "internal.incentive.rule": (rule, {"weight": 9.0}),
            "internal.incentive.tier": (tier, {"factor": 9.0}),
        }
        for model, (record, values) in edits.items():
            with self.subTest(model):
                self.refused(self.act, "ida", model, "write", ids=[record], vals=values)
        self.hand("iris", "action_reset")
        self.act(
            "iris",
            "internal.incentive.tier",
            "write",
            ids=[tier],
            vals=edits["internal.incentive.tier"][1],
        )
        self.hand("ida", "action_submit")
        self.refused(self.approve, "iris", name="AccessError")  # she edited it last
        self.assertEqual(self.approve("ivan"), "submitted", "his first one is gone")
        self.assertEqual(self.approve("ida"), "approved")

    def test_nobody_approves_by_writing(self):
        ivan, iris = self.company.person("ivan"), self.company.person("iris")
        values = {
            "state": "approved",
            "first_approver_id": ivan.user_id,
            "second_approver_id": iris.user_id,
            "approved_at": "2026-01-01 00:00:00",
            "editor_id": iris.user_id,
            "version": 7,
        }
        for name, value in values.items():
            with self.subTest(name):
                args = (PLAN, "write", {name: value})
                self.refused(self.company.person("ida").odoorpc, *args, ids=[self.plan])
                args = (PLAN, "create", {"name": "x", "pool": 1.0, name: value})
                self.refused(self.company.person("ida").odoorpc, *args)
        context = {f"default_{name}": value for name, value in values.items()}
        plan = self.company.person("ida").odoorpc(
            PLAN, "create", {"name": "x", "pool": 1.0}, context=context
        )
        state = self.company.read(PLAN, plan, "state", "version", "first_approver_id")
        del state["id"]
        self.assertEqual(
            state, {"state": "draft", "version": 1, "first_approver_id": False}
        )

    def test_two_half_approvals_of_one_person_at_once(self):
        self.hand("ida", "action_submit")
        ivan = self.company.person("ivan")
        answers = together(self.approve, [ivan] * 3)
        self.assertEqual(answers.count("submitted"), 1, answers)
        self.assertEqual(self.company.read(PLAN, self.plan, "state"), "submitted")


@functools.cache
def one_company(server):
    """A company for all of these; ``quarters`` are each closed once at most."""
    company = Company(server)
    company.service()
    today = datetime.now(timezone.utc).date()
    company.current_quarter = company.quarter(quarter_of(today))
    company.quarters = past_quarters()
    return company


def past_quarters():
    day = closable_quarter()
    while True:
        yield day
        day = quarter_of(day - timedelta(days=1))
