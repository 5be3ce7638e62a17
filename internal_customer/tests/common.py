"""A small company for tests: Finance serves Sales, in Brussels' office hours."""

from odoo.fields import Command
from odoo.tests import TransactionCase, new_test_user

OFFICER = "internal_customer.group_internal_customer_officer"
INCENTIVE = "internal_customer.group_internal_customer_incentive"


class InternalCustomerCase(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.calendar = cls.make_calendar("Office", [(9, 12), (13, 18)])
        cls.env.company.resource_calendar_id = cls.calendar
        cls.finance = cls.make_department("Finance")
        cls.sales = cls.make_department("Sales")
        cls.clerk = cls.make_person("clerk", cls.finance)
        cls.seller = cls.make_person("seller", cls.sales)
        cls.officer = cls.make_person("officer", None, OFFICER)
        cls.service = cls.make_service("reimbursement", cls.finance)
        cls.Request = cls.env["internal.request"]

    @classmethod
    def make_calendar(cls, name, hours, days=range(5), zone="Europe/Brussels"):
        return cls.env["resource.calendar"].create(
            {
                "name": name,
                "tz": zone,
                "attendance_ids": [
                    Command.create(
                        {
                            "name": f"{day} {start}",
                            "dayofweek": str(day),
                            "hour_from": start,
                            "hour_to": stop,
                        }
                    )
                    for day in days
                    for start, stop in hours
                ],
            }
        )

    @classmethod
    def make_department(cls, name):
        return cls.env["hr.department"].create({"name": name})

    @classmethod
    def make_person(cls, login, department, groups="base.group_user"):
        user = new_test_user(cls.env, login, groups=groups)
        if department:
            cls.env["hr.employee"].create(
                {"name": login, "user_id": user.id, "department_id": department.id}
            )
        return user

    @classmethod
    def make_service(cls, code, department, **values):
        return cls.env["internal.service"].create(
            {
                "name": code.title(),
                "code": code,
                "supplier_department_id": department.id,
                **values,
            }
        )

    def place(self, count=1, code="reimbursement", **values):
        """Place orders of the seller; return them as the superuser sees them."""
        orders = [
            {"service": code, "name": f"Receipt {number}", **values}
            for number in range(count)
        ]
        placed = self.Request.with_user(self.seller).place_order(orders)
        return self.Request.browse([order["id"] for order in placed])

    def history(self, events, ratings=(), reference="H-1", **values):
        """Load one order of the past; ``events`` are (kind, moment[, cause])."""
        row = {
            "external_ref": reference,
            "service": "reimbursement",
            "customer": "Sales",
            "requester": "seller",
            "assignee": "clerk",
            "name": reference,
            "events": [
                dict(zip(("kind", "at", "cause"), event, strict=False))
                for event in events
            ],
            "ratings": [
                {"direction": "customer", "score": score, "at": at}
                for score, at in ratings
            ],
            **values,
        }
        return self.Request.with_user(self.officer).load_history([row])[0]

    def clock(self, request, metric="resolution"):
        return request.clock_ids.filtered(lambda clock: clock.metric == metric)

    def count_queries(self, act):
        """Return how many statements ``act`` costs once everything is flushed."""
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        act()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before
