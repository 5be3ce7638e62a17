from odoo.tests import HttpCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestTours(HttpCase):
    """Sales orders a laptop from IT, IT delivers it, Sales says how it was."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sales, cls.it = cls.env["hr.department"].create(
            [{"name": "Sales (tour)"}, {"name": "IT (tour)"}]
        )
        cls.customer = cls._person("customer", cls.sales)
        cls.supplier = cls._person("supplier", cls.it)
        cls.service = cls.env["internal.service"].create(
            {
                "name": "New Laptop (tour)",
                "code": "tour_laptop",
                "supplier_department_id": cls.it.id,
                "constraint_note": "After four years.",
            }
        )

    @classmethod
    def _person(cls, login, department):
        user = new_test_user(cls.env, login)
        cls.env["hr.employee"].create(
            {"name": login, "user_id": user.id, "department_id": department.id}
        )
        return user

    def test_order_to_rating(self):
        self.start_tour("/odoo", "internal_customer_order", login="customer")
        request = self.env["internal.request"].search(
            [("service_id", "=", self.service.id)]
        )
        self.assertRecordValues(
            request,
            [
                {
                    "name": "Laptop for the trainee",
                    "state": "submitted",
                    "requester_id": self.customer.id,
                    "customer_department_id": self.sales.id,
                }
            ],
        )
        self.start_tour("/odoo", "internal_customer_deliver", login="supplier")
        self.start_tour("/odoo", "internal_customer_rate", login="customer")
        request.invalidate_recordset()
        self.assertRecordValues(
            request,
            [
                {
                    "state": "done",
                    "delivered_by_id": self.supplier.id,
                    "rating_state": "answered",
                }
            ],
        )
        self.assertEqual(request.rating_ids.score, 4)
        self.assertEqual(
            request.event_ids.mapped("kind"),
            ["submit", "accept", "start", "deliver", "confirm"],
        )
