"""Who works with tickets needs no right on orders, and gains none by them."""

import contextlib

from odoo import http
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.internal_customer.tests.common import OFFICER

from .common import ALL_TICKETS, MANAGER, HelpdeskCase

OF_THE_ORDER = (
    "internal_request_id",
    "internal_request_stage_id",
    "internal_request_promise",
    "internal_request_sla_state",
    "internal_request_deadline",
    "internal_request_can_rate",
    "internal_request_is_visible",
)


@tagged("post_install", "-at_install")
class TestSmallestRights(HelpdeskCase):
    """An agent with his own tickets only, and a colleague with no right at all."""

    def test_odd_calls_are_told_in_words(self):
        ticket = self.make_tickets()
        tickets = self.Ticket.with_user(self.clerk)
        for ids in ((), (ticket.id, ticket.id + 1), ("x",), (0,), (10**30,)):
            with self.subTest(ids), self.assertRaises(ValidationError):
                tickets.browse(ids).action_open_internal_request()
        with self.assertRaises(UserError):
            tickets.search([("internal_request_id", "child_of", 1)])

    def test_who_may_not_delete_a_ticket_cancels_nothing(self):
        ticket = self.make_tickets()
        with contextlib.suppress(AccessError):
            ticket.with_user(self.clerk).unlink()
        self.assertEqual(self.order(ticket).state, "submitted")

    def test_the_agent_does_it_all(self):
        ticket = self.make_tickets()
        self.assertEqual(ticket.env.uid, self.clerk.id)
        request = self.move(ticket, "in_progress", "awaiting", "in_progress", "done")
        self.assertEqual((request.state, request.rating_state), ("delivered", "asked"))
        self.assertEqual(ticket.internal_request_stage_id, request.stage_id)
        self.assertEqual(ticket.internal_request_promise, request.promise)

    def test_the_colleague_follows_and_rates(self):
        ticket = self.make_tickets().with_user(self.seller)
        self.assertEqual(ticket.internal_request_stage_id.state, "submitted")
        self.assertTrue(ticket.internal_request_promise)
        self.assertFalse(ticket.internal_request_can_rate)
        self.move(ticket.sudo().with_user(self.clerk), "done")
        self.assertTrue(ticket.internal_request_can_rate)
        action = ticket.action_open_internal_request()
        self.assertEqual(action["res_model"], "internal.request")
        request = self.Request.with_user(self.seller).browse(action["res_id"])
        request.action_rate(5)
        self.env.invalidate_all()
        self.assertFalse(ticket.internal_request_can_rate)
        with self.assertRaises(AccessError):
            ticket.name = "Mine"

    def test_rights_on_tickets_are_what_they_were(self):
        other = self.make_person("visitor", self.make_department("Legal"))
        ticket = self.make_tickets()
        self.move(ticket, "done")
        with self.assertRaises(AccessError):
            ticket.with_user(other).read(["name"])
        with self.assertRaises(AccessError):
            ticket.with_user(other).action_open_internal_request()
        with self.assertRaises(AccessError):
            ticket.with_user(self.seller).stage_id = self.stages["new"]
        with self.assertRaises(AccessError):
            ticket.unlink()

    def test_an_agent_gains_nothing_on_the_order(self):
        """The agent of a desk who is not of the department that supplies."""
        agent = self.make_person("agent", self.make_department("Desk"), ALL_TICKETS)
        self.team.user_ids |= agent
        ticket = self.make_tickets(user=agent, user_id=agent.id)
        request = self.move(ticket, "in_progress")
        self.assertEqual(request.state, "in_progress")
        theirs = request.with_user(agent)
        self.assertFalse(theirs.search([("id", "=", request.id)]))
        events = self.env["internal.request.event"].with_user(agent)
        for name, act in (
            ("read", lambda: theirs.read(["name"])),
            ("events", lambda: events.browse(request.event_ids.ids).read(["note"])),
            ("start", theirs.action_start),
            ("deliver", theirs.action_deliver),
            ("assign", lambda: theirs.write({"user_id": agent.id})),
            ("words", lambda: ticket.internal_request_id.read(["description"])),
        ):
            self.env.invalidate_all()
            with self.subTest(name), self.assertRaises(AccessError):
                act()
        self.assertEqual(ticket.internal_request_stage_id.state, "in_progress")
        self.assertTrue(ticket.internal_request_promise)
        self.assertTrue(ticket.internal_request_deadline)
        self.assertFalse(ticket.internal_request_is_visible)
        with self.assertRaises(AccessError):
            ticket.action_open_internal_request()
        self.move(ticket, "done")
        self.assertEqual(request.delivered_by_id, agent)
        ballot = request.rating_ids.with_user(agent)
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            ballot.read(["score"])  # asked, not answered yet

    def test_a_ticket_without_an_order_opens_none(self):
        ticket = self.make_tickets(partner_id=False)
        self.assertFalse(ticket.internal_request_id)
        self.assertFalse(ticket.internal_request_is_visible)
        with self.assertRaises(AccessError):
            ticket.action_open_internal_request()

    def test_the_team_and_stage_are_read_for_the_agent(self):
        """He may not read the mapping; the order follows it all the same."""
        ticket = self.make_tickets()
        for record, name in (
            (ticket.stage_id, "internal_state"),
            (ticket.stage_id, "internal_cause"),
            (ticket.team_id, "internal_service_id"),
        ):
            with self.subTest(name), self.assertRaises(AccessError):
                record.read([name])


@tagged("post_install", "-at_install")
class TestOfficerOnly(HelpdeskCase):
    """What a stage and a team mean is the officer's word."""

    FIELDS = (
        ("helpdesk.ticket.stage", "internal_state"),
        ("helpdesk.ticket.stage", "internal_cause"),
        ("helpdesk.ticket.team", "internal_service_id"),
    )

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls.make_person("manager", cls.finance, MANAGER)
        cls.both = cls.make_person("both", cls.finance, f"{MANAGER},{OFFICER}")
        cls.values = {
            "internal_state": "cancelled",
            "internal_cause": "supplier",
            "internal_service_id": cls.service.id,
        }

    def record(self, model):
        return (
            self.stages["in_progress"]
            if model == "helpdesk.ticket.stage"
            else self.make_team("Shop", False)
        )

    def test_a_helpdesk_manager_neither_reads_nor_writes_it(self):
        for model, name in self.FIELDS:
            models = self.env[model].with_user(self.manager)
            record = self.record(model).with_user(self.manager)
            before = record.sudo()[name]
            values = {name: self.values[name]}
            with self.subTest(name):
                self.assertNotIn(name, models.fields_get())
                self.assertNotIn(name, record.read()[0])
                for act in (
                    lambda record=record, name=name: record.read([name]),
                    lambda record=record, values=values: record.write(values),
                    lambda models=models, values=values: models.create(
                        {"name": "Mine", **values}
                    ),
                    lambda models=models, name=name: models.search([(name, "!=", 0)]),
                    lambda models=models, name=name: models.search(
                        [], order=f"{name}, id"
                    ),
                    lambda models=models, name=name: models.formatted_read_group(
                        [], [name], ["__count"]
                    ),
                ):
                    with self.assertRaises(AccessError):
                        act()
                loaded = models.load(["name", name], [["Mine", "cancelled"]])
                self.assertFalse(loaded["ids"])
                self.assertEqual(record.sudo()[name], before)

    def test_not_by_a_default_of_the_context_either(self):
        for model, name in self.FIELDS:
            context = {f"default_{name}": self.values[name]}
            models = self.env[model].with_user(self.manager).with_context(**context)
            with self.subTest(name), self.assertRaises(AccessError):
                models.create({"name": "Mine"})

    def test_not_by_a_default_of_his_own_either(self):
        for model, name in self.FIELDS:
            with self.subTest(name):
                defaults = self.env["ir.default"].with_user(self.manager)
                defaults.set(model, name, self.values[name], user_id=True)
                mine = self.env[model].with_user(self.manager).create({"name": "Mine"})
                mine = mine.sudo()
                value = mine._fields[name].convert_to_write(mine[name], mine)
                self.assertNotEqual(value, self.values[name])

    def test_not_by_the_back_door_of_a_relation(self):
        team = self.make_team("Shop", False)
        stage = self.stages["in_progress"]
        for act in (
            lambda: stage.with_user(self.manager).write(
                {
                    "team_ids": [
                        Command.update(team.id, {"internal_service_id": 1}),
                    ]
                }
            ),
            lambda: stage.with_user(self.manager).write(
                {
                    "team_ids": [
                        Command.create({"name": "T", "internal_service_id": 1}),
                    ]
                }
            ),
        ):
            with self.assertRaises(AccessError):
                act()
        self.assertFalse(team.internal_service_id)

    def test_a_copy_of_his_is_a_team_of_its_own(self):
        """A copy has no service that its maker could not give, and can be made."""
        team = self.team.with_user(self.manager).copy({"name": "Copy"})
        self.assertFalse(team.sudo().internal_service_id)
        for name, state in (("new", "submitted"), ("done", "delivered")):
            stage = self.stages[name].with_user(self.manager).copy()
            self.assertEqual(stage.sudo().internal_state, state)

    def test_a_helpdesk_manager_keeps_his_work(self):
        stages = self.env["helpdesk.ticket.stage"].with_user(self.manager)
        teams = self.env["helpdesk.ticket.team"].with_user(self.manager)
        stage = stages.browse(self.stages["in_progress"].id)
        team = teams.browse(self.team.id)
        stage.write({"name": "Working", "sequence": 3})
        team.write({"name": "Receipts and taxis", "user_ids": [Command.clear()]})
        self.assertEqual(stage.sudo().internal_state, "in_progress")
        self.assertEqual(team.sudo().internal_service_id, self.service)
        self.assertEqual(stages.create({"name": "Mine"}).name, "Mine")
        self.assertEqual(teams.create({"name": "Mine"}).name, "Mine")
        for model, kinds in (
            ("helpdesk.ticket.stage", ("form", "list")),
            ("helpdesk.ticket.team", ("form", "list")),
        ):
            views = self.env[model].with_user(self.manager)
            archs = views.get_views([(False, kind) for kind in kinds])["views"]
            for view in archs.values():
                self.assertNotIn("internal_", view["arch"])

    def test_an_officer_of_the_helpdesk_does(self):
        for model, name in self.FIELDS:
            with self.subTest(name):
                record = self.record(model).with_user(self.both)
                record.write({name: self.values[name]})
                view = record.get_views([(False, "form")])["views"]["form"]["arch"]
                self.assertIn(name, view)


@tagged("post_install", "-at_install")
class TestNobodyWrites(HelpdeskCase):
    """The order of a document is told by the document, not typed in."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls.make_person(
            "manager", cls.finance, f"{MANAGER},{OFFICER},base.group_system"
        )

    def test_the_fields_of_a_ticket(self):
        mine, other = self.make_tickets(2)
        request = self.order(other)
        tickets = self.Ticket.with_user(self.manager)
        foreign = {
            "internal_request_id": request.id,
            "internal_request_stage_id": request.stage_id.id,
            "internal_request_promise": "Kept",
            "internal_request_sla_state": "met",
            "internal_request_deadline": "2099-01-01 00:00:00",
            "internal_request_can_rate": True,
            "internal_request_is_visible": True,
        }
        before = request.read(["stage_id", "promise", "sla_state", "deadline"])
        first = self.order(mine)
        for name in OF_THE_ORDER:
            values = {name: foreign[name]}
            with self.subTest(name):
                with contextlib.suppress(AccessError, UserError):
                    tickets.browse(mine.id).write(values)
                context = {f"default_{name}": foreign[name]}
                for made in (values, {}):
                    with contextlib.suppress(AccessError, UserError):
                        tickets.with_context(**context).create(
                            self.ticket_values(partner_id=False, **made)
                        )
                self.end_transaction()
                self.env.invalidate_all()
                self.assertEqual(self.order(mine), first)
                self.assertEqual(
                    request.read(["stage_id", "promise", "sla_state", "deadline"]),
                    before,
                )
                self.assertEqual(request.res_id, other.id)

    def test_the_document_of_an_order(self):
        ticket = self.make_tickets()
        request = self.order(ticket)
        forged = {
            "res_model": "helpdesk.ticket",
            "res_id": self.make_tickets(partner_id=False).id,
            "standing": "delivered",
            "unasked": True,
        }
        for user in (self.seller, self.clerk, self.officer, self.manager):
            for name, value in forged.items():
                with self.subTest(user.login, field=name):
                    with self.assertRaises(AccessError):
                        request.with_user(user).write({name: value})
        own = self.Request.with_user(self.seller)
        order = {"name": "Mine", "service_id": self.service.id}
        for name, value in forged.items():
            with self.subTest(name, how="create"), self.assertRaises(AccessError):
                own.create({**order, name: value})
        context = {f"default_{name}": value for name, value in forged.items()}
        mine = own.with_context(**context).create(order)
        self.assertRecordValues(
            mine,
            [{"res_model": False, "res_id": 0, "standing": False, "unasked": False}],
        )
        placed = own.with_context(**context).place_order(
            {"service": "reimbursement", "name": "Mine"}
        )
        self.assertFalse(self.Request.browse(placed["id"]).res_model)
        for name, value in forged.items():
            with self.subTest(name, how="place"), self.assertRaises(UserError):
                own.place_order(
                    {"service": "reimbursement", "name": "Mine", name: value}
                )
            with self.subTest(name, how="draft"), self.assertRaises(AccessError):
                mine.write({name: value})
        copy = request.with_user(self.officer).copy_data()[0]
        self.assertFalse(copy.keys() & {"res_model", "res_id", "standing", "unasked"})

    def test_a_default_of_the_context_does_not_reach_the_order(self):
        """What an agent's client says of tickets says nothing of their orders."""
        context = {
            "default_state": "done",
            "default_priority": "3",
            "default_requester_id": self.clerk.id,
            "default_origin_id": 1,
            "default_unasked": True,
            "default_user_id": self.clerk.id,
        }
        tickets = self.Ticket.with_user(self.clerk).with_context(**context)
        values = self.ticket_values(priority="1")
        ticket = tickets.create(values)
        self.end_transaction()
        self.assertRecordValues(
            self.order(ticket),
            [
                {
                    "state": "submitted",
                    "priority": "1",
                    "requester_id": self.seller.id,
                    "origin_id": False,
                    "unasked": False,
                }
            ],
        )

    def test_following_is_not_for_everybody_to_call(self):
        ticket = self.make_tickets()
        for name in dir(type(ticket)):
            if "internal_request" in name and not name.startswith(("_", "internal")):
                self.assertEqual(name, "action_open_internal_request")


@tagged("post_install", "-at_install")
class TestSearching(HelpdeskCase):
    """By its order a ticket is found only through what the searcher may read."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        desk = cls.make_department("Desk")
        cls.stranger = cls.make_person("stranger", desk, ALL_TICKETS)
        cls.peer = cls.make_person("peer", cls.finance, ALL_TICKETS)

    def found(self, user, *domain):
        return self.Ticket.with_user(user).search(
            [("id", "in", self.ticket.ids), *domain]
        )

    def setUp(self):
        super().setUp()
        self.ticket = self.make_tickets()
        self.request = self.move(self.ticket, "in_progress", "done")
        self.request.with_user(self.seller).action_rate(2, comment="Slow and rude")

    def test_the_score_is_for_the_one_rated(self):
        for domain in (
            [("internal_request_id.rating_ids.score", "=", 2)],
            [("internal_request_id.rating_ids.comment", "ilike", "rude")],
            [("internal_request_id", "any", [("rating_ids.score", "<", 3)])],
            [("internal_request_id.rating_ids", "any", [("score", "<", 3)])],
        ):
            with self.subTest(domain):
                self.assertTrue(self.found(self.clerk, *domain))
                self.assertTrue(self.found(self.seller, *domain))
                self.assertFalse(self.found(self.peer, *domain))
                self.assertFalse(self.found(self.stranger, *domain))

    def test_the_order_is_for_both_sides(self):
        request = self.request
        for domain in (
            [("internal_request_id", "ilike", request.number)],
            [("internal_request_id.number", "=", request.number)],
            [("internal_request_id.requester_id", "=", self.seller.id)],
            [("internal_request_id.event_ids.kind", "=", "start")],
            [("internal_request_id.clock_ids.state", "=", "met")],
            [("internal_request_id.reopen_count", "=", 0)],
        ):
            with self.subTest(domain):
                self.assertTrue(self.found(self.peer, *domain))
                self.assertFalse(self.found(self.stranger, *domain))

    def test_what_the_ticket_shows_is_searched_by_who_sees_the_ticket(self):
        for domain in (
            [("internal_request_stage_id.state", "=", "delivered")],
            [("internal_request_sla_state", "=", "met")],
            [("internal_request_id", "!=", False)],
            [("internal_request_id", "=", self.request.id)],
        ):
            with self.subTest(domain):
                self.assertEqual(
                    bool(self.found(self.peer, *domain)),
                    bool(self.found(self.stranger, *domain)),
                )
        self.assertFalse(self.found(self.stranger, ("internal_request_id", "=", False)))
        self.assertTrue(
            self.found(self.stranger, ("internal_request_sla_state", "!=", "breached"))
        )
        self.assertFalse(
            self.found(self.stranger, ("internal_request_is_visible", "=", True))
        )
        self.assertTrue(
            self.found(self.peer, ("internal_request_is_visible", "=", True))
        )

    def test_the_latest_order_counts(self):
        self.request.with_user(self.seller).action_confirm()
        second = self.move(self.ticket, "in_progress")
        self.assertEqual(second.origin_id, self.request)
        self.assertFalse(
            self.found(self.peer, ("internal_request_id", "=", self.request.id))
        )
        self.assertTrue(self.found(self.peer, ("internal_request_id", "=", second.id)))
        self.assertFalse(
            self.found(self.clerk, ("internal_request_id.rating_ids.score", "=", 2))
        )

    def test_tickets_without_an_order(self):
        without = self.make_tickets(partner_id=False)
        found = self.Ticket.with_user(self.peer).search(
            [("internal_request_id", "=", False), ("id", "in", without.ids)]
        )
        self.assertEqual(found.ids, without.ids)
        self.assertFalse(self.found(self.peer, ("internal_request_id", "=", False)))
        self.assertTrue(self.found(self.peer, ("internal_request_id", "!=", False)))

    def test_to_rate(self):
        other = self.make_tickets()
        self.move(other, "done")
        for user, expected in ((self.seller, other.ids), (self.peer, [])):
            found = self.Ticket.with_user(user).search(
                [
                    ("internal_request_can_rate", "=", True),
                    ("id", "in", (other | self.ticket).ids),
                ]
            )
            self.assertEqual(found.ids, expected)

    def test_reading_a_list_shows_no_words_of_the_order(self):
        rows = self.Ticket.with_user(self.stranger).web_search_read(
            [("id", "=", self.ticket.id)],
            {"internal_request_id": {"fields": {"display_name": {}}}, "name": {}},
        )["records"]
        self.assertEqual(len(rows), 1)
        with self.assertRaises(AccessError):
            self.Ticket.with_user(self.stranger).web_search_read(
                [("id", "=", self.ticket.id)],
                {"internal_request_id": {"fields": {"description": {}}}},
            )


@tagged("post_install", "-at_install")
class TestOpenDocument(HelpdeskCase):
    """From the order to the ticket goes who may read the ticket."""

    def test_who_may_and_who_may_not(self):
        ticket = self.make_tickets()
        request = self.order(ticket)
        boss = self.make_person("boss", self.finance)
        self.finance.manager_id = boss.employee_id
        for user, may in (
            (self.seller, True),
            (self.clerk, True),
            (boss, False),
            (self.officer, False),
        ):
            with self.subTest(user.login):
                mine = request.with_user(user)
                self.assertTrue(mine.name)
                if may:
                    self.assertEqual(mine.document_name, ticket.sudo().display_name)
                    action = mine.action_open_document()
                    self.assertEqual(action["res_model"], "helpdesk.ticket")
                    self.assertEqual(action["res_id"], ticket.id)
                else:
                    self.assertFalse(mine.document_name)
                    with self.assertRaises(AccessError):
                        mine.action_open_document()
        visitor = self.make_person("visitor", self.make_department("Legal"))
        with self.assertRaises(AccessError):
            request.with_user(visitor).action_open_document()

    def test_an_order_without_a_document(self):
        request = self.place()
        self.assertFalse(request.with_user(self.clerk).document_name)
        with self.assertRaises(AccessError):
            request.with_user(self.clerk).action_open_document()

    def test_a_document_that_is_gone(self):
        ticket = self.make_tickets().sudo()
        request = self.move(ticket, "done")
        ticket.unlink()
        self.end_transaction()
        mine = request.with_user(self.clerk)
        self.assertFalse(mine.document_name)
        with self.assertRaises(AccessError):
            mine.action_open_document()

    def test_an_archived_document_opens_still(self):
        ticket = self.make_tickets().sudo()
        self.change(ticket, active=False)
        mine = self.order(ticket).with_user(self.clerk)
        self.assertTrue(mine.document_name)
        self.assertEqual(mine.action_open_document()["res_id"], ticket.id)


@tagged("post_install", "-at_install")
class TestCompanies(HelpdeskCase):
    """A ticket, its team and its service belong to one company; people may not."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.home = cls.env.company
        cls.abroad, cls.treasury, cls.loans = cls.make_company("Abroad")
        cls.agent = cls.make_person("agent", cls.finance, ALL_TICKETS)
        cls.agent.company_ids = cls.home | cls.abroad
        cls.desk = cls.make_team(
            "Loans", cls.loans, cls.agent, company_id=cls.abroad.id
        )

    def as_agent(self, *companies):
        ids = [company.id for company in companies]
        return self.Ticket.with_user(self.agent).with_context(allowed_company_ids=ids)

    def employ_abroad(self, user):
        department = self.env["hr.department"].create(
            {"name": "Sales abroad", "company_id": self.abroad.id}
        )
        self.env["hr.employee"].create(
            {
                "name": user.login,
                "user_id": user.id,
                "department_id": department.id,
                "company_id": self.abroad.id,
            }
        )
        return department

    def test_a_requester_with_two_employees(self):
        self.seller.company_ids |= self.abroad
        department = self.employ_abroad(self.seller)
        here = self.make_tickets()
        there = self.as_agent(self.abroad, self.home).create(
            self.ticket_values(team_id=self.desk.id, user_id=self.agent.id)
        )
        self.end_transaction()
        self.assertEqual(there.company_id, self.abroad)
        self.assertRecordValues(
            self.order(here | there),
            [
                {
                    "customer_department_id": self.sales.id,
                    "company_id": self.home.id,
                    "service_id": self.service.id,
                },
                {
                    "customer_department_id": department.id,
                    "company_id": self.abroad.id,
                    "service_id": self.loans.id,
                },
            ],
        )
        request = self.move(there, "in_progress", "done")
        self.assertEqual((request.state, request.rating_state), ("delivered", "asked"))
        self.assertTrue(there.with_user(self.seller).internal_request_can_rate)

    def test_who_has_no_employee_there_is_no_customer_there(self):
        ticket = self.as_agent(self.abroad, self.home).create(
            self.ticket_values(team_id=self.desk.id, user_id=self.agent.id)
        )
        self.end_transaction()
        self.assertFalse(self.order(ticket))

    def test_an_agent_looks_at_one_of_his_companies(self):
        """The order follows, whatever companies the agent has ticked."""
        self.employ_abroad(self.seller)
        tickets = self.as_agent(self.home, self.abroad)
        here = tickets.create(self.ticket_values())
        there = tickets.create(
            self.ticket_values(team_id=self.desk.id, user_id=self.agent.id)
        )
        self.end_transaction()
        self.assertEqual(self.order(here | there).company_id, self.home | self.abroad)
        for ticket, company in ((here, self.home), (there, self.abroad)):
            alone = ticket.with_context(allowed_company_ids=company.ids)
            self.assertEqual(self.move(alone, "done").state, "delivered")
        both = (here | there).with_context(
            allowed_company_ids=(self.home | self.abroad).ids
        )
        self.assertEqual(
            self.move(both, "in_progress").mapped("state"), ["in_progress"] * 2
        )

    def test_many_of_two_companies_in_one_transaction(self):
        self.employ_abroad(self.seller)
        tickets = self.as_agent(self.abroad, self.home).create(
            [
                self.ticket_values(team_id=team.id, user_id=False)
                for team in (self.team, self.desk) * 3
            ]
        )
        self.end_transaction()
        self.assertEqual(
            self.order(tickets).mapped("service_id"), self.service | self.loans
        )
        for ticket in tickets:
            self.assertEqual(self.order(ticket).company_id, ticket.company_id)

    def test_a_follower_of_another_company(self):
        follower = self.make_person("visitor", None)
        follower.write({"company_ids": [Command.set((self.home | self.abroad).ids)]})
        follower.company_id = self.abroad
        ticket = self.make_tickets()
        ticket.sudo().message_subscribe(follower.partner_id.ids)
        request = self.order(ticket)
        theirs = ticket.with_user(follower).with_context(
            allowed_company_ids=self.abroad.ids
        )
        with self.assertRaises(AccessError):
            theirs.read(["internal_request_stage_id"])
        theirs = theirs.with_context(allowed_company_ids=(self.abroad | self.home).ids)
        self.assertEqual(theirs.internal_request_stage_id, request.stage_id)
        self.assertFalse(theirs.internal_request_is_visible)
        with self.assertRaises(AccessError):
            request.with_user(follower).read(["name"])

    def test_a_supplier_who_has_not_ticked_the_company(self):
        ticket = self.make_tickets(user=self.agent, user_id=False)
        request = self.order(ticket)
        both = (self.home | self.abroad).ids
        mine = ticket.with_user(self.agent)
        self.assertTrue(
            mine.with_context(allowed_company_ids=both).internal_request_is_visible
        )
        theirs = request.with_user(self.agent)
        with self.assertRaises(AccessError):
            theirs.with_context(allowed_company_ids=self.abroad.ids).read(["name"])
        with self.assertRaises(AccessError):
            theirs.with_context(
                allowed_company_ids=self.abroad.ids
            ).action_open_document()


@tagged("post_install", "-at_install")
class TestPortal(HelpdeskCase, HttpCase):
    """The portal of tickets is what it was; behind it, colleagues order."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.outsider = new_test_user(
            cls.env, "outsider", groups="base.group_portal", password="outsider-pass"
        )
        cls.seller.password = "seller-pass"
        cls.env.company.helpdesk_mgmt_portal_select_team = True
        cls.category = cls.env["helpdesk.ticket.category"].create(
            {"name": "Receipts", "show_in_portal": True}
        )

    def log_in(self, user):
        self.authenticate(user.login, f"{user.login}-pass")

    def submit(self, subject):
        answer = self.url_open(
            "/submitted/ticket",
            data={
                "category": self.category.id,
                "team": self.team.id,
                "csrf_token": http.Request.csrf_token(self),
                "subject": subject,
                "description": "See the receipt.",
            },
        )
        self.assertEqual(answer.status_code, 200)
        self.assertIn(subject, answer.text)
        self.env.invalidate_all()
        return self.Ticket.search([("name", "=", subject)])

    def pages(self, ticket):
        return ["/my", "/my/tickets", f"/my/ticket/{ticket.id}", "/new/ticket"]

    def test_an_outsider_reads_what_he_read(self):
        ticket = self.make_tickets(partner_id=self.outsider.partner_id.id)
        mine = ticket.with_user(self.outsider)
        fields = mine.fields_get()
        self.assertIn("stage_id", fields)
        self.assertFalse(set(OF_THE_ORDER) & fields.keys())
        # of activities a portal user may read nothing, in any model
        names = [name for name in fields if not name.startswith("activity")]
        self.assertEqual(mine.read(names)[0]["name"], "Taxi of Monday")
        for name in OF_THE_ORDER:
            with self.subTest(name), self.assertRaises(AccessError):
                mine.read([name])
        with self.assertRaises(AccessError):
            mine.action_open_internal_request()
        self.log_in(self.outsider)
        for url in self.pages(ticket):
            with self.subTest(url):
                answer = self.url_open(url)
                self.assertEqual(answer.status_code, 200)
                self.assertNotIn("internal_request", answer.text)

    def test_an_outsider_finds_out_nothing_by_searching(self):
        """Of two tickets that he reads, one has an order: no question tells which."""
        tickets = self.make_tickets() | self.make_tickets(partner_id=False)
        tickets.sudo().message_subscribe(self.outsider.partner_id.ids)
        request = self.move(tickets[0], "in_progress")
        mine = self.Ticket.with_user(self.outsider)
        self.assertEqual(mine.search([("id", "in", tickets.ids)]), tickets.sudo(False))
        for name, value in (
            ("internal_request_id", request.id),
            ("internal_request_id", False),
            ("internal_request_id.state", "in_progress"),
            ("internal_request_id.number", request.number),
            ("internal_request_id.event_ids.kind", "start"),
            ("internal_request_id.rating_ids.score", 1),
            ("internal_request_stage_id", request.stage_id.id),
            ("internal_request_stage_id.state", "in_progress"),
            ("internal_request_promise", request.promise),
            ("internal_request_sla_state", "on_track"),
            ("internal_request_deadline", str(request.deadline)),
            ("internal_request_can_rate", False),
            ("internal_request_is_visible", False),
        ):
            for operator in ("=", "!="):
                with self.subTest(name, operator=operator, value=value):
                    domain = [("id", "in", tickets.ids), (name, operator, value)]
                    try:
                        found = mine.search(domain)
                    except AccessError:
                        continue
                    self.assertIn(len(found), (0, 2))

    def test_an_outsider_who_follows_the_ticket_of_a_colleague(self):
        ticket = self.make_tickets()
        ticket.sudo().message_subscribe(self.outsider.partner_id.ids)
        self.log_in(self.outsider)
        answer = self.url_open(f"/my/ticket/{ticket.id}")
        self.assertIn("Taxi of Monday", answer.text)
        self.assertNotIn(self.order(ticket).number, answer.text)

    def test_an_outsider_opens_and_closes(self):
        self.log_in(self.outsider)
        ticket = self.submit("Parcel is lost")
        self.assertEqual(ticket.team_id, self.team)
        self.assertFalse(self.order(ticket))
        done = self.stages["done"]
        answer = self.url_open(
            f"/ticket/close?ticket_id={ticket.id}&stage_id={done.id}"
        )
        self.assertEqual(answer.status_code, 200)
        self.env.invalidate_all()
        self.assertEqual(ticket.stage_id, done)
        self.assertFalse(self.orders(ticket))

    def test_a_colleague_orders_and_closes(self):
        self.log_in(self.seller)
        ticket = self.submit("Taxi of Tuesday")
        request = self.order(ticket)
        self.assertEqual(
            (request.state, request.requester_id), ("submitted", self.seller)
        )
        for url in self.pages(ticket):
            with self.subTest(url):
                self.assertEqual(self.url_open(url).status_code, 200)
        done = self.stages["done"]
        self.url_open(f"/ticket/close?ticket_id={ticket.id}&stage_id={done.id}")
        self.env.invalidate_all()
        self.assertEqual(request.state, "delivered")
        self.assertFalse(request.rating_ids)  # he closed it himself

    def test_a_colleague_withdraws(self):
        self.log_in(self.seller)
        ticket = self.submit("Taxi of Wednesday")
        stage = self.stages["cancelled"]
        self.url_open(f"/ticket/close?ticket_id={ticket.id}&stage_id={stage.id}")
        self.env.invalidate_all()
        self.assertEqual(self.order(ticket).state, "cancelled")

    def test_a_colleague_closes_what_waits(self):
        self.log_in(self.seller)
        ticket = self.submit("Taxi of Thursday")
        self.move(ticket.with_user(self.clerk), "awaiting")
        done = self.stages["done"]
        self.url_open(f"/ticket/close?ticket_id={ticket.id}&stage_id={done.id}")
        self.env.invalidate_all()
        self.assertEqual(self.order(ticket).state, "delivered")
