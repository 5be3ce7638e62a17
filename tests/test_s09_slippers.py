"""S9, the slippers: one slip among a hundred good deeds is what is remembered."""

from datetime import timedelta

from company import (
    AWARD,
    CARD,
    GOOD,
    PERIOD,
    PLAN,
    VETO,
    Company,
    CompanyCase,
    closable_quarter,
)

BAD_DAY = 20


class TestSlippers(CompanyCase):
    """Ninety-nine deliveries were rated 5, one was rated 1.

    The mean stays high, the worst moment shows beside it. A plan with a veto pays
    nothing and says by which moment; one without a veto pays; and where the service
    has no veto, the plan's rule finds nothing to veto.
    """

    def setUp(self):
        company = Company(self.server)
        self.company = company
        self.quarter = closable_quarter()
        self.period = company.quarter(self.quarter)
        self.services = {
            veto: company.service(supplier, veto=veto)
            for supplier, veto in (("Finance", True), ("Legal", False))
        }
        for service in self.services.values():
            company.load(*self.hundred(service))

    def hundred(self, service):
        days = [self.quarter + timedelta(days=number % 60) for number in range(100)]
        scores = [5] * 100
        scores[BAD_DAY] = 1
        return [
            self.company.done(service, day, score)
            for day, score in zip(days, scores, strict=True)
        ]

    def act(self, who, model, method, **kwargs):
        return self.company.person(who).odoorpc(model, method, **kwargs)

    def test_the_worst_moment_shows_and_vetoes(self):
        pays = {name: self.company.department(name) for name in ("Finance", "Legal")}
        both = {"department_ids": [[6, 0, list(pays.values())]]}
        plans = {
            veto: self.company.plan([GOOD, *[VETO] * veto], **both)
            for veto in (True, False)
        }
        for plan in plans.values():
            self.company.approve(plan)
        self.act("olga", PERIOD, "action_close", ids=[self.period])

        cards = self.act("olga", CARD, "report_scorecards", period_id=self.period)
        for service in self.services.values():
            [card] = [card for card in cards if card["service_id"] == service]
            self.assertEqual((card["rating_count"], card["request_count"]), (100, 100))
            self.assertEqual((card["satisfaction"], card["good_rate"]), (4.96, 0.99))
            self.assertEqual((card["worst_score"], card["worst_count"]), (1, 1))
            self.assertAlmostEqual(card["spread"], 0.4)
            bad_day = self.quarter + timedelta(days=BAD_DAY)
            self.assertTrue(card["worst_at"].startswith(str(bad_day)), card["worst_at"])

        awards = {}
        for plan in plans.values():
            args = {"ids": [plan], "period_id": self.period}
            self.act("ida", PLAN, "action_evaluate", **args)
        for award in self.act("ida", AWARD, "report_awards", period_id=self.period):
            for veto, plan in plans.items():
                for name, department in pays.items():
                    if (award["plan_id"], award["department_id"]) == (plan, department):
                        awards[veto, name] = award
        money = {
            key: (award["amount"], award["state"]) for key, award in awards.items()
        }
        self.assertEqual(
            money,
            {
                (True, "Finance"): (0.0, "withheld"),
                (True, "Legal"): (500.0, "due"),
                (False, "Finance"): (500.0, "due"),
                (False, "Legal"): (500.0, "due"),
            },
        )
        said = awards[True, "Finance"]["lines"]
        [struck] = [line for line in said if line["code"] == "veto"]
        self.assertTrue(struck["data"]["at"].startswith(str(bad_day)), struck)
        self.assertIn("blocks the award", struck["text"])
        for word in (f"{bad_day:%m/%d/%Y}", "rating of 1", struck["data"]["service"]):
            self.assertIn(word, struck["text"])
        self.assertIn("one bad moment vetoes it", said[-1]["text"])
        self.assertNotIn(self.company.person("sara").login, str(said), "no rater named")

        paid = self.act(
            "ida", PLAN, "action_close", ids=[plans[True]], period_id=self.period
        )
        states = {row["department_id"]: row["state"] for row in paid}
        self.assertEqual(states, {pays["Finance"]: "withheld", pays["Legal"]: "paid"})
