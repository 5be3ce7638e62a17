from datetime import timedelta
from functools import cache
from operator import itemgetter
from types import SimpleNamespace

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..engine import clock
from ..engine.transitions import CUSTOMER
from ..engine.worktime import hours
from .internal_period import is_counted

BATCH = 5000
AT_RISK_PERCENT = 75
PAUSING = {False: frozenset({CUSTOMER}), True: frozenset({CUSTOMER, "third_party"})}
SCOPE = ("company_id", "service_id", "customer_department_id", "priority")
FACTS = (
    "calendar_id",
    "state",
    "target_hours",
    "started_at",
    "deadline",
    "at_risk_at",
    "breached_at",
    "breach_recorded_at",
    "stopped_at",
    "next_at",
    "counting",
)
"""What makes a clock worth writing: figures of the moment, as ``judged_*``, do not."""
ZERO = timedelta()


class InternalSlaClock(models.Model):
    """The stored answer of :func:`engine.clock.evaluate` for one order and metric."""

    _name = "internal.sla.clock"
    _description = "Promise Kept"
    _inherit = ["internal.validated"]
    _order = "deadline, id"
    _rec_names_search = ["request_id"]

    request_id = fields.Many2one(
        "internal.request", "Order", required=True, index=True, ondelete="restrict"
    )
    policy_id = fields.Many2one(
        "internal.sla.policy", index="btree_not_null", ondelete="restrict"
    )
    calendar_id = fields.Many2one(
        "resource.calendar",
        "Working Hours",
        index="btree_not_null",
        ondelete="restrict",
        help="Hours in which it runs; empty: round the clock.",
    )
    metric = fields.Selection(
        [
            ("response", "First answer"),
            ("resolution", "Delivery"),
            ("promise", "Promised date"),
        ],
        required=True,
    )
    state = fields.Selection(
        [
            ("running", "Running"),
            ("paused", "Paused"),
            ("met", "Kept"),
            ("breached", "Late"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
    )
    target_hours = fields.Float(
        "Target",
        help="Working hours allowed; of a promise, those from its giving to its date.",
    )
    started_at = fields.Datetime("Started")
    deadline = fields.Datetime(help="Empty while it pauses.")
    at_risk_at = fields.Datetime("At Risk")
    breached_at = fields.Datetime("Breached", help="The deadline that passed.")
    breach_recorded_at = fields.Datetime("Breach Recorded")
    stopped_at = fields.Datetime("Stopped")
    next_at = fields.Datetime("Next Look", help="When its state changes by itself.")
    elapsed_hours = fields.Float(
        "Used",
        compute="_compute_hours",
        help="Working hours used so far.",
    )
    remaining_hours = fields.Float(
        "Left",
        compute="_compute_hours",
        help="Working hours left; negative when late.",
    )
    counting = fields.Boolean(help="Whether working time counts right now.")
    judged_at = fields.Datetime(required=True)
    judged_elapsed = fields.Float(help="Working hours used when last judged.")
    judged_remaining = fields.Float(help="Working hours left when last judged.")

    _request_metric_uniq = models.UniqueIndex("(request_id, metric)")
    _next_at_idx = models.Index("(next_at) WHERE next_at IS NOT NULL")
    _breached_idx = models.Index("(breached_at) WHERE breached_at IS NOT NULL")
    _open_idx = models.Index("(request_id) WHERE stopped_at IS NULL")

    @api.depends("judged_elapsed", "judged_remaining", "judged_at", "counting")
    def _compute_hours(self):
        now = fields.Datetime.now()
        for record in self.sudo():
            since = record._hours_since_judged(now)
            record.elapsed_hours = record.judged_elapsed + since
            record.remaining_hours = record.judged_remaining - since

    def _hours_since_judged(self, now):
        if not self.counting:
            return 0.0
        since = max(self.judged_at, self.started_at)
        timeline = self.calendar_id._internal_timeline(self.request_id.company_id)
        return hours(timeline.elapsed(since, now))

    @api.model
    def _hours_left(self, requests):
        """Return ``{request id: working hours left}`` of the clock that ends first."""
        clocks = self.sudo().search(
            [
                ("request_id", "in", requests.ids),
                ("stopped_at", "=", False),
                ("deadline", "!=", False),
            ],
            order="deadline desc, id desc",
        )
        return {c.request_id.id: c.remaining_hours for c in clocks}

    # Judging

    @api.model
    def _judge(self, lives, now, told=None, reopened=False):
        """Evaluate the clocks of orders; write those that changed.

        Clocks that stopped keep their verdict unless ``reopened``.

        :param lives: ``{request id: Life}``
        :param told: ``{request id: values}`` that the orders are about to get
        :return: ``{request id: values}`` for the orders: the worst of their clocks,
            and what falls due first
        """
        stored = self._stored(list(lives))
        late = any(row["breached_at"] for rows in stored.values() for row in rows)
        counted = self.env["internal.period"].sudo()._closed_spans() if late else {}
        choose, timeline = cache(self._choose), self._timelines(stored)
        facts = itemgetter(*FACTS)
        fresh, changed, marks = [], {}, {}
        for id_, rows in stored.items():
            life, order = lives[id_], rows[0] | (told[id_] if told else {})
            known = {row["metric"]: row for row in rows if row["id"]}
            for metric in _metrics(life):
                row = known.get(metric)
                if row and row["stopped_at"] and not reopened:
                    continue
                terms = row or choose(metric, *map(order.get, SCOPE))
                verdict = terms and _evaluate(metric, order, life, terms, timeline, now)
                if not verdict:
                    continue
                spans = counted.get(order["company_id"], ())
                _record_breach(verdict, row or {}, spans, now)
                known[metric] = verdict
                if not row:
                    fresh.append({"request_id": id_, "metric": metric, **verdict})
                elif facts(verdict) != facts(row):
                    changed[row["id"]] = verdict
            marks[id_] = _mark(known.values(), now)
        self._insert_rows(fresh)
        self._update_rows(list(changed), list(changed.values()))
        self.invalidate_model(flush=False)
        return marks

    def _stored(self, request_ids):
        """Return ``{request id: rows}``: its clocks, or one row without, each with all
        that they run by."""
        for name in ("request", "service", "sla.policy"):
            self.env[f"internal.{name}"].flush_model()
        self.env["res.company"].flush_model(["resource_calendar_id"])
        stored = {}
        for row in self.env.execute_query_dict(
            SQL(
                "SELECT %s, r.id AS order_id, r.company_id, r.service_id,"
                " r.customer_department_id, r.priority, r.intake_at, r.earliest_at,"
                " coalesce(s.calendar_id, o.resource_calendar_id)"
                " AS service_calendar_id,"
                " p.calendar_id AS policy_calendar_id, p.hours, p.pause_third_party,"
                " p.at_risk_percent"
                " FROM internal_request r"
                " JOIN internal_service s ON s.id = r.service_id"
                " JOIN res_company o ON o.id = s.company_id"
                " LEFT JOIN internal_sla_clock c ON c.request_id = r.id"
                " LEFT JOIN internal_sla_policy p ON p.id = c.policy_id"
                " WHERE r.id = ANY(%s) ORDER BY r.id",
                SQL(", ").join(
                    SQL.identifier("c", name)
                    for name in ("id", "metric", "policy_id", *FACTS)
                ),
                request_ids,
            )
        ):
            stored.setdefault(row["order_id"], []).append(row)
        return stored

    def _choose(self, metric, company_id, service_id, customer_id, priority):
        """Return by which policy a new clock runs, as :meth:`_stored` tells it."""
        policy = self.env["internal.sla.policy"].sudo()
        if metric != clock.PROMISE:
            known = policy._of_company(self.env["res.company"].browse(company_id))
            chosen = clock.choose(known, metric, service_id, customer_id, priority)
            if not chosen:
                return None
            policy = policy.browse(chosen.id).with_prefetch([p.id for p in known])
        return {
            "policy_id": policy.id or None,
            "policy_calendar_id": policy.calendar_id.id,
            "hours": policy.hours,
            "pause_third_party": policy.pause_third_party,
            "at_risk_percent": policy.at_risk_percent,
            "stopped_at": None,
        }

    def _timelines(self, stored):
        """Return a function of the ids of a calendar and of a company."""
        ids = {rows[0]["service_calendar_id"] for rows in stored.values()}

        @cache
        def timeline(calendar_id, company_id):
            calendar = self.env["resource.calendar"].sudo().browse(calendar_id or ())
            company = self.env["res.company"].browse(company_id)
            return calendar.with_prefetch(ids - {None})._internal_timeline(company)

        return timeline

    @api.model
    def _judge_again(self, requests, now):
        """Judge the clocks of orders to which nothing happened; mark the orders."""
        marks = self._judge(requests._lives(), now)
        requests._update_rows(list(marks), list(marks.values()))

    @api.model
    def _judge_open(self, domain):
        """Judge anew the open clocks of ``domain``, since what they run by changed."""
        now, last = fields.Datetime.now(), 0
        domain = Domain(domain) & Domain("stopped_at", "=", False)
        while clocks := self.sudo().search(
            domain & Domain("id", ">", last), order="id", limit=BATCH
        ):
            last = clocks[-1].id
            self._judge_again(clocks.request_id, now)

    @api.model
    def _calendar_changed(self, calendars):
        """Judge anew what runs in ``calendars``; none: a holiday of all calendars."""
        domain = [("calendar_id", "in", calendars.ids)] if calendars else []
        companies = (
            self.env["res.company"]
            .sudo()
            .search([("resource_calendar_id", "in", calendars.ids)])
        )
        self.env["internal.period"].sudo()._edges_changed(companies)
        self._judge_open(domain)

    @api.model
    def _judge_due(self, now):
        """Judge the clocks whose state changes by itself before ``now``."""
        while self._judge_some_due(now):
            pass

    def _judge_some_due(self, now):
        clocks = self.search(self._due(now), order="next_at", limit=BATCH)
        self._judge_again(clocks.request_id, now)
        return len(clocks)

    def _due(self, now):
        return [("next_at", "<", now)]

    def _cron_judge(self):
        now = fields.Datetime.now()
        self._in_batches(lambda: self._judge_some_due(now), self._due(now))


def _metrics(life):
    """Yield what is measured of an order: once sent, and once a date is promised."""
    if life.submitted_at:
        yield from (clock.RESPONSE, clock.RESOLUTION)
    if any(step.promised_at for step in life.steps):
        yield clock.PROMISE


def _evaluate(metric, order, life, terms, timeline, now):
    """Return the values of a clock as :func:`engine.clock.evaluate` says them.

    A clock keeps the policy it began with. While it is open, present hours and
    calendars hold; once it stopped, those it stopped with.

    :param terms: a row of :meth:`_stored`, or the policy of a new clock
    """
    calendar_id = terms["policy_calendar_id"] or order["service_calendar_id"]
    target = terms["hours"]
    if terms["stopped_at"]:
        calendar_id, target = terms["calendar_id"], terms["target_hours"]
    promise = metric == clock.PROMISE
    spec = clock.Spec(
        metric=metric,
        intake_at=order["intake_at"],
        hours=None if promise else target,
        pausing=PAUSING[bool(terms["pause_third_party"])],
        at_risk_percent=terms["at_risk_percent"] or AT_RISK_PERCENT,
        earliest=order["earliest_at"] or None if metric == clock.RESOLUTION else None,
    )
    verdict = clock.evaluate(
        spec, life.steps, timeline(calendar_id, order["company_id"]), now
    )
    if verdict is None:
        return None
    halted = verdict.pauses and verdict.pauses[-1].stop is None
    remaining = verdict.remaining or ZERO
    return {
        "policy_id": terms["policy_id"],
        "calendar_id": calendar_id or None,
        "state": verdict.state,
        "target_hours": hours(remaining + verdict.elapsed) if promise else target,
        "started_at": verdict.started_at,
        "deadline": verdict.deadline,
        "at_risk_at": verdict.at_risk_at,
        "breached_at": verdict.breached_at,
        "stopped_at": verdict.stopped_at,
        "next_at": verdict.next_at,
        "counting": not verdict.stopped_at and not halted,
        "judged_elapsed": hours(verdict.elapsed),
        "judged_remaining": hours(remaining),
        "judged_at": now,
    }


def _record_breach(verdict, row, spans, now):
    """Note when a breach was first known; what a closed period counted stays."""
    known = row.get("breached_at")
    if known and is_counted(known, row["breach_recorded_at"], spans):
        verdict |= {"state": "breached", "breached_at": known, "next_at": None}
    recorded = row.get("breach_recorded_at") or now
    verdict["breach_recorded_at"] = verdict["breached_at"] and recorded


def _mark(clocks, now):
    """Return what an order shows of its clocks."""
    due = [c["deadline"] for c in clocks if c["deadline"] and not c["stopped_at"]]
    states = [
        SimpleNamespace(state=c["state"], at_risk_at=c["at_risk_at"]) for c in clocks
    ]
    return {
        "sla_state": clock.risk_state(states, now),
        "deadline": min(due, default=None),
    }
