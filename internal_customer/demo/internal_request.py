from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Command

from ..engine import transitions
from ..engine.worktime import period_edge
from ..models.internal_period import CUTOFF_DAYS
from .life import Life, quarters

COMPANY, OFFICER, EDITOR = "base.main_company", "ingrid", "helena"
APPROVERS = ("wang.jun", "viktor")


class InternalRequest(models.Model):
    _inherit = "internal.request"

    @api.model
    def _load_demo(self):
        """Tell the life of the demo company from the last quarter that can be closed
        until now, close that quarter and award its bonus; once."""
        company = self.env.ref(COMPANY)
        if self.search_count([("external_ref", "=like", "DEMO-%")], limit=1):
            return
        self.with_company(company)._tell_demo(company)

    def _tell_demo(self, company):
        now = fields.Datetime.now()
        calendar = company.resource_calendar_id
        timeline = calendar._internal_timeline(company)
        days = quarters(timeline, calendar.tz, now, CUTOFF_DAYS)
        life = Life(timeline, calendar.tz, period_edge(days[0], calendar.tz), now)
        users = {user.login: user for user in self.env["res.users"].search([])}
        users["admin"] = self.env.ref("base.user_admin")
        orders = life.habits()
        self._load_demo_rows(orders, users, first=True)
        for order in life.stories():
            self._draft_demo(order, users)
            if order.events:
                orders.append(order)
        self._append_demo_words(orders, users, now)
        answers = self._load_demo_rows(orders, users)
        told = [answer["id"] for answer in answers if answer["status"] == "unchanged"]
        self.browse(told)._settle(now, reopened=True)  # their last event said more
        self._ask_demo(orders)
        self._pay_demo(company, days, users)

    def _load_demo_rows(self, orders, users, first=False):
        """Load these orders with all that a history can say, or the orders alone."""
        answers = self.load_history(
            [
                {
                    "external_ref": order.reference,
                    "service": order.what.service,
                    "requester": users[order.requester].login,
                    "assignee": users[order.assignee].login,
                    "name": order.name,
                    "events": [
                        {
                            "kind": event.kind,
                            "at": event.at,
                            "user": users[event.user].login,
                            "cause": event.cause,
                        }
                        for event in (order.events[:1] if first else order.events)
                        if not event.says_more
                    ],
                    "ratings": [] if first else order.ratings,
                }
                for order in orders
            ]
        )
        if errors := [answer for answer in answers if answer["error"]]:
            raise ValidationError(str(errors))
        return answers

    def _draft_demo(self, order, users):
        """Let the requester write the order, with what a history cannot say of it."""
        service = self.env["internal.service"].search(
            [
                ("code", "=", order.what.service),
                ("company_id", "=", self.env.company.id),
            ]
        )
        draft = self.with_user(users[order.requester]).create(
            {
                "service_id": service.id,
                "name": order.name,
                "description": order.what.description,
                "priority": order.what.priority,
                "needed_by": order.needed_by,
                "external_ref": order.reference,
            }
        )
        if order.events:
            assignee = {"user_id": users[order.assignee].id}
            draft.sudo()._update_rows(draft.ids, [assignee])

    def _append_demo_words(self, orders, users, now):
        """Write the events that say more than a history does: dates, reasons, codes."""
        known = self._demo_requests(orders)
        rows = []
        for order in orders:
            life = transitions.replay(
                transitions.Event(told.kind, told.at, told.cause, told.moment)
                for told in order.events
            )
            rows += [
                {
                    "request_id": known[order.reference].id,
                    "kind": told.kind,
                    "at": told.at,
                    "recorded_at": now,
                    "user_id": users[told.user].id,
                    "from_state": step.source,
                    "to_state": step.target,
                    "cause": told.cause or None,
                    "code": told.code or None,
                    "moment": told.moment,
                    "note": told.note or None,
                }
                for told, step in zip(order.events, life.steps, strict=True)
                if told.says_more
            ]
        self.env["internal.request.event"]._append(rows)

    def _ask_demo(self, orders):
        """Ask for the ratings that nobody gave, at the time of the delivery."""
        for request in self._demo_requests(orders).values():
            if request.delivered_at and request.rating_state == "none":
                self.env["internal.rating"]._ask(request, request.delivered_at)

    def _demo_requests(self, orders):
        found = self.search(
            [("external_ref", "in", [order.reference for order in orders])]
        )
        return {request.external_ref: request for request in found}

    # The quarter's end

    def _pay_demo(self, company, days, users):
        plan = self._plan_demo(users)
        periods = self.env["internal.period"].with_user(users[OFFICER])
        for day in days:
            known = [
                ("kind", "=", "quarter"),
                ("date_from", "=", day),
                ("company_id", "=", company.id),
            ]
            period = periods.search(known) or periods.create({"date_from": day})
            if day != days[0]:
                period.action_compute()
            elif period.state == "open":
                period.action_close()
                plan.with_user(users[EDITOR]).action_evaluate(period.id)

    def _plan_demo(self, users):
        """Return a plan that one person made and two others approved."""
        plan = self.env["internal.incentive.plan"].with_user(users[EDITOR])
        plan = plan.create(
            {
                "name": "Service bonus",
                "pool_amount": 50000,
                "line_ids": [
                    Command.create(
                        {
                            "department_id": self.env.ref(
                                "internal_customer.department_finance"
                            ).id,
                            "weight": 1.5,
                        }
                    )
                ],
                "rule_ids": [
                    Command.create({"sequence": 10, "kind": "veto"}),
                    Command.create(
                        {
                            "sequence": 20,
                            "kind": "gate",
                            "metric": "reopen_rate",
                            "operator": "<=",
                            "value": 0.25,
                        }
                    ),
                    Command.create(
                        {
                            "sequence": 30,
                            "kind": "linear",
                            "metric": "good_rate",
                            "weight": 60,
                            "tier_ids": _tiers((0.6, 0), (0.9, 1)),
                        }
                    ),
                    Command.create(
                        {
                            "sequence": 40,
                            "kind": "step",
                            "metric": "on_time_rate",
                            "weight": 40,
                            "tier_ids": _tiers((0.8, 0.5), (0.95, 1)),
                        }
                    ),
                ],
            }
        )
        plan.action_submit()
        for login in APPROVERS:
            plan.with_user(users[login]).action_approve()
        return plan


def _tiers(*points):
    return [
        Command.create({"from_value": start, "factor": factor})
        for start, factor in points
    ]
