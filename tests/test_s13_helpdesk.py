"""S13, the help desk: a colleague's ticket is an order, judged and rated like any."""

import unittest
from datetime import datetime, timezone

import pytest
from company import REQUEST, TOLD, Company, Person, quarter_of, unique
from rpc import RpcError

TICKET = "helpdesk.ticket"
STAGE = "helpdesk_mgmt.helpdesk_ticket_stage_"
OWN_TICKETS = "helpdesk_mgmt.group_helpdesk_user_own"


@pytest.fixture(scope="module")
def helpdesk(serve):
    """A server with the help desk, and OCA's own way of asking for ratings."""
    with serve(
        "--install", "internal_customer_helpdesk_mgmt,helpdesk_mgmt_rating"
    ) as s:
        yield s


class TestHelpdesk(unittest.TestCase):
    """Sara of Sales writes to the help desk of Finance; Finn, who may see no more than
    his own tickets, works on hers; she says how it was."""

    company: Company

    @pytest.fixture(autouse=True)
    def _take_company(self, helpdesk):
        self.company = Company(helpdesk)

    def setUp(self):
        company = self.company
        self.sara, self.finn = company.person("sara"), company.person("finn")
        self.olga, self.sue = company.person("olga"), company.person("sue")
        company.write(
            "res.users",
            self.finn.user_id,
            {"group_ids": [[4, company.ref(OWN_TICKETS)]]},
        )
        self.service = company.service("Finance")
        self.team = company.create(
            "helpdesk.ticket.team",
            {
                "name": unique("Desk "),
                "company_id": company.id,
                "user_ids": [[6, 0, [self.finn.user_id]]],
                "internal_service_id": self.service,
            },
        )

    def partner(self, person):
        return self.company.read("res.users", person.user_id, "partner_id")[0]

    def ticket(self, call, **values):
        """Let somebody open a ticket of Sara's; return its id."""
        values = {
            "name": unique("Ticket "),
            "description": "It does not work.",
            "team_id": self.team,
            "user_id": self.finn.user_id,
            "partner_id": self.partner(self.sara),
            **values,
        }
        if call.__name__ == "odoorpc":
            return call(TICKET, "create", values)
        [ticket] = call(TICKET, "create", vals_list=[values])
        return ticket

    def move(self, call, ticket, stage):
        stage_id = self.company.ref(STAGE + stage)
        call(TICKET, "write", ids=[ticket], vals={"stage_id": stage_id})

    def order(self, ticket):
        """Return the order of a ticket as the administrator reads it."""
        domain = [["res_model", "=", TICKET], ["res_id", "=", ticket]]
        names = ["state", "rating_state", "requester_id", "service_id", "user_id"]
        names += ["sla_state", "event_ids", "clock_ids"]
        found = self.company.call(REQUEST, "search_read", domain, names)
        return found[0] if found else {}

    def assertRefused(self, call, *args, **kwargs):
        with self.assertRaises(RpcError) as caught:
            call(*args, **kwargs)
        self.assertIn(caught.exception.name, TOLD)

    def test_from_ticket_to_scorecard(self):
        for finn, sara in zip(self.finn.protocols, self.sara.protocols, strict=True):
            with self.subTest(finn.__name__):
                self.tell_the_story(finn, sara)
        today = datetime.now(timezone.utc).date()
        period = self.company.quarter(quarter_of(today))
        self.olga.odoorpc("internal.period", "action_compute", ids=[period])
        cards = self.olga.odoorpc(
            "internal.scorecard", "report_scorecards", period_id=period
        )
        [card] = [card for card in cards if card["service_id"] == self.service]
        self.assertEqual((card["request_count"], card["rating_count"]), (2, 2))
        self.assertEqual((card["satisfaction"], card["on_time_rate"]), (4.0, 1.0))

    def tell_the_story(self, finn, sara):
        ticket = self.ticket(finn)
        order = self.order(ticket)
        self.assertEqual(order["state"], "submitted")
        self.assertEqual(order["requester_id"][0], self.sara.user_id)
        self.assertEqual(order["service_id"][0], self.service)
        self.assertEqual(order["user_id"][0], self.finn.user_id)
        [told] = finn(
            TICKET,
            "read",
            ids=[ticket],
            fields=["internal_request_promise", "internal_request_can_rate"],
        )
        self.assertEqual(told["internal_request_promise"], "40 h 00 left")
        self.assertFalse(told["internal_request_can_rate"])

        for stage, state, clock in (
            ("in_progress", "in_progress", "running"),
            ("awaiting", "waiting", "paused"),
            ("in_progress", "in_progress", "running"),
            ("done", "delivered", "met"),
        ):
            self.move(finn, ticket, stage)
            order = self.order(ticket)
            self.assertEqual(order["state"], state)
            clocks = self.company.call(
                "internal.sla.clock", "read", ["state"], ids=order["clock_ids"]
            )
            self.assertEqual([c["state"] for c in clocks], [clock])
        events = self.company.call(
            "internal.request.event", "read", ["kind"], ids=order["event_ids"]
        )
        kinds = [event["kind"] for event in events]
        self.assertEqual(kinds, "submit start wait resume deliver".split())

        [told] = sara(
            TICKET, "read", ids=[ticket], fields=["internal_request_can_rate"]
        )
        self.assertTrue(told["internal_request_can_rate"])
        self.assertEqual(
            sara(TICKET, "action_open_internal_request", ids=[ticket])["res_id"],
            order["id"],
        )
        rate = {"ids": [order["id"]], "score": 4}
        for other in (finn, self.sue.odoorpc, self.olga.odoorpc):
            self.assertRefused(other, REQUEST, "action_rate", **rate)
        [answer] = sara(REQUEST, "action_rate", **rate)
        self.assertEqual(answer["rating_state"], "answered")
        self.assertEqual(answer["state"], "done")
        self.assertRefused(sara, REQUEST, "action_rate", **rate)

    def test_a_ticket_of_an_outsider_is_no_order(self):
        stranger = self.company.create("res.partner", {"name": unique("Stranger ")})
        portal = Person(self.company.server, unique("portal.") + "@acme.example")
        portal.user_id = self.company.user(portal.login, ["base.group_portal"])
        for call in self.finn.protocols:
            for partner in (stranger, self.partner(portal), False):
                with self.subTest(call.__name__, partner=partner):
                    ticket = self.ticket(call, partner_id=partner)
                    self.move(call, ticket, "done")
                    self.assertEqual(self.order(ticket), {})

    def test_nobody_is_asked_twice(self):
        """Of colleagues the order asks, of outsiders OCA's rating mail."""
        done = self.company.ref(STAGE + "done")
        template = self.company.ref("helpdesk_mgmt_rating.rating_ticket_email_template")
        values = {"rating_mail_template_id": template}
        self.company.write("helpdesk.ticket.stage", done, values)
        stranger = self.company.create(
            "res.partner", {"name": "Stranger", "email": "stranger@outside.example"}
        )
        for partner, asked in ((self.partner(self.sara), 0), (stranger, 1)):
            with self.subTest(asked=asked):
                ticket = self.ticket(self.finn.odoorpc, partner_id=partner)
                self.move(self.finn.odoorpc, ticket, "done")
                domain = [["res_model", "=", TICKET], ["res_id", "=", ticket]]
                found = self.company.call("rating.rating", "search_count", domain)
                self.assertEqual(found, asked)
                self.assertEqual(
                    self.order(ticket).get("rating_state"),
                    None if asked else "asked",
                )
        self.company.write(
            "helpdesk.ticket.stage", done, {"rating_mail_template_id": False}
        )
