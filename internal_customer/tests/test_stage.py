"""Stages are labels a company may add to; their state is the meaning."""

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from .common import InternalCustomerCase


@tagged("post_install", "-at_install")
class TestStage(InternalCustomerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stages = cls.env["internal.request.stage"]
        cls.checking = cls.stages.create(
            {"name": "Checking", "state": "in_progress", "sequence": 55}
        )
        cls.other = cls.make_service("payslip", cls.finance)

    def test_a_second_label_of_a_state_logs_nothing(self):
        request = self.place()
        mine = request.with_user(self.clerk)
        mine.action_start()
        self.assertEqual(
            request.stage_id, self.env.ref("internal_customer.stage_in_progress")
        )
        events = len(request.event_ids)
        mine.write({"stage_id": self.checking.id})
        self.assertRecordValues(
            request, [{"stage_id": self.checking.id, "state": "in_progress"}]
        )
        self.assertEqual(len(request.event_ids), events)

    def test_a_drag_lands_on_the_label_it_was_dropped_on(self):
        request = self.place()
        request.with_user(self.clerk).write({"stage_id": self.checking.id})
        self.assertRecordValues(
            request, [{"stage_id": self.checking.id, "state": "in_progress"}]
        )
        self.assertEqual(request.event_ids.mapped("kind"), ["submit", "start"])

    def test_a_stage_of_another_service_is_refused(self):
        self.checking.service_ids = self.other
        request = self.place()
        with self.assertRaises(ValidationError):
            request.with_user(self.clerk).write({"stage_id": self.checking.id})
        self.assertEqual(request.state, "submitted")

    def test_the_stage_of_a_service_comes_first(self):
        self.checking.write({"service_ids": [self.other.id], "sequence": 1})
        request = self.place(code="payslip")
        request.with_user(self.clerk).action_start()
        self.assertEqual(request.stage_id, self.checking)

    def test_a_stranger_does_not_relabel(self):
        request = self.place()
        with self.assertRaises(AccessError):
            request.with_user(self.officer).write({"stage_id": self.checking.id})

    def test_every_state_keeps_a_stage(self):
        stage = self.env.ref("internal_customer.stage_waiting")
        for act in (stage.unlink, lambda: stage.write({"state": "draft"})):
            with self.assertRaises(ValidationError):
                act()

    def test_what_is_accepted_at_once_does_not_stay_where_it_was_dropped(self):
        self.service.acceptance_days = 0
        request = self.place()
        delivered = self.env.ref("internal_customer.stage_delivered")
        request.with_user(self.clerk).write({"stage_id": delivered.id})
        done = self.env.ref("internal_customer.stage_done")
        self.assertRecordValues(request, [{"stage_id": done.id, "state": "done"}])
