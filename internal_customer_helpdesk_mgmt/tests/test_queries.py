"""What follows from tickets costs as many queries for a thousand as for one."""

from lxml import etree

from odoo.tests import tagged

from .common import ALL_TICKETS, HelpdeskCase

SIZES = (1, 10, 100, 1000)


@tagged("post_install", "-at_install")
class TestQueries(HelpdeskCase):
    """The helpdesk's own writes are flushed before; what is counted is ours."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agent = cls.make_person("agent", cls.finance, ALL_TICKETS)
        cls.batches = [cls.batch(size) for size in SIZES]

    @classmethod
    def batch(cls, size, **values):
        tickets = cls.Ticket.with_user(cls.agent).create(
            [cls.ticket_values(**values) for _number in range(size)]
        )
        cls.end_transaction()
        return tickets

    def cost(self, change):
        """Return how many statements the orders of a ``change`` cost."""
        change()
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        self.end_transaction()
        return self.env.cr.sql_log_count - before

    def assertCheap(self, costs, most):
        self.assertGreater(min(costs), 0)
        self.assertLessEqual(max(costs), most, costs)
        # the ORM reads and writes its own rows by the hundred
        self.assertLessEqual(costs[-1] - costs[0], SIZES[-1] // 100, costs)

    def costs(self, **values):
        """Return what the orders cost when batches of tickets change alike."""
        first = self.batch(1)
        self.cost(lambda: first.write(values))  # what is read once and kept
        return [
            self.cost(lambda tickets=tickets: tickets.write(values))
            for tickets in self.batches
        ]

    def test_opening(self):
        def enter(size):
            rows = [self.ticket_values() for _number in range(size)]
            return lambda: self.Ticket.with_user(self.agent).create(rows)

        self.cost(enter(1))
        self.assertCheap([self.cost(enter(size)) for size in SIZES], 34)

    def test_outsiders(self):
        contact = self.env["res.partner"].create({"name": "A plain contact"})

        def enter(size):
            values = self.ticket_values(partner_id=contact.id)
            rows = [dict(values) for _number in range(size)]
            return lambda: self.Ticket.with_user(self.agent).create(rows)

        self.cost(enter(1))
        self.assertCheap([self.cost(enter(size)) for size in SIZES[:-1]], 12)

    def test_moving(self):
        for name, most in (
            ("in_progress", 25),
            ("awaiting", 25),
            ("done", 43),
            ("in_progress", 35),
            ("cancelled", 25),
        ):
            with self.subTest(name):
                self.assertCheap(self.costs(stage_id=self.stages[name].id), most)

    def test_forwarding(self):
        desk = self.make_team(
            "Laptops", self.make_service("laptops", self.finance), self.clerk
        )
        self.assertCheap(self.costs(team_id=desk.id), 50)

    def test_another_requester(self):
        friend = self.make_person("friend", self.sales)
        self.costs(stage_id=self.stages["done"].id)
        self.assertCheap(self.costs(partner_id=friend.partner_id.id), 32)

    def test_another_assignee(self):
        relief = self.make_person("relief", self.finance)
        self.team.user_ids |= relief
        self.assertCheap(self.costs(user_id=relief.id), 22)

    def test_deleting(self):
        costs = []
        for tickets in self.batches:
            before = self.env.cr.sql_log_count
            tickets.sudo()._internal_request_gone()
            costs.append(self.env.cr.sql_log_count - before)
        self.assertCheap(costs[1:], 25)

    def test_lists_and_cards(self):
        twenty = self.batch(20)
        twenty[:10].write({"stage_id": self.stages["done"].id})
        many = self.batch(200)
        many[:100].write({"stage_id": self.stages["done"].id})
        self.end_transaction()
        for user in (self.agent, self.seller):
            tickets = self.Ticket.with_user(user)
            for kind in ("list", "kanban"):
                with self.subTest(kind, user=user.login):
                    specification = self.specification(tickets, kind)
                    self.assertIn("internal_request_promise", specification)
                    costs = [
                        self.count_queries(
                            lambda batch=batch, tickets=tickets, what=specification: (
                                tickets.web_search_read([("id", "in", batch.ids)], what)
                            )
                        )
                        for batch in (twenty, twenty, many)
                    ]
                    self.assertEqual(costs[1], costs[2], costs)
                    self.assertLessEqual(costs[2], 40, costs)

    def specification(self, model, kind):
        """Return what the client asks for when it shows that view."""
        view = model.get_views([(False, kind)])["views"][kind]
        return {
            node.get("name"): {"fields": {"display_name": {}}}
            if model._fields[node.get("name")].relational
            else {}
            for node in etree.fromstring(view["arch"]).iter("field")
            if not node.xpath("ancestor::field")
        }
