"""Who is no officer and no incentive manager cannot do what they do."""

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .common import INCENTIVE, InternalCustomerCase


@tagged("post_install", "-at_install")
class TestRoles(InternalCustomerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.portal = new_test_user(cls.env, "outsider", groups="base.group_portal")
        cls.payer = cls.make_person("payer", None, INCENTIVE)
        cls.period = cls.env["internal.period"].create(
            {"kind": "quarter", "date_from": "2026-01-01"}
        )
        cls.plan = (
            cls.env["internal.incentive.plan"]
            .with_user(cls.payer)
            .create(
                {
                    "name": "Bonus",
                    "pool": 100,
                    "rule_ids": [Command.create({"kind": "veto"})],
                }
            )
        )

    def test_only_an_officer_loads_checks_and_closes(self):
        row = {
            "external_ref": "F-1",
            "service": "reimbursement",
            "customer": "Sales",
            "requester": "seller",
            "events": [{"kind": "submit", "at": "2026-03-02T08:00:00Z"}],
        }
        for user in (self.seller, self.clerk, self.payer, self.portal):
            for model, act in (
                ("internal.request", lambda model: model.load_history([row])),
                ("internal.request", lambda model: model.verify_events()),
                (
                    "internal.period",
                    lambda model: model.browse(self.period.id).action_compute(),
                ),
                (
                    "internal.period",
                    lambda model: model.browse(self.period.id).action_close(),
                ),
            ):
                with (
                    self.subTest(user.login, model=model),
                    self.assertRaises(AccessError),
                ):
                    act(self.env[model].with_user(user))
        self.assertFalse(self.Request.search([("external_ref", "=", "F-1")]))

    def test_only_an_incentive_manager_touches_plans(self):
        for user in (self.seller, self.officer, self.portal):
            plan = self.plan.with_user(user)
            for act in (
                plan.action_submit,
                plan.action_approve,
                plan.action_reset,
                lambda plan=plan: plan.action_simulate(self.period.id),
                lambda plan=plan: plan.action_evaluate(self.period.id),
                lambda plan=plan: plan.action_close(self.period.id),
                lambda plan=plan: plan.action_new_version("2027-01-01"),
                lambda plan=plan: plan.write({"pool": 200}),
                lambda plan=plan: plan.rule_ids.unlink(),
            ):
                with self.subTest(user.login), self.assertRaises(AccessError):
                    act()
        self.assertEqual((self.plan.state, self.plan.pool_amount), ("draft", 100))
