from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import SQL

from ..engine import incentive
from ..engine.score import Stats, figures
from .figure import Figure, Level
from .internal_validated import is_given

SUBJECTS = [
    ("company", "Company"),
    ("department", "Department"),
    ("service", "Service"),
]
FIGURES = tuple(figures(Stats()))
JOINS = {
    "orders": SQL(),
    "clocks": SQL("JOIN internal_sla_clock c ON c.request_id = r.id"),
    "ratings": SQL("JOIN internal_rating a ON a.request_id = r.id"),
}
BEHIND = {
    "request_count": ("orders", "%(done)s"),
    "opened_count": ("orders", "%(opened)s"),
    "open_count": ("orders", "%(open)s"),
    "overdue_count": ("orders", "%(overdue)s"),
    "reopened_count": ("orders", "%(reopened)s"),
    "met_count": ("clocks", "c.metric = 'resolution' AND %(met)s"),
    "breached_count": ("clocks", "c.metric = 'resolution' AND %(late)s"),
    "promise_count": ("clocks", "c.metric = 'promise' AND (%(met)s OR %(late)s)"),
    "rating_count": ("ratings", "%(answered)s"),
}
"""What a count is made of: a table beside the orders, and its condition."""


class InternalScorecard(models.Model):
    """Plain stored figures of one subject in one period; its period writes them."""

    _name = "internal.scorecard"
    _description = "Scorecard"
    _inherit = ["internal.validated"]
    _order = "period_id, subject, department_id, service_id, id"
    _rec_names_search = ["period_id", "department_id", "service_id"]

    period_id = fields.Many2one(
        "internal.period", required=True, index=True, ondelete="restrict"
    )
    period_state = fields.Selection(related="period_id.state", string="State")
    company_id = fields.Many2one(
        "res.company", required=True, index=True, ondelete="restrict"
    )
    role = fields.Selection([("supplier", "Supplier")], required=True)
    subject = fields.Selection(SUBJECTS, required=True)
    department_id = fields.Many2one(
        "hr.department", index="btree_not_null", ondelete="restrict"
    )
    service_id = fields.Many2one(
        "internal.service", index="btree_not_null", ondelete="restrict"
    )

    request_count = fields.Integer("Done", help="Orders closed in the period.")
    opened_count = fields.Integer("Ordered", help="Orders sent in the period.")
    open_count = fields.Integer("Open", help="Orders not closed at its end.")
    overdue_count = fields.Integer("Overdue", help="Of the open ones, those late.")
    reopened_count = fields.Integer("Sent Back", help="Done, but sent back before.")
    reopen_rate = Figure("Sent Back Rate", help="Sent back ÷ done.")
    met_count = fields.Integer("On Time", help="Deliveries within their time.")
    breached_count = fields.Integer("Late", help="Orders whose time ran out.")
    on_time_rate = Figure(help="On time ÷ (on time + late).")
    promise_count = fields.Integer("Promises", help="Promised dates kept or broken.")
    promise_kept_rate = Figure("Promises Kept", help="Promised dates kept ÷ promises.")
    resolution_hours = Figure(
        "Mean Hours", help="Mean working hours until delivery of what was done."
    )
    resolution_hours_max = Figure("Longest", help="The longest of these.")
    rating_asked_count = fields.Integer(
        "Asked", help="Asked to rate: answered or expired in the period."
    )
    rating_count = fields.Integer("Ratings", help="Answers in the period.")
    response_rate = Figure(help="Answered ÷ asked.")
    good_rate = Figure("Good", help="Share of ratings of 4 or 5: the lead figure.")
    good_rate_low = Figure(
        "Good, at Least",
        help="With 95 % certainty the share of good ones is not lower (Wilson).",
    )
    satisfaction = Figure("Mean Rating", help="Mean of the ratings, 1 to 5.")
    worst_score = Level(
        "Worst", aggregator="min", help="The lowest rating: never averaged away."
    )
    worst_count = Level("Worst, Times", help="How often it was given.")
    worst_rating_id = fields.Many2one(
        "internal.rating", "Worst Moment", ondelete="restrict"
    )
    veto_score = Level(
        "Worst with Veto",
        aggregator="min",
        help="The lowest rating of services with a veto.",
    )
    veto_rating_id = fields.Many2one(
        "internal.rating", "Moment of the Veto", ondelete="restrict"
    )
    spread = Figure(help="Standard deviation of the ratings; from 5 on.")
    score = Figure(
        help="0 to 100: half good ratings, a fifth each on time and promises kept, a"
        " tenth not sent back. What is not known is left out."
    )
    enough_data = fields.Boolean(
        "Enough Ratings", help="At least 5 ratings, from at least 30 % of those asked."
    )

    _subject_uniq = models.UniqueIndex(
        "(period_id, role, subject, COALESCE(department_id, 0),"
        " COALESCE(service_id, 0))"
    )

    @api.depends("period_id", "subject", "department_id", "service_id", "company_id")
    def _compute_display_name(self):
        for card in self:
            subject = {
                "company": card.company_id,
                "department": card.department_id,
                "service": card.service_id,
            }.get(card.subject)
            card.display_name = " · ".join(
                filter(None, [subject and subject.display_name, card.period_id.name])
            )

    @api.model
    @api.readonly
    def report_scorecards(self, period_id=None, role=None, subject=None):
        """Return the scorecards of a period that the caller may see, as plain dicts.

        :param int period_id: a period; its open figures are those last computed
        :param str role: ``supplier``; default all
        :param str subject: ``company``, ``department`` or ``service``; default all
        :return: dicts of all fields; many2one fields as id beside the name (``period``,
            ``department``, ``service``); False where a figure cannot be known
        """
        period = self._parse_record("period_id", period_id, "internal.period")
        domain = [("period_id", "=", period.id)]
        for name, value in (("role", role), ("subject", subject)):
            if is_given(value):
                choices = self._fields[name].get_values(self.env)
                domain.append((name, "=", self._parse_choice(name, value, choices)))
        return [card._as_dict() for card in self.search(domain)]

    def _as_dict(self):
        named = {
            "period": self.period_id,
            "company": self.company_id,
            "department": self.department_id,
            "service": self.service_id,
        }
        return {
            "id": self.id,
            "role": self.role,
            "subject": self.subject,
            "state": self.period_id.state,
            **{f"{name}_id": record.id for name, record in named.items()},
            **{name: record.sudo().display_name for name, record in named.items()},
            **{name: self[name] for name in FIGURES},
            "worst_at": fields.Datetime.to_string(
                self.worst_rating_id.sudo().answered_at
            ),
        }

    def action_open_requests(self, figure="request_count"):
        """Open the orders of which a figure is made, as far as the caller may see them.

        :param str figure: one of ``request_count``, ``opened_count``, ``open_count``,
            ``overdue_count``, ``reopened_count``, ``met_count``, ``breached_count``,
            ``promise_count``, ``rating_count``
        :return: an action of the web client; its domain names the orders
        """
        self._check_one()
        self.check_access("read")
        self._parse_choice("figure", figure, tuple(BEHIND))
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "internal_customer.internal_request_action"
        )
        ids = self.sudo()._read_orders_behind(figure)
        return {**action, "domain": [("id", "in", ids)], "context": {}}

    def _read_orders_behind(self, figure):
        table, condition = BEHIND[figure]
        conditions = self._conditions(self.period_id)
        subject = SQL("TRUE")
        if self.subject != "company":
            subject = SQL("r.department_id = %s", self.department_id.id)
        if self.subject == "service":
            subject = SQL("%s AND r.service_id = %s", subject, self.service_id.id)
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                "WITH orders AS (%(orders)s) SELECT DISTINCT r.id FROM orders r"
                " %(join)s WHERE %(subject)s AND (%(condition)s) ORDER BY r.id",
                orders=self._orders(self.period_id),
                join=JOINS[table],
                subject=subject,
                condition=SQL(condition, **conditions),
            )
        )
        return [id_ for (id_,) in rows]

    def _as_card(self):
        """Return the card as :mod:`engine.incentive` reads it."""
        return incentive.Card(
            figures={name: self[name] for name in FIGURES},
            veto_score=self.veto_score or None,
        )

    # Written by the period

    @api.model
    def _drop(self, periods):
        self.env.cr.execute(
            SQL("DELETE FROM internal_scorecard WHERE period_id = ANY(%s)", periods.ids)
        )
        self.invalidate_model(flush=False)

    @api.model
    def _compute_period(self, period):
        """Write the cards of an open period from one pass over its facts."""
        totals = defaultdict(_Facts)
        for row in self._read_facts(period):
            facts = _Facts.of(row)
            department, service = row["department_id"], row["service_id"]
            totals["company", None, None] += facts
            totals["department", department, None] += facts
            totals["service", department, service] += facts
        stored = {
            (
                card.subject,
                card.department_id.id or None,
                card.service_id.id or None,
            ): card
            for card in self.search([("period_id", "=", period.id)])
        }
        rows = {
            key: {
                "period_id": period.id,
                "company_id": period.company_id.id,
                "role": "supplier",
                "subject": key[0],
                "department_id": key[1],
                "service_id": key[2],
                **facts.figures(),
            }
            for key, facts in totals.items()
        }
        known = [key for key in rows if key in stored]
        self._update_rows([stored[key].id for key in known], [rows[k] for k in known])
        self._insert_rows([row for key, row in rows.items() if key not in stored])
        gone = [card.id for key, card in stored.items() if key not in rows]
        self.env.cr.execute(
            SQL("DELETE FROM internal_scorecard WHERE id = ANY(%s)", gone)
        )
        self.invalidate_model(flush=False)
        period.invalidate_recordset(["scorecard_ids"], flush=False)

    def _read_facts(self, period):
        """Return one row for each department and service: what counts in ``period``."""
        self.env.flush_all()
        return self.env.execute_query_dict(
            SQL(
                """
WITH orders AS (%(orders)s), requests AS (
    SELECT r.department_id, r.service_id,
        count(*) FILTER (WHERE %(done)s) AS closed,
        count(*) FILTER (WHERE %(opened)s) AS opened,
        count(*) FILTER (WHERE %(open)s) AS open,
        count(*) FILTER (WHERE %(overdue)s) AS overdue,
        count(*) FILTER (WHERE %(reopened)s) AS reopened
    FROM orders r GROUP BY 1, 2
), clocks AS (
    SELECT r.department_id, r.service_id,
        count(*) FILTER (WHERE c.metric = 'resolution' AND %(met)s) AS met,
        count(*) FILTER (WHERE c.metric = 'resolution' AND %(late)s) AS breached,
        count(*) FILTER (WHERE c.metric = 'promise' AND %(met)s) AS promise_met,
        count(*) FILTER (WHERE c.metric = 'promise' AND %(late)s) AS promise_breached,
        count(*) FILTER (WHERE %(timed)s) AS timed,
        sum(round(c.judged_elapsed * 3600)) FILTER (WHERE %(timed)s) AS seconds,
        max(round(c.judged_elapsed * 3600)) FILTER (WHERE %(timed)s) AS seconds_max
    FROM orders r JOIN internal_sla_clock c ON c.request_id = r.id GROUP BY 1, 2
), answers AS (
    SELECT r.department_id, r.service_id, a.id, a.score, a.answered_at, s.veto,
        row_number() OVER (PARTITION BY r.id ORDER BY a.cycle DESC) AS place
    FROM orders r JOIN internal_rating a ON a.request_id = r.id
    JOIN internal_service s ON s.id = r.service_id
    WHERE %(answered)s
), ratings AS (
    SELECT department_id, service_id, %(levels)s,
        (array_agg(id ORDER BY score, answered_at, id))[1] AS worst_id,
        (array_agg(id ORDER BY score, answered_at, id)
            FILTER (WHERE veto))[1] AS veto_id,
        min(score) AS worst_score, min(score) FILTER (WHERE veto) AS veto_score
    FROM answers GROUP BY 1, 2
), expiries AS (
    SELECT r.department_id, r.service_id, count(*) AS expired
    FROM orders r JOIN internal_rating a ON a.request_id = r.id
    WHERE %(expired)s GROUP BY 1, 2
)
SELECT * FROM requests
LEFT JOIN clocks USING (department_id, service_id)
LEFT JOIN ratings USING (department_id, service_id)
LEFT JOIN expiries USING (department_id, service_id)
""",
                orders=self._orders(period),
                levels=SQL(", ").join(
                    SQL(
                        "count(*) FILTER (WHERE score = %(level)s AND place %(op)s 1)"
                        " AS %(name)s",
                        level=level,
                        op=SQL(op),
                        name=SQL.identifier(f"{name}_{level}"),
                    )
                    for name, op in (("last", "="), ("earlier", ">"))
                    for level in range(1, 6)
                ),
                **self._conditions(period),
            )
        )

    def _orders(self, period):
        """Return the orders that any figure of ``period`` may count: a department does
        not serve itself."""
        return SQL(
            "SELECT r.*, r.supplier_department_id AS department_id"
            " FROM internal_request r WHERE r.company_id = %s AND r.submitted_at < %s"
            " AND r.customer_department_id <> r.supplier_department_id",
            period.company_id.id,
            period.end_at,
        )

    def _conditions(self, period):
        """Return what makes an order r, its clock c or its rating a count.

        A fact belongs to the period of its moment. Where that one was closed before the
        fact was recorded, it belongs to the period of its recording.
        """

        def inside(moment, recorded):
            return SQL(
                "(%(moment)s >= %(start)s AND %(moment)s < %(end)s"
                " AND %(recorded)s <= %(closed)s OR"
                " %(moment)s < %(start)s AND %(recorded)s >= %(start)s"
                " AND %(recorded)s < %(end)s AND EXISTS (SELECT FROM internal_period q"
                " WHERE q.company_id = %(company)s AND q.kind = %(kind)s"
                " AND q.state = 'closed' AND q.closed_at < %(recorded)s"
                " AND %(moment)s >= q.start_at AND %(moment)s < q.end_at))",
                moment=SQL(moment),
                recorded=SQL(recorded),
                start=period.start_at,
                end=period.end_at,
                closed=period.closed_at or "infinity",
                company=period.company_id.id,
                kind=period.kind,
            )

        closed = inside("r.closed_at", "r.closed_recorded_at")
        done = SQL("r.state = 'done' AND %s", closed)
        open_ = SQL(
            "(r.closed_at IS NULL OR r.closed_at >= %(end)s)", end=period.end_at
        )
        return {
            "done": done,
            "opened": inside("r.submitted_at", "r.recorded_at"),
            "open": open_,
            "overdue": SQL(
                "%s AND EXISTS (SELECT FROM internal_sla_clock c"
                " WHERE c.request_id = r.id AND c.breached_at < %s)",
                open_,
                period.end_at,
            ),
            "reopened": SQL("%s AND r.reopen_count > 0", done),
            "met": SQL("c.state = 'met' AND %s", closed),
            "late": SQL(
                "c.state = 'breached' AND %s",
                inside("c.breached_at", "c.breach_recorded_at"),
            ),
            "timed": SQL(
                "c.metric = 'resolution' AND c.state IN ('met', 'breached') AND %s",
                done,
            ),
            "answered": SQL(
                "a.state = 'answered' AND %s", inside("a.answered_at", "a.recorded_at")
            ),
            "expired": SQL(
                "a.state = 'expired' AND a.expires_at >= %s AND a.expires_at < %s",
                period.start_at,
                period.end_at,
            ),
        }


class _Facts:
    """Counts of one subject, and its worst moments."""

    def __init__(self, stats=None, worst=None, veto=None):
        self.stats = stats or Stats()
        self.worst, self.veto = worst, veto

    @classmethod
    def of(cls, row):
        counts = {
            name: int(row[name] or 0)
            for name in Stats.__slots__
            if name not in ("seconds_max", "scores", "replaced")
        }
        longest = row["seconds_max"]
        return cls(
            Stats(
                **counts,
                seconds_max=None if longest is None else int(longest),
                scores=tuple(row[f"last_{level}"] or 0 for level in range(1, 6)),
                replaced=tuple(row[f"earlier_{level}"] or 0 for level in range(1, 6)),
            ),
            row["worst_id"] and (row["worst_score"], row["worst_id"]),
            row["veto_id"] and (row["veto_score"], row["veto_id"]),
        )

    def __add__(self, other):
        return _Facts(
            self.stats + other.stats,
            min(filter(None, (self.worst, other.worst)), default=None),
            min(filter(None, (self.veto, other.veto)), default=None),
        )

    def figures(self):
        return {
            **figures(self.stats),
            "worst_rating_id": self.worst and self.worst[1],
            "veto_score": self.veto and self.veto[0],
            "veto_rating_id": self.veto and self.veto[1],
        }
