"""Finance answers the tickets of Sales: a desk with one agent, the clerk."""

from odoo.fields import Command

from odoo.addons.internal_customer.tests.common import InternalCustomerCase

AGENT = "helpdesk_mgmt.group_helpdesk_user_own"
ALL_TICKETS = "helpdesk_mgmt.group_helpdesk_user"
MANAGER = "helpdesk_mgmt.group_helpdesk_manager"
STAGES = ("new", "in_progress", "awaiting", "done", "cancelled", "rejected")


class HelpdeskCase(InternalCustomerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True})
        cls.Request = cls.env["internal.request"]
        cls.Ticket = cls.env["helpdesk.ticket"]
        cls.stages = {
            name: cls.env.ref(f"helpdesk_mgmt.helpdesk_ticket_stage_{name}")
            for name in STAGES
        }
        cls.clerk.group_ids = [Command.link(cls.env.ref(AGENT).id)]
        cls.team = cls.make_team("Receipts", cls.service, cls.clerk)

    @classmethod
    def make_team(cls, name, service, *members, **values):
        return cls.env["helpdesk.ticket.team"].create(
            {
                "name": name,
                "internal_service_id": service and service.id,
                "user_ids": [Command.set([member.id for member in members])],
                **values,
            }
        )

    @classmethod
    def make_stage(cls, name, **values):
        return cls.env["helpdesk.ticket.stage"].create(
            {"name": name, "sequence": 20, "company_id": False, **values}
        )

    @classmethod
    def make_company(cls, name):
        """Return another company, with a department and a service of its own."""
        company = cls.env["res.company"].create(
            {"name": name, "resource_calendar_id": cls.calendar.copy().id}
        )
        department = cls.env["hr.department"].create(
            {"name": f"Finance of {name}", "company_id": company.id}
        )
        service = cls.make_service(
            "abroad", department, company_id=company.id, calendar_id=False
        )
        return company, department, service

    @classmethod
    def ticket_values(cls, **values):
        return {
            "name": "Taxi of Monday",
            "description": "<p>See the receipt.</p>",
            "partner_id": cls.seller.partner_id.id,
            "team_id": cls.team.id,
            "user_id": cls.clerk.id,
            **values,
        }

    def make_tickets(self, count=1, user=None, **values):
        """Let the agent enter tickets of the seller, in a transaction of its own."""
        rows = [self.ticket_values(**values) for _number in range(count)]
        tickets = self.Ticket.with_user(user or self.clerk).create(rows)
        self.end_transaction()
        return tickets

    def change(self, tickets, **values):
        """Change tickets in a transaction of its own; return their latest orders."""
        tickets.write(values)
        self.end_transaction()
        return self.order(tickets)

    def move(self, tickets, *names):
        """Move tickets through stages, a transaction each; return their orders."""
        for name in names:
            self.change(tickets, stage_id=self.stages[name].id)
        return self.order(tickets)

    @classmethod
    def end_transaction(cls):
        """Do what a commit does first."""
        cls.env.cr.flush()

    def order(self, tickets):
        """Return the latest orders of tickets, as the superuser sees them."""
        return tickets.sudo().internal_request_id.with_env(self.env)

    def orders(self, ticket):
        """Return all orders that a ticket ever had, the first one first."""
        domain = [("res_model", "=", "helpdesk.ticket"), ("res_id", "=", ticket.id)]
        return self.Request.search(domain, order="id")

    def kinds(self, request):
        return request.event_ids.sorted("id").mapped("kind")

    def ballots(self, request):
        return request.rating_ids.sorted("id").mapped("state")

    def rate(self, request, score, user=None):
        return request.with_user(user or self.seller).action_rate(score)
