from datetime import timedelta
from types import SimpleNamespace

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..engine import clock
from ..engine.transitions import CUSTOMER
from ..engine.worktime import hours
from .internal_period import is_counted

BATCH = 5000
METRICS = (clock.RESPONSE, clock.RESOLUTION, clock.PROMISE)
AT_RISK_PERCENT = 75
JUDGED = frozenset({"judged_at", "judged_elapsed", "judged_remaining"})
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
    def _judge(self, requests, lives, now, reopened=False):
        """Evaluate the clocks of ``requests``; write those that changed.

        Clocks that stopped keep their verdict unless ``reopened``.

        :param lives: ``{request id: Life}``
        """
        rows = self._stored(requests.ids)
        policies = self.env["internal.sla.policy"]
        policies = {c.id: policies._of_company(c) for c in requests.company_id}
        late = any(row["breached_at"] for row in rows.values())
        counted = self.env["internal.period"].sudo()._closed_spans() if late else {}
        fresh, changed = [], []
        for request in requests.filtered(lambda r: lives[r.id].submitted_at):
            for metric in METRICS:
                row = rows.get((request.id, metric))
                if row and row["stopped_at"] and not reopened:
                    continue
                setting = self._setting(request, metric, row, policies)
                if not setting:
                    continue
                verdict = self._evaluate(request, lives[request.id], setting, now)
                if verdict:
                    spans = counted.get(request.company_id.id, ())
                    self._record_breach(verdict, row or {}, spans, now)
                    (changed if row else fresh).append((row or {}, verdict))
                    rows[request.id, metric] = verdict
        self._insert_rows([verdict for _row, verdict in fresh])
        self._update_rows(
            [row["id"] for row, _verdict in changed],
            [verdict for _row, verdict in changed],
            unless=JUDGED,
        )
        self.invalidate_model(flush=False)
        self._mark_requests(requests, rows, now)

    def _record_breach(self, verdict, row, spans, now):
        """Note when a breach was first known; what a closed period counted stays."""
        known = row.get("breached_at")
        if known and is_counted(known, row["breach_recorded_at"], spans):
            verdict |= {"state": "breached", "breached_at": known, "next_at": None}
        recorded = row.get("breach_recorded_at") or now
        verdict["breach_recorded_at"] = verdict["breached_at"] and recorded

    def _stored(self, request_ids):
        rows = self.env.execute_query_dict(
            SQL(
                "SELECT id, request_id, policy_id, calendar_id, metric, state,"
                " target_hours, deadline, at_risk_at, stopped_at, breached_at,"
                " breach_recorded_at"
                " FROM internal_sla_clock WHERE request_id = ANY(%s)",
                request_ids,
            )
        )
        return {(row["request_id"], row["metric"]): row for row in rows}

    def _setting(self, request, metric, row, policies):
        """Return by which policy, hours and calendar a clock runs; None: it does not.

        A clock keeps the policy it began with. While it is open, present hours and
        calendars hold; once it stopped, those it stopped with.
        """
        policy = self.env["internal.sla.policy"].sudo()
        if row:
            policy = policy.browse(row["policy_id"] or ())
        elif metric != clock.PROMISE:
            chosen = clock.choose(
                policies[request.company_id.id],
                metric,
                request.service_id.id,
                request.customer_department_id.id,
                request.priority,
            )
            if not chosen:
                return None
            policy = policy.browse(chosen.id)
        calendar = policy.calendar_id or request.service_id._calendar()
        target = policy.hours
        if row and row["stopped_at"]:
            calendar, target = (
                calendar.browse(row["calendar_id"] or ()),
                row["target_hours"],
            )
        return SimpleNamespace(
            metric=metric, policy=policy, calendar=calendar, target=target
        )

    def _evaluate(self, request, life, setting, now):
        """Return the values of a clock as :func:`engine.clock.evaluate` says them."""
        policy = setting.policy
        promise = setting.metric == clock.PROMISE
        spec = clock.Spec(
            metric=setting.metric,
            intake_at=request.intake_at,
            hours=None if promise else setting.target,
            pausing=frozenset({CUSTOMER}) | policy._pausing(),
            at_risk_percent=policy.at_risk_percent or AT_RISK_PERCENT,
            earliest=request.earliest_at
            if setting.metric == clock.RESOLUTION and request.earliest_at
            else None,
        )
        timeline = setting.calendar.sudo()._internal_timeline(request.company_id)
        verdict = clock.evaluate(spec, life.steps, timeline, now)
        if verdict is None:
            return None
        halted = verdict.pauses and verdict.pauses[-1].stop is None
        remaining = verdict.remaining or ZERO
        return {
            "request_id": request.id,
            "metric": setting.metric,
            "policy_id": policy.id or None,
            "calendar_id": setting.calendar.id or None,
            "state": verdict.state,
            "target_hours": hours(remaining + verdict.elapsed)
            if promise
            else setting.target,
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

    def _mark_requests(self, requests, rows, now):
        """Write on each order the worst of its clocks and what falls due first."""
        told = {id_: [] for id_ in requests.ids}
        for (request_id, _metric), row in rows.items():
            told[request_id].append(SimpleNamespace(**row))
        requests._update_rows(
            requests.ids,
            [
                {
                    "sla_state": clock.risk_state(told[id_], now),
                    "deadline": min(
                        (
                            c.deadline
                            for c in told[id_]
                            if c.deadline and not c.stopped_at
                        ),
                        default=None,
                    ),
                }
                for id_ in requests.ids
            ],
        )

    @api.model
    def _judge_open(self, domain):
        """Judge anew the open clocks of ``domain``, since what they run by changed."""
        now, last = fields.Datetime.now(), 0
        domain = Domain(domain) & Domain("stopped_at", "=", False)
        while clocks := self.sudo().search(
            domain & Domain("id", ">", last), order="id", limit=BATCH
        ):
            last = clocks[-1].id
            requests = clocks.request_id
            self._judge(requests, requests._lives(), now)

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
        requests = clocks.request_id
        self._judge(requests, requests._lives(), now)
        return len(clocks)

    def _due(self, now):
        return [("next_at", "<", now)]

    def _cron_judge(self):
        now = fields.Datetime.now()
        self._in_batches(lambda: self._judge_some_due(now), self._due(now))
