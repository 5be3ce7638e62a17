"""What happens to a ticket, and what to the order of it."""

from datetime import timedelta

from freezegun import freeze_time

from odoo import SUPERUSER_ID, fields
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.internal_customer.tests.common import OFFICER

from .common import AGENT, ALL_TICKETS, MANAGER, HelpdeskCase

MONDAY = "2026-03-02 %s"
"""A Monday in winter: Brussels' office opens at 08:00 UTC."""


def at(clock):
    """Freeze the time at that hour, UTC, of the Monday."""
    return freeze_time(MONDAY % clock)


@tagged("post_install", "-at_install")
class TestOpening(HelpdeskCase):
    """A ticket of a colleague is an order; one of anybody else is a ticket."""

    def assertOpensNothing(self, **values):
        ticket = self.make_tickets(**values)
        self.assertFalse(self.order(ticket))
        self.move(ticket, "in_progress", "awaiting", "done")
        self.assertFalse(self.orders(ticket))

    def test_a_ticket_says_who_is_served_by_whom(self):
        ticket = self.make_tickets(priority="3")
        self.assertRecordValues(
            self.order(ticket),
            [
                {
                    "service_id": self.service.id,
                    "requester_id": self.seller.id,
                    "customer_department_id": self.sales.id,
                    "supplier_department_id": self.finance.id,
                    "company_id": self.env.company.id,
                    "user_id": self.clerk.id,
                    "priority": "3",
                    "name": "Taxi of Monday",
                    "res_model": "helpdesk.ticket",
                    "res_id": ticket.id,
                    "state": "submitted",
                    "origin_id": False,
                    "rating_state": "none",
                }
            ],
        )
        self.assertEqual(self.kinds(self.order(ticket)), ["submit"])

    def test_the_order_is_there_before_the_transaction_ends(self):
        ticket = self.Ticket.with_user(self.clerk).create(self.ticket_values())
        self.assertEqual(self.order(ticket).state, "submitted")
        self.end_transaction()
        self.assertEqual(len(self.orders(ticket)), 1)

    def test_entered_and_closed_in_one_transaction(self):
        ticket = self.Ticket.with_user(self.clerk).create(self.ticket_values())
        for name in ("in_progress", "awaiting", "done"):
            ticket.stage_id = self.stages[name]
        self.end_transaction()
        self.assertEqual(self.kinds(self.order(ticket)), ["submit", "deliver"])
        self.assertEqual(self.order(ticket).rating_state, "asked")

    def test_entered_and_deleted_in_one_transaction(self):
        ticket = self.Ticket.create(self.ticket_values())
        ids = ticket.ids
        ticket.unlink()
        self.end_transaction()
        self.assertFalse(self.Request.search([("res_id", "in", ids)]))

    def test_entered_where_nothing_came_of_it(self):
        for name in ("cancelled", "rejected"):
            with self.subTest(name):
                ticket = self.make_tickets(stage_id=self.stages[name].id)
                self.assertFalse(self.order(ticket))

    def test_many_at_once_are_an_order_each(self):
        tickets = self.make_tickets(7)
        self.assertEqual(len(self.order(tickets)), 7)
        self.assertEqual([self.order(ticket).res_id for ticket in tickets], tickets.ids)

    def test_an_outsider_is_no_internal_customer(self):
        portal = new_test_user(self.env, "supplier", groups="base.group_portal")
        contact = self.env["res.partner"].create({"name": "A plain contact"})
        for partner in (portal.partner_id, contact, contact.browse()):
            with self.subTest(partner.name):
                self.assertOpensNothing(partner_id=partner.id)

    def test_a_team_for_outsiders_opens_nothing(self):
        self.assertOpensNothing(team_id=self.make_team("Shop", False, self.clerk).id)

    def test_no_team_opens_nothing(self):
        clerk = self.make_person("teamless", self.finance, ALL_TICKETS)
        ticket = self.make_tickets(user=clerk, team_id=False, user_id=False)
        self.assertFalse(self.order(ticket))

    def test_who_belongs_to_no_department_opens_nothing(self):
        visitor = self.make_person("visitor", None)
        temp = self.make_person("temp", None)
        self.env["hr.employee"].create({"name": "Temp", "user_id": temp.id})
        for user in (visitor, temp):
            with self.subTest(user.login):
                self.assertOpensNothing(partner_id=user.partner_id.id)

    def test_who_left_opens_nothing(self):
        leaver = self.make_person("leaver", self.sales)
        leaver.active = False
        self.assertOpensNothing(partner_id=leaver.partner_id.id)

    def test_a_service_of_another_company_opens_nothing(self):
        _company, _department, abroad = self.make_company("Abroad")
        team = self.make_team("Abroad", abroad, self.clerk, company_id=False)
        self.assertOpensNothing(team_id=team.id)

    def test_a_department_that_it_is_not_offered_to_opens_nothing(self):
        legal = self.make_department("Legal")
        self.service.customer_department_ids = legal
        self.assertOpensNothing()
        lawyer = self.make_person("lawyer", legal)
        ticket = self.make_tickets(partner_id=lawyer.partner_id.id)
        self.assertEqual(self.order(ticket).customer_department_id, legal)

    def test_a_service_that_ended_opens_nothing(self):
        self.service.active = False
        self.assertOpensNothing()

    def test_the_team_may_come_with_the_agent(self):
        agent = self.make_person("agent", self.finance, ALL_TICKETS)
        ticket = self.make_tickets(user=agent, team_id=False, user_id=False)
        self.assertFalse(self.order(ticket))
        request = self.change(ticket, user_id=self.clerk.id)
        self.assertEqual(ticket.team_id, self.team)
        self.assertEqual(request.service_id, self.service)

    def test_a_long_title_is_cut(self):
        ticket = self.make_tickets(name="Taxi " * 200)
        self.assertEqual(len(self.order(ticket).name), 200)


@tagged("post_install", "-at_install")
class TestMoving(HelpdeskCase):
    """The order goes where the ticket goes."""

    def test_through_the_stages(self):
        ticket = self.make_tickets()
        states = [self.order(ticket).state] + [
            self.move(ticket, name).state
            for name in ("in_progress", "awaiting", "in_progress", "done")
        ]
        self.assertEqual(
            states, ["submitted", "in_progress", "waiting", "in_progress", "delivered"]
        )
        self.assertEqual(len(self.orders(ticket)), 1)
        self.assertEqual(
            self.kinds(self.order(ticket)),
            ["submit", "start", "wait", "resume", "deliver"],
        )

    def test_every_event_names_the_document_who_and_when(self):
        with at("08:00"):
            ticket = self.make_tickets()
        with at("09:00"):
            request = self.move(ticket, "in_progress")
        event = request.event_ids.sorted("id")[-1]
        self.assertEqual((event.kind, event.cause), ("start", "document"))
        self.assertEqual(event.user_id, self.clerk)
        self.assertEqual(str(event.at), MONDAY % "09:00:00")
        self.assertFalse(self.Request.with_user(self.officer).verify_events()["broken"])

    def test_out_and_back_in_one_transaction_is_no_move(self):
        ticket = self.make_tickets()
        ticket.stage_id = self.stages["awaiting"]
        ticket.stage_id = self.stages["new"]
        self.end_transaction()
        self.assertEqual(self.kinds(self.order(ticket)), ["submit"])

    def test_work_that_is_further_on_does_not_go_back(self):
        ticket = self.make_tickets()
        request = self.move(ticket, "in_progress", "new")
        self.assertEqual(request.state, "in_progress")
        self.assertEqual(self.kinds(request), ["submit", "start"])

    def test_what_was_accepted_by_hand_is_started_by_the_ticket(self):
        request = self.order(ticket := self.make_tickets())
        promised = fields.Datetime.now() + timedelta(days=2)
        request.with_user(self.clerk).action_accept(str(promised)[:19])
        request = self.move(ticket, "in_progress", "done")
        self.assertEqual(self.kinds(request), ["submit", "accept", "start", "deliver"])

    def test_a_counter_offer_is_overtaken_by_the_delivery(self):
        request = self.order(ticket := self.make_tickets())
        offer = fields.Datetime.now() + timedelta(days=2)
        request.with_user(self.clerk).action_counter(str(offer)[:19], "Busy")
        self.assertEqual(self.move(ticket, "done").state, "delivered")
        self.assertFalse(request.proposed_at)

    def test_archived_and_back_is_nothing(self):
        ticket = self.make_tickets().sudo()
        request = self.move(ticket, "in_progress")
        self.change(ticket, active=False)
        self.assertEqual(request.state, "in_progress")
        self.change(ticket, active=True)
        self.assertEqual(self.kinds(request), ["submit", "start"])
        self.assertEqual(self.orders(ticket), request)

    def test_what_nobody_asked_about_changes_nothing(self):
        ticket = self.make_tickets()
        request = self.change(ticket, name="Other words", priority="3")
        self.assertEqual((request.name, request.priority), ("Taxi of Monday", "1"))

    def test_a_copy_is_a_ticket_of_its_own(self):
        ticket = self.make_tickets()
        self.move(ticket, "in_progress")
        copy = ticket.copy()
        self.end_transaction()
        self.assertEqual(self.order(copy).res_id, copy.id)
        self.assertEqual(self.order(copy).state, "submitted")
        self.assertEqual(len(self.orders(ticket)), 1)

    def test_the_assignee_follows_until_the_delivery(self):
        other = self.make_person("relief", self.finance, AGENT)
        self.team.user_ids |= other
        ticket = self.make_tickets().sudo()
        request = self.change(ticket, user_id=other.id)
        self.assertEqual(request.user_id, other)
        self.move(ticket, "done")
        self.assertEqual(request.delivered_by_id, other)
        self.change(ticket, user_id=self.clerk.id)
        self.assertEqual((request.user_id, request.delivered_by_id), (other, other))
        self.assertEqual(self.kinds(request), ["submit", "deliver"])


@tagged("post_install", "-at_install")
class TestClock(HelpdeskCase):
    """The promise runs in the working hours of the service, but not while it waits
    for somebody else."""

    def elapsed(self, stage):
        """Return the hours used: one of work, two in ``stage``, two of work."""
        with at("08:00"):
            ticket = self.make_tickets()
        with at("09:00"):
            self.change(ticket, stage_id=stage.id)
        with at("11:00"):
            self.move(ticket, "in_progress")
        with at("14:00"):  # one of these three hours is lunch
            clock = self.clock(self.move(ticket, "done"))
        self.assertEqual(clock.state, "met")
        return clock.judged_elapsed

    def test_in_the_hours_of_the_service(self):
        self.service.calendar_id = self.make_calendar("Half days", [(9, 11)])
        with at("08:00"):
            ticket = self.make_tickets()
        with at("15:00"):
            clock = self.clock(self.move(ticket, "done"))
        self.assertEqual(clock.calendar_id, self.service.calendar_id)
        self.assertAlmostEqual(clock.judged_elapsed, 2)

    def test_entered_at_night_it_runs_from_the_morning(self):
        with at("02:00"):
            ticket = self.make_tickets()
        with at("09:30"):
            clock = self.clock(self.move(ticket, "done"))
        self.assertAlmostEqual(clock.judged_elapsed, 1.5)

    def test_the_customer_makes_nobody_late(self):
        self.assertAlmostEqual(self.elapsed(self.stages["awaiting"]), 3)

    def test_the_supplier_waits_on_his_own_account(self):
        stage = self.make_stage(
            "Our turn", internal_state="waiting", internal_cause="supplier"
        )
        self.assertAlmostEqual(self.elapsed(stage), 5)

    def test_a_third_party_only_where_that_was_agreed(self):
        stage = self.make_stage(
            "At the bank", internal_state="waiting", internal_cause="third_party"
        )
        self.assertAlmostEqual(self.elapsed(stage), 5)
        self.env["internal.sla.policy"].create(
            {
                "name": "Forty hours without the bank",
                "hours": 40,
                "service_ids": [Command.link(self.service.id)],
                "pause_third_party": True,
            }
        )
        self.assertAlmostEqual(self.elapsed(stage), 3)

    def test_while_it_waits_nothing_is_due(self):
        ticket = self.make_tickets()
        request = self.move(ticket, "awaiting")
        self.assertEqual(self.clock(request).state, "paused")
        self.assertFalse(request.deadline)
        self.assertTrue(self.move(ticket, "in_progress").deadline)

    def test_another_cause_while_it_waits(self):
        ours = self.make_stage(
            "Our turn", internal_state="waiting", internal_cause="supplier"
        )
        with at("08:00"):
            ticket = self.make_tickets()
        with at("09:00"):
            self.move(ticket, "awaiting")
        with at("10:00"):
            request = self.change(ticket, stage_id=ours.id)
            self.assertEqual(request.state, "waiting")
        with at("11:00"):
            request = self.move(ticket, "done")
        self.assertEqual(
            self.kinds(request), ["submit", "wait", "resume", "wait", "deliver"]
        )
        self.assertEqual(
            request.event_ids.sorted("id")
            .filtered(lambda e: e.kind == "wait")
            .mapped("cause"),
            ["customer", "supplier"],
        )
        self.assertAlmostEqual(self.clock(request).judged_elapsed, 2)

    def test_another_cause_of_the_stage_holds_from_the_next_move(self):
        ticket = self.make_tickets()
        self.move(ticket, "awaiting")
        self.stages["awaiting"].internal_cause = "supplier"
        self.end_transaction()
        self.assertEqual(self.kinds(self.order(ticket)), ["submit", "wait"])
        self.move(ticket, "in_progress", "awaiting")
        event = self.order(ticket).event_ids.sorted("id")[-1]
        self.assertEqual((event.kind, event.cause), ("wait", "supplier"))

    def test_a_stage_without_a_cause_waits_for_the_customer(self):
        self.stages["awaiting"].internal_cause = False
        request = self.move(self.make_tickets(), "awaiting")
        self.assertEqual(request.state, "waiting")
        self.assertEqual(self.clock(request).state, "paused")

    def test_late_is_late(self):
        with freeze_time("2026-03-02 08:00:00"):
            ticket = self.make_tickets()
        with freeze_time("2026-03-10 08:00:00"):
            request = self.move(ticket, "done")
        self.assertEqual(request.sla_state, "breached")


@tagged("post_install", "-at_install")
class TestAsking(HelpdeskCase):
    """Who was served is asked, once; nobody else is."""

    def test_only_the_requester_is_asked(self):
        request = self.move(ticket := self.make_tickets(), "done")
        self.assertEqual(request.rating_ids.rater_id, self.seller)
        self.assertEqual(self.ballots(request), ["asked"])
        boss = self.make_person("boss", self.sales)
        self.sales.manager_id = boss.employee_id
        for user in (self.seller, self.clerk, self.officer, boss):
            with self.subTest(user.login):
                self.assertEqual(request.with_user(user).can_rate, user == self.seller)
        for user in (self.seller, self.clerk):
            with self.subTest(user.login, of="ticket"):
                mine = ticket.with_user(user)
                self.assertEqual(mine.internal_request_can_rate, user == self.seller)

    def test_one_answer_counts(self):
        request = self.move(ticket := self.make_tickets(), "done")
        self.rate(request, 4)
        self.assertEqual((request.state, request.rating_state), ("done", "answered"))
        with self.assertRaises(UserError):
            self.rate(request, 1)
        self.assertEqual(request.rating_ids.score, 4)
        self.assertFalse(ticket.with_user(self.seller).internal_request_can_rate)

    def test_ones_own_department_is_served_unasked(self):
        colleague = self.make_person("bookkeeper", self.finance)
        ticket = self.make_tickets(partner_id=colleague.partner_id.id)
        request = self.move(ticket, "done")
        self.assertEqual((request.state, request.rating_state), ("delivered", "none"))
        self.assertFalse(request.rating_ids)

    def test_who_closes_his_own_ticket_is_not_asked(self):
        ticket = self.make_tickets()
        request = self.move(ticket.with_user(self.seller).sudo(), "done")
        self.assertEqual((request.state, request.rating_state), ("delivered", "none"))
        self.assertFalse(request.rating_ids)

    def test_who_fulfils_his_own_ticket_is_not_asked(self):
        self.team.user_ids |= self.seller
        ticket = self.make_tickets(user=self.env.user, user_id=self.seller.id)
        request = self.move(ticket.with_user(self.clerk).sudo(), "done")
        self.assertEqual(request.delivered_by_id, self.seller)
        self.assertFalse(request.rating_ids)

    def test_closed_by_a_cron_the_assignee_has_the_credit(self):
        root = self.env.ref("base.user_root")
        for name, robot in (
            ("root", lambda ticket: ticket.with_user(root)),
            ("superuser", lambda ticket: ticket.with_user(SUPERUSER_ID)),
            ("sudo", lambda ticket: ticket.with_user(root).sudo()),
        ):
            with self.subTest(name):
                request = self.move(robot(self.make_tickets()), "done")
                self.assertEqual(request.state, "delivered")
                self.assertEqual(request.delivered_by_id, self.clerk)
                self.assertEqual(request.delivered_employee_id, self.clerk.employee_id)
                self.assertEqual(self.ballots(request), ["asked"])

    def test_closed_by_a_cron_and_assigned_to_nobody(self):
        ticket = self.make_tickets(user_id=False).with_user(SUPERUSER_ID)
        request = self.move(ticket, "done")
        self.assertEqual(request.state, "delivered")
        self.assertFalse(request.delivered_by_id)
        self.assertFalse(request.delivered_employee_id)
        self.assertEqual(self.ballots(request), ["asked"])

    def test_closed_by_an_agent_and_assigned_to_nobody(self):
        request = self.move(self.make_tickets(user_id=False), "done")
        self.assertEqual(request.delivered_by_id, self.clerk)

    def test_the_customer_has_no_credit_for_what_he_closed_himself(self):
        ticket = self.make_tickets(user_id=False)
        request = self.move(ticket.with_user(self.seller).sudo(), "done")
        self.assertEqual(request.state, "delivered")
        self.assertFalse(request.delivered_employee_id)


@tagged("post_install", "-at_install")
class TestEnding(HelpdeskCase):
    """Tickets that come to nothing, and what was delivered all the same."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agent = cls.make_person("agent", cls.finance, ALL_TICKETS)

    def merge(self, ticket, other, stage=None):
        wizard = self.env["helpdesk.ticket.duplicate.wizard"].with_user(self.agent)
        wizard.create(
            {
                "ticket_id": ticket.id,
                "duplicate_of_id": other.id,
                "target_stage_id": stage and stage.id,
            }
        ).action_confirm()
        self.end_transaction()

    def last(self, request):
        return request.event_ids.sorted("id")[-1]

    def test_a_duplicate_is_cancelled_with_that_reason(self):
        for stage in (None, self.stages["cancelled"], self.stages["done"]):
            with self.subTest(stage=stage and stage.name):
                ticket, other = self.make_tickets(2)
                self.move(ticket, "in_progress")
                self.merge(ticket, other, stage)
                request = self.order(ticket)
                self.assertEqual(request.state, "cancelled")
                event = self.last(request)
                self.assertEqual((event.kind, event.cause), ("cancel", "document"))
                self.assertIn(f"duplicate of {other.number}", event.note)
                self.assertEqual(self.order(other).state, "submitted")
                self.assertFalse(request.rating_ids)

    def test_a_duplicate_of_what_was_delivered_stays_delivered(self):
        ticket, other = self.make_tickets(2)
        self.move(ticket, "done")
        self.merge(ticket, other)
        self.assertEqual(self.order(ticket).state, "delivered")
        self.rate(self.order(ticket), 5)

    def test_no_duplicate_after_all_is_a_new_order(self):
        ticket, other = self.make_tickets(2)
        first = self.order(ticket)
        self.merge(ticket, other)
        request = self.change(ticket, duplicate_id=False)
        self.assertEqual(request.origin_id, first)
        self.assertEqual(request.state, "submitted")

    def test_deleted_is_cancelled_with_that_reason(self):
        tickets = self.make_tickets(3).sudo()
        requests, names = self.order(tickets), tickets.mapped("display_name")
        self.move(tickets[1], "in_progress")
        self.move(tickets[2], "awaiting")
        tickets.unlink()
        self.end_transaction()
        self.assertEqual(requests.mapped("state"), ["cancelled"] * 3)
        notes = [self.last(request).note for request in requests]
        for note, name in zip(notes, names, strict=True):
            self.assertIn(name, note)

    def test_deleted_after_the_delivery_it_is_rated_all_the_same(self):
        ticket = self.make_tickets().sudo()
        request = self.move(ticket, "done")
        ticket.unlink()
        self.end_transaction()
        self.assertEqual(request.state, "delivered")
        self.assertTrue(request.with_user(self.seller).can_rate)
        self.rate(request, 5)
        self.assertEqual((request.state, request.rating_state), ("done", "answered"))
        self.assertFalse(request.with_user(self.seller).document_name)

    def test_closed_and_deleted_in_one_transaction_was_delivered(self):
        ticket = self.make_tickets().sudo()
        request = self.order(ticket)
        ticket.stage_id = self.stages["done"]
        ticket.unlink()
        self.end_transaction()
        self.assertEqual(request.state, "delivered")

    def test_cancelled_and_rejected_at_any_time(self):
        for before in ((), ("in_progress",), ("awaiting",)):
            for name, state in (("cancelled", "cancelled"), ("rejected", "declined")):
                with self.subTest(name, before=before):
                    ticket = self.make_tickets()
                    request = self.move(ticket, *before, name)
                    self.assertEqual(request.state, state)
                    self.assertEqual(request.rating_state, "none")
                    self.assertIn(ticket.number, self.last(request).note)
                    self.assertFalse(request.deadline)

    def test_delivered_then_cancelled_stays_delivered(self):
        for name in ("cancelled", "rejected"):
            with self.subTest(name):
                request = self.move(self.make_tickets(), "done", name)
                self.assertEqual(request.state, "delivered")
                self.assertTrue(request.with_user(self.seller).can_rate)
                self.assertEqual(self.kinds(request), ["submit", "deliver"])

    def test_cancelled_and_taken_up_again_is_a_new_order(self):
        ticket = self.make_tickets()
        first = self.move(ticket, "cancelled")
        request = self.move(ticket, "in_progress")
        self.assertEqual(request.origin_id, first)
        self.assertEqual((first.state, request.state), ("cancelled", "in_progress"))

    def test_rejected_but_done_after_all_is_delivered(self):
        ticket = self.make_tickets()
        first = self.move(ticket, "rejected")
        request = self.move(ticket, "done")
        self.assertEqual(request.origin_id, first)
        self.assertEqual((request.state, request.rating_state), ("delivered", "asked"))


@tagged("post_install", "-at_install")
class TestForwarding(HelpdeskCase):
    """Another team of another service is another order, judged for itself."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.it = cls.make_department("IT")
        cls.technician = cls.make_person("technician", cls.it, AGENT)
        cls.laptops = cls.make_service("laptops", cls.it)
        cls.desk = cls.make_team("Laptops", cls.laptops, cls.technician)

    def forward(self, ticket, team=None, **values):
        return self.change(ticket.sudo(), team_id=(team or self.desk).id, **values)

    def test_to_another_service(self):
        with at("08:00"):
            ticket = self.make_tickets()
            first = self.move(ticket, "in_progress")
        with at("10:00"):
            second = self.forward(ticket)
        self.assertEqual(self.orders(ticket), first | second)
        decline = first.event_ids.sorted("id")[-1]
        self.assertEqual(first.state, "declined")
        self.assertEqual(
            (decline.kind, decline.code, decline.cause),
            ("decline", "forwarded", "document"),
        )
        self.assertRecordValues(
            second,
            [
                {
                    "origin_id": first.id,
                    "service_id": self.laptops.id,
                    "supplier_department_id": self.it.id,
                    "requester_id": self.seller.id,
                    "submitted_at": fields.Datetime.to_datetime(MONDAY % "10:00:00"),
                    "state": "in_progress",
                    "user_id": False,
                }
            ],
        )

    def test_both_clocks_are_judged_each_for_itself(self):
        with at("08:00"):
            ticket = self.make_tickets()
            first = self.order(ticket)
        with at("10:00"):
            second = self.forward(ticket)
            self.assertEqual(self.clock(first).state, "cancelled")
            self.assertAlmostEqual(self.clock(first).judged_elapsed, 2)
            self.assertEqual(self.clock(second).state, "running")
        with at("11:30"):
            self.move(ticket.sudo(), "done")
        self.assertAlmostEqual(self.clock(second).judged_elapsed, 1)
        self.assertEqual(self.clock(second).state, "met")
        self.assertEqual(self.ballots(second), ["asked"])
        self.assertFalse(first.rating_ids)

    def test_forwarded_late_the_first_one_stays_late(self):
        with freeze_time("2026-03-02 08:00:00"):
            ticket = self.make_tickets()
            first = self.order(ticket)
        with freeze_time("2026-03-10 08:00:00"):
            second = self.forward(ticket)
            self.assertTrue(self.clock(first).breached_at)
            self.assertEqual(second.sla_state, "on_track")

    def test_there_and_back_is_three_orders(self):
        ticket = self.make_tickets()
        self.forward(ticket)
        self.forward(ticket, self.team)
        self.assertEqual(
            self.orders(ticket).mapped("state"), ["declined", "declined", "submitted"]
        )
        self.assertEqual(self.orders(ticket)[2].origin_id, self.orders(ticket)[1])

    def test_there_and_back_in_one_transaction_is_one_order(self):
        ticket = self.make_tickets().sudo()
        ticket.team_id = self.desk
        ticket.team_id = self.team
        self.end_transaction()
        self.assertEqual(self.order(ticket).state, "submitted")
        self.assertEqual(len(self.orders(ticket)), 1)

    def test_to_another_team_of_the_same_service(self):
        ticket = self.make_tickets()
        self.forward(ticket, self.make_team("Second line", self.service, self.clerk))
        self.assertEqual(self.kinds(self.orders(ticket)), ["submit"])

    def test_after_the_delivery_nothing_is_forwarded(self):
        ticket = self.make_tickets()
        request = self.move(ticket, "done")
        self.forward(ticket)
        self.assertEqual(self.orders(ticket), request)
        self.assertEqual((request.state, request.rating_state), ("delivered", "asked"))

    def test_to_a_team_for_outsiders_it_stays(self):
        ticket = self.make_tickets()
        request = self.forward(ticket, self.make_team("Shop", False, self.clerk))
        self.assertEqual(self.orders(ticket), request)
        self.assertEqual((request.state, request.unasked), ("submitted", False))
        self.assertEqual(self.move(ticket, "done").rating_state, "asked")

    def test_to_a_service_that_is_not_offered_to_him_it_stays(self):
        self.laptops.customer_department_ids = self.make_department("Legal")
        ticket = self.make_tickets()
        request = self.forward(ticket)
        self.assertEqual(self.orders(ticket), request)
        self.assertEqual((request.state, request.unasked), ("submitted", False))

    def test_another_service_of_the_team_holds_for_what_comes(self):
        ticket = self.make_tickets()
        first = self.order(ticket)
        self.team.internal_service_id = self.laptops
        self.end_transaction()
        self.move(ticket, "in_progress")
        self.assertEqual(self.orders(ticket), first)
        self.assertEqual(self.order(self.make_tickets()).service_id, self.laptops)

    def test_forwarded_and_closed_in_one_transaction(self):
        ticket = self.make_tickets()
        self.forward(ticket, stage_id=self.stages["done"].id)
        self.assertEqual(self.orders(ticket).mapped("state"), ["declined", "delivered"])
        self.assertEqual(self.orders(ticket).mapped("rating_state"), ["none", "asked"])

    def test_forwarded_and_cancelled_in_one_transaction(self):
        ticket = self.make_tickets()
        self.forward(ticket, stage_id=self.stages["cancelled"].id)
        self.assertEqual(
            set(self.orders(ticket).mapped("state")) - {"cancelled", "declined"}, set()
        )
        self.assertFalse(self.orders(ticket).rating_ids)

    def test_forwarded_cancelled_and_given_away_in_one_transaction(self):
        ticket = self.make_tickets()
        friend = self.make_person("friend", self.sales)
        self.forward(
            ticket,
            stage_id=self.stages["cancelled"].id,
            partner_id=friend.partner_id.id,
        )
        self.assertFalse(self.orders(ticket).rating_ids)


@tagged("post_install", "-at_install")
class TestAnotherRequester(HelpdeskCase):
    """A ticket given to somebody else is rated by nobody: no ballot is stuffed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.friend = cls.make_person("friend", cls.sales)

    def give(self, ticket, user):
        return self.change(ticket.sudo(), partner_id=user.partner_id.id)

    def assertNobodyAsked(self, ticket):
        self.assertNotIn("asked", self.orders(ticket).mapped("rating_state"))
        for user in (self.seller, self.friend):
            self.assertFalse(
                any(self.orders(ticket).with_user(user).mapped("can_rate"))
            )

    def test_after_the_delivery_the_ballot_is_void_and_logged(self):
        ticket = self.make_tickets()
        request = self.move(ticket, "done")
        self.give(ticket, self.friend)
        self.assertEqual(self.ballots(request), ["void"])
        event = request.event_ids.sorted("id")[-1]
        self.assertEqual((event.kind, event.cause), ("unask", "document"))
        self.assertEqual((request.state, request.unasked), ("delivered", True))
        self.assertEqual(request.requester_id, self.seller)
        self.assertNobodyAsked(ticket)
        for user in (self.seller, self.friend):
            with self.assertRaises(UserError):
                self.rate(request, 5, user)

    def test_before_the_delivery_too(self):
        ticket = self.make_tickets()
        self.give(ticket, self.friend)
        request = self.move(ticket, "done")
        self.assertEqual(self.kinds(request), ["submit", "unask", "deliver"])
        self.assertFalse(request.rating_ids)

    def test_given_back_it_stays_so(self):
        for stage in ("in_progress", "done"):
            with self.subTest(stage):
                ticket = self.make_tickets()
                self.move(ticket, stage)
                self.give(ticket, self.friend)
                self.give(ticket, self.seller)
                request = self.move(ticket, "in_progress", "done")
                self.assertEqual(self.kinds(request).count("unask"), 1)
                self.assertNobodyAsked(ticket)

    def test_reopened_and_closed_again_nobody_is_asked(self):
        ticket = self.make_tickets()
        self.move(ticket, "done")
        self.give(ticket, self.friend)
        request = self.move(ticket, "in_progress", "done")
        self.assertEqual(request.reopen_count, 1)
        self.assertNobodyAsked(ticket)

    def test_reopened_later_nobody_is_asked(self):
        ticket = self.make_tickets()
        first = self.move(ticket, "done")
        self.give(ticket, self.friend)
        first.with_user(self.seller).action_confirm()
        request = self.move(ticket, "in_progress", "done")
        self.assertEqual(request.origin_id, first)
        self.assertEqual(request.state, "delivered")
        self.assertNobodyAsked(ticket)

    def test_forwarded_nobody_is_asked(self):
        desk = self.make_team(
            "Laptops", self.make_service("laptops", self.finance), self.clerk
        )
        for values in (
            {"partner_id": self.friend.partner_id.id, "team_id": desk.id},
            {"team_id": desk.id},
        ):
            with self.subTest(sorted(values)):
                ticket = self.make_tickets().sudo()
                if "partner_id" not in values:
                    self.give(ticket, self.friend)
                request = self.change(ticket, **values)
                self.move(ticket, "done")
                self.assertEqual(request.state, "delivered")
                self.assertNobodyAsked(ticket)

    def test_given_to_an_outsider_nobody_is_asked(self):
        portal = new_test_user(self.env, "buyer", groups="base.group_portal")
        ticket = self.make_tickets()
        self.move(ticket, "done")
        request = self.give(ticket, portal)
        self.assertEqual(self.ballots(request), ["void"])
        ticket = self.make_tickets()
        self.move(ticket, "done")
        request = self.change(ticket.sudo(), partner_id=False)
        self.assertEqual(self.ballots(request), ["void"])

    def test_an_answer_stays(self):
        ticket = self.make_tickets()
        request = self.move(ticket, "done")
        self.rate(request, 1)
        self.give(ticket, self.friend)
        self.assertEqual(self.ballots(request), ["answered"])
        self.assertEqual(request.rating_ids.score, 1)

    def test_an_answer_stays_and_the_next_cycle_asks_nobody(self):
        ticket = self.make_tickets()
        request = self.move(ticket, "done")
        self.rate(request, 1)
        self.give(ticket, self.friend)
        self.move(ticket, "in_progress", "done")
        self.assertEqual(request.reopen_count, 1)
        self.assertEqual(self.ballots(request), ["answered"])
        self.assertNobodyAsked(ticket)

    def test_set_to_the_same_partner_is_nothing(self):
        ticket = self.make_tickets()
        self.move(ticket, "done")
        request = self.give(ticket, self.seller)
        self.assertEqual(self.ballots(request), ["asked"])


@tagged("post_install", "-at_install")
class TestReopening(HelpdeskCase):
    """Within the acceptance days it is the same order; later it is a new one."""

    def test_within_the_acceptance_days_it_is_sent_back(self):
        with freeze_time("2026-03-02 08:00:00"):
            ticket = self.make_tickets()
            self.move(ticket, "done")
        with freeze_time("2026-03-04 08:00:00"):
            request = self.move(ticket, "in_progress")
            self.assertEqual(request.state, "in_progress")
            self.assertEqual(self.ballots(request), ["void"])
            self.move(ticket, "done")
        self.assertEqual(self.orders(ticket), request)
        self.assertEqual(
            self.kinds(request), ["submit", "deliver", "reject", "deliver"]
        )
        self.assertEqual(request.reopen_count, 1)
        self.assertEqual(self.ballots(request), ["void", "asked"])

    def test_back_to_new_or_awaiting(self):
        for name, state in (("new", "in_progress"), ("awaiting", "waiting")):
            with self.subTest(name):
                request = self.move(self.make_tickets(), "done", name)
                self.assertEqual((request.state, request.reopen_count), (state, 1))

    def test_after_the_acceptance_it_is_a_new_order(self):
        ticket = self.make_tickets()
        first = self.move(ticket, "done")
        self.rate(first, 5)
        second = self.move(ticket, "in_progress")
        self.assertEqual((first.state, first.reopen_count), ("done", 0))
        self.assertEqual(second.origin_id, first)
        self.assertEqual(second.state, "in_progress")
        self.move(ticket, "done")
        self.assertEqual(self.ballots(first), ["answered"])
        self.assertEqual(self.ballots(second), ["asked"])

    def test_after_the_days_it_is_a_new_order_though_no_cron_came(self):
        with freeze_time("2026-03-02 08:00:00"):
            ticket = self.make_tickets()
            first = self.move(ticket, "done")
        self.assertEqual(first.state, "delivered")
        with freeze_time("2026-03-20 08:00:00"):
            second = self.move(ticket, "in_progress")
        self.assertEqual(first.state, "done")
        self.assertEqual(first.event_ids.sorted("id")[-1].cause, "silence")
        self.assertLess(str(first.closed_at), "2026-03-20")
        self.assertEqual(second.origin_id, first)
        self.assertEqual(str(second.submitted_at), "2026-03-20 08:00:00")

    def test_after_the_cron_it_is_a_new_order(self):
        with freeze_time("2026-03-02 08:00:00"):
            ticket = self.make_tickets()
            first = self.move(ticket, "done")
        with freeze_time("2026-03-20 08:00:00"):
            self.Request._accept_due(fields.Datetime.now())
            self.assertEqual(first.state, "done")
            second = self.move(ticket, "awaiting")
        self.assertEqual((second.origin_id, second.state), (first, "waiting"))

    def test_reopened_and_closed_in_one_transaction_is_nothing(self):
        ticket = self.make_tickets()
        request = self.move(ticket, "done")
        ticket.stage_id = self.stages["in_progress"]
        ticket.stage_id = self.stages["done"]
        self.end_transaction()
        self.assertEqual(self.kinds(request), ["submit", "deliver"])

    def test_a_service_without_acceptance_days(self):
        self.service.acceptance_days = 0
        ticket = self.make_tickets()
        first = self.move(ticket, "done")
        self.assertEqual((first.state, first.rating_state), ("done", "asked"))
        self.assertEqual(self.move(ticket, "in_progress").origin_id, first)


@tagged("post_install", "-at_install")
class TestByHand(HelpdeskCase):
    """What people do to the order itself holds, whatever stage the ticket is in."""

    def test_what_the_customer_withdrew_is_not_delivered(self):
        ticket = self.make_tickets()
        request = self.move(ticket, "in_progress")
        request.with_user(self.seller).action_cancel("Found it")
        self.move(ticket, "done")
        self.assertEqual(self.orders(ticket), request)
        self.assertEqual((request.state, request.rating_state), ("cancelled", "none"))

    def test_what_the_supplier_declined_is_not_delivered(self):
        ticket = self.make_tickets()
        request = self.order(ticket)
        request.with_user(self.clerk).action_decline("No budget")
        self.move(ticket, "in_progress", "done")
        self.assertEqual(self.orders(ticket), request)
        self.assertEqual(request.state, "declined")

    def test_what_was_sent_back_is_not_delivered_by_a_stroke_of_the_pen(self):
        ticket = self.make_tickets().sudo()
        request = self.move(ticket, "done")
        request.with_user(self.seller).action_reject_delivery("Wrong amount")
        other = self.make_person("relief", self.finance, AGENT)
        self.team.user_ids |= other
        self.change(ticket, user_id=other.id)
        self.assertEqual((request.state, request.user_id), ("in_progress", other))
        self.move(ticket, "done")
        self.assertEqual(request.state, "in_progress")
        self.move(ticket, "in_progress", "done")
        self.assertEqual(request.state, "delivered")
        self.assertEqual(self.ballots(request), ["void", "asked"])

    def test_what_was_delivered_by_hand_is_not_delivered_twice(self):
        ticket = self.make_tickets()
        request = self.order(ticket)
        request.with_user(self.clerk).action_deliver()
        self.move(ticket, "done")
        self.assertEqual(self.kinds(request), ["submit", "deliver"])

    def test_a_pause_by_hand_ends_with_the_next_move(self):
        ticket = self.make_tickets()
        request = self.move(ticket, "in_progress")
        request.with_user(self.clerk).action_wait("Which account?")
        self.change(ticket, user_id=self.clerk.id)
        self.assertEqual(request.state, "waiting")
        self.move(ticket, "done")
        self.assertEqual(request.state, "delivered")


@tagged("post_install", "-at_install")
class TestOldTickets(HelpdeskCase):
    """What was there before is left alone, until somebody says anew whom it serves."""

    def old(self, stage="new", **values):
        """Return a ticket from before the team served colleagues."""
        self.team.internal_service_id = False
        ticket = self.make_tickets(**values).sudo()
        if stage != "new":
            self.move(ticket, stage)
        self.team.internal_service_id = self.service
        self.end_transaction()
        return ticket

    def test_a_move_opens_nothing(self):
        ticket = self.old()
        self.move(ticket, "in_progress", "awaiting", "done", "in_progress")
        self.assertFalse(self.orders(ticket))

    def test_words_and_archiving_open_nothing(self):
        ticket = self.old()
        self.change(ticket, name="Other words", priority="2", active=False)
        self.change(ticket, active=True)
        self.assertFalse(self.orders(ticket))

    def test_another_assignee_opens_nothing(self):
        other = self.make_person("relief", self.finance, AGENT)
        self.team.user_ids |= other
        ticket = self.old()
        self.change(ticket, user_id=other.id)
        self.assertFalse(self.orders(ticket))

    def test_from_before_the_installation(self):
        ticket = self.make_tickets(team_id=self.make_team("Old", False, self.clerk).id)
        self.env.cr.execute(
            "UPDATE helpdesk_ticket SET team_id = %s WHERE id = %s",
            (self.team.id, ticket.id),
        )
        self.env.invalidate_all()
        self.move(ticket, "in_progress", "done")
        self.assertFalse(self.orders(ticket))

    def test_a_partner_or_team_set_anew_opens(self):
        for values in (
            {"partner_id": self.seller.partner_id.id},
            {"team_id": self.team.id},
        ):
            with self.subTest(*values):
                ticket = self.old()
                request = self.change(ticket, **values)
                self.assertEqual(request.state, "submitted")
                self.assertEqual(self.move(ticket, "done").rating_state, "asked")

    def test_deleting_and_merging_them_is_nothing(self):
        ticket, other = self.old(), self.old()
        self.change(ticket, duplicate_id=other.id)
        ticket.unlink()
        self.end_transaction()
        self.assertFalse(self.orders(other))


@tagged("post_install", "-at_install")
class TestStages(HelpdeskCase):
    """Every stage says where the order is; most need no word for it."""

    def test_the_stages_of_the_helpdesk(self):
        self.assertEqual(
            {name: stage.internal_state for name, stage in self.stages.items()},
            {
                "new": "submitted",
                "in_progress": "in_progress",
                "awaiting": "waiting",
                "done": "delivered",
                "cancelled": "cancelled",
                "rejected": "declined",
            },
        )
        self.assertEqual(self.stages["awaiting"].internal_cause, "customer")

    def test_a_new_stage_of_the_helpdesk_manager(self):
        manager = self.make_person("manager", self.finance, MANAGER)
        stages = self.env["helpdesk.ticket.stage"].with_user(manager)
        for values, state in (
            ({"closed": True}, "delivered"),
            ({"unattended": True}, "submitted"),
            ({}, "in_progress"),
            ({"closed": True, "unattended": True}, "delivered"),
        ):
            with self.subTest(**values):
                stage = stages.create({"name": "Mine", **values})
                self.assertEqual(stage.sudo().internal_state, state)
                self.assertEqual(stage.sudo().internal_cause, "customer")

    def test_a_stage_closed_later(self):
        stage = self.make_stage("Checked")
        self.assertEqual(stage.internal_state, "in_progress")
        stage.closed = True
        self.assertEqual(stage.internal_state, "delivered")

    def test_a_stage_of_the_officer(self):
        stage = self.make_stage("Checked")
        both = self.make_person("both", self.finance, f"{MANAGER},{OFFICER}")
        stage.with_user(both).internal_state = "accepted"
        ticket = self.make_tickets()
        self.assertEqual(self.change(ticket, stage_id=stage.id).state, "accepted")

    def test_every_stage_can_be_reached_and_left(self):
        """From each stage to each other one; nothing raises, and where the order has
        not ended it stands where the ticket stands, or further on."""
        stages = {
            state: self.make_stage(state, internal_state=state)
            for state in (
                "submitted",
                "accepted",
                "in_progress",
                "waiting",
                "delivered",
                "declined",
                "cancelled",
            )
        }
        for first, source in stages.items():
            for second, target in stages.items():
                with self.subTest(first, to=second):
                    ticket = self.make_tickets(stage_id=source.id)
                    self.change(ticket, stage_id=target.id)
                    request = self.change(ticket, stage_id=stages["delivered"].id)
                    if first in ("declined", "cancelled"):
                        self.assertFalse(request)  # it came to nothing at once
                    else:
                        self.assertEqual(request.state, "delivered")

    def test_a_word_of_the_officer_is_not_undone_by_a_tick(self):
        """``closed`` gives the default of a new stage; what was set by hand stays."""
        stage = self.stages["awaiting"]
        stage.write({"unattended": True})
        stage.write({"unattended": False})
        self.assertEqual(stage.internal_state, "waiting")
