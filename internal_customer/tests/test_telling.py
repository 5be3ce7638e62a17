"""Who was served is told that it is there: once a day, all of it in one message."""

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged

from .common import InternalCustomerCase


@tagged("post_install", "-at_install")
class TestTelling(InternalCustomerCase):
    def deliver(self, count=1, **values):
        requests = self.place(count, **values)
        requests.with_user(self.clerk).action_deliver()
        return requests

    def told(self, user):
        return self.env["mail.message"].search(
            [("partner_ids", "in", user.partner_id.ids)], order="id"
        )

    def tell(self):
        self.env["internal.rating"]._tell_some(fields.Datetime.now())

    def test_one_message_for_all_of_a_day(self):
        with freeze_time("2026-03-02 10:00:00"):
            first = self.deliver(2)
            self.tell()
        message = self.told(self.seller)
        self.assertEqual(len(message), 1)
        for request in first:
            self.assertIn(request.display_name, message.body)
            self.assertIn(f"/odoo/internal-orders-by-us/{request.id}", message.body)
        self.assertIn("Finance", message.body)
        self.assertFalse(self.told(self.clerk))
        with freeze_time("2026-03-02 16:00:00"):
            later = self.deliver()
            self.tell()
        self.assertEqual(self.told(self.seller), message, "once a day")
        with freeze_time("2026-03-03 10:00:01"):
            self.tell()
        again = self.told(self.seller) - message
        self.assertEqual(len(again), 1)
        self.assertIn(later.display_name, again.body)
        self.assertNotIn(first[0].display_name, again.body)

    def test_in_the_language_of_the_reader(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.seller.lang = "zh_CN"
        self.deliver()
        self.tell()
        subject = self.told(self.seller).subject
        self.assertRegex(subject, "[\u4e00-\u9fff]")

    def test_what_is_rated_or_sent_back_is_not_told(self):
        rated, rejected = self.deliver(2)
        rated.with_user(self.seller).action_rate(5)
        rejected.with_user(self.seller).action_reject_delivery("Wrong")
        self.tell()
        self.assertFalse(self.told(self.seller))

    def test_names_are_no_markup(self):
        self.deliver(name="<img src=x onerror=alert(1)>")
        self.tell()
        self.assertNotIn("<img", self.told(self.seller).body)

    def test_a_hundred_deliveries_cost_as_many_statements_as_one(self):
        self.deliver()
        self.tell()  # what is read once and kept
        costs = []
        for count, day in ((1, 3), (100, 5)):
            with freeze_time(f"2026-03-0{day} 10:00:00"):
                self.deliver(count)
                costs.append(self.count_queries(self.tell))
        self.assertLessEqual(costs[1], costs[0] + 2)
