from datetime import timedelta

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ..engine.score import GOOD
from .figure import Level
from .internal_validated import is_given

ASPECTS = ("timely", "complete", "thoughtful")


class InternalRating(models.Model):
    """Who is asked to rate which order, and the answer.

    Rows are written by :meth:`_ask`, :meth:`_answer` and :meth:`_void` alone.
    """

    _name = "internal.rating"
    _description = "Internal Rating"
    _inherit = ["internal.validated"]
    _order = "answered_at desc, id desc"
    _rec_names_search = ["request_id"]

    request_id = fields.Many2one(
        "internal.request", "Order", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, ondelete="restrict"
    )
    service_id = fields.Many2one(
        "internal.service", required=True, index=True, ondelete="restrict"
    )
    direction = fields.Selection(
        [("customer", "By the customer")], required=True, default="customer"
    )
    cycle = fields.Integer(help="How often the order had been sent back when asked.")
    rater_id = fields.Many2one(
        "res.users", required=True, index=True, ondelete="restrict"
    )
    score = Level(help="1 to 5; empty until it is given.")
    good = fields.Boolean(help="A score of 4 or 5.")
    aspects = fields.Json(help="Timely, complete, thoughtful: each 1 to 5.")
    comment = fields.Text()
    pressed = fields.Boolean(
        groups="internal_customer.group_internal_customer_officer",
        help="The rater says that somebody pressed for a score.",
    )
    state = fields.Selection(
        [
            ("asked", "Asked"),
            ("answered", "Answered"),
            ("expired", "Expired"),
            ("void", "Void"),
        ],
        required=True,
    )
    asked_at = fields.Datetime("Asked")
    answered_at = fields.Datetime("Answered")
    recorded_at = fields.Datetime("Recorded", help="When the answer was entered.")
    told_at = fields.Datetime("Told", help="When the rater was told that it is there.")
    expires_at = fields.Datetime("Expires")

    _cycle_uniq = models.UniqueIndex("(request_id, direction, cycle)")
    _score_range = models.Constraint("CHECK (score IS NULL OR score BETWEEN 1 AND 5)")
    _answered_idx = models.Index("(company_id, answered_at) WHERE state = 'answered'")
    _expires_idx = models.Index("(company_id, expires_at)")
    _told_idx = models.Index("(told_at) WHERE told_at IS NOT NULL")
    _untold_idx = models.Index("(rater_id) WHERE state = 'asked' AND told_at IS NULL")

    @api.depends("request_id")
    def _compute_display_name(self):
        for rating in self:
            rating.display_name = self.env._("Rating of %s", rating.request_id.number)

    @api.model
    def _ask(self, requests, now):
        """Ask the requesters of delivered orders, unless they serve themselves."""
        requests = requests._rateable()
        self._insert_rows(
            [
                {
                    "request_id": request.id,
                    "company_id": request.company_id.id,
                    "service_id": request.service_id.id,
                    "direction": "customer",
                    "cycle": request.reopen_count,
                    "rater_id": request.requester_id.id,
                    "state": "asked",
                    "asked_at": now,
                    "expires_at": now + timedelta(days=request.service_id.rating_days),
                }
                for request in requests
            ]
        )
        self._mark_requests(requests, "asked")
        if requests:
            tell = self.env.ref("internal_customer.cron_tell")
            tell._trigger(at=now + timedelta(minutes=1))

    @api.model
    def _answer(self, request, score, comment, aspects, pressed, now):
        """Store the caller's own answer on ``request``, once; return the score."""
        score = self._parse_score("score", score, request.sudo().service_id)
        comment = self._parse_text("comment", comment, required=False)
        aspects = self._parse_aspects(aspects)
        pressed = self._validate_value("pressed", pressed)
        ballots = self.sudo().search(
            [("request_id", "=", request.id), ("rater_id", "=", self.env.uid)],
            order="cycle desc",
        )
        ballot = ballots[:1]
        if not ballot or ballot.state == "void":
            raise AccessError(
                self.env._("%s: you were not asked to rate it.", request.number)
            )
        if ballot.state == "answered":
            raise UserError(self.env._("%s: already rated.", request.number))
        if ballot.state == "expired" or ballot.expires_at <= now:
            raise UserError(
                self.env._("%s: the time to rate it is over.", request.number)
            )
        ballot._update_rows(
            ballot.ids,
            [
                {
                    "state": "answered",
                    "score": score,
                    "good": score >= GOOD,
                    "comment": comment or None,
                    "aspects": aspects,
                    "pressed": pressed,
                    "answered_at": now,
                    "recorded_at": now,
                }
            ],
        )
        self._mark_requests(request, "answered")
        return score

    def _parse_score(self, name, value, service):
        levels = (1, 5) if service.rating_scale == "two" else (1, 2, 3, 4, 5)
        if type(value) is not int or value not in levels:
            raise ValidationError(
                self.env._(
                    "%(name)s: give one of %(levels)s.",
                    name=name,
                    levels=", ".join(map(str, levels)),
                )
            )
        return value

    def _parse_aspects(self, aspects):
        if not is_given(aspects):
            return None
        if not isinstance(aspects, dict) or aspects.keys() - set(ASPECTS):
            raise ValidationError(
                self.env._("aspects: give any of %s, each 1 to 5.", ", ".join(ASPECTS))
            )
        five = self.env["internal.service"].new({"rating_scale": "five"})
        return {
            name: self._parse_score(f"aspects.{name}", value, five)
            for name, value in aspects.items()
        }

    @api.model
    def _void(self, requests):
        """Withdraw what was asked and not answered: the delivery was sent back."""
        ballots = self.sudo().search(
            [("request_id", "in", requests.ids), ("state", "=", "asked")]
        )
        ballots._update_rows(ballots.ids, [{"state": "void"}] * len(ballots))
        self._mark_requests(ballots.request_id, "none")

    @api.model
    def _mark_requests(self, requests, state):
        requests.sudo()._update_rows(
            requests.ids, [{"rating_state": state}] * len(requests)
        )
        requests.invalidate_recordset(["rating_ids", "can_rate"], flush=False)

    def _cron_tell(self):
        """Tell people what was delivered to them: once a day, all in one message."""
        now = fields.Datetime.now()
        self._in_batches(lambda: self._tell_some(now), self._untold(now))

    def _untold(self, now):
        today = [("told_at", ">", now - timedelta(days=1))]
        told = [rater.id for (rater,) in self._read_group(today, ["rater_id"])]
        return [
            ("state", "=", "asked"),
            ("told_at", "=", False),
            ("expires_at", ">", now),
            ("rater_id", "not in", told),
        ]

    def _tell_some(self, now):
        untold = self._untold(now)
        raters = [
            rater.id for (rater,) in self._read_group(untold, ["rater_id"], limit=100)
        ]
        ballots = self.search([*untold, ("rater_id", "in", raters)])
        for rater, asked in ballots.grouped("rater_id").items():
            asked.with_context(lang=rater.lang)._tell(rater)
        ballots._update_rows(ballots.ids, [{"told_at": now}] * len(ballots))
        return len(ballots)

    def _tell(self, rater):
        """Send ``rater`` one message of what these ballots are about."""
        line = Markup('<li><a href="/odoo/internal-orders-by-us/%s">%s</a> (%s)</li>')
        requests = self.request_id
        self.env["mail.thread"].message_notify(
            subject=self.env._("Delivered to you: how was it?"),
            body=Markup("<p>%s</p><ul>%s</ul>")
            % (
                self.env._("This was delivered to you. One tap says how it was:"),
                Markup().join(
                    line % (r.id, r.display_name, r.supplier_department_id.name)
                    for r in requests
                ),
            ),
            author_id=self.env.ref("base.partner_root").id,
            partner_ids=rater.partner_id.ids,
        )

    @api.model
    def _expire_due(self, now):
        """Close the ballots whose time is over: silence is no good mark."""
        while self._expire_some_due(now):
            pass

    def _expire_some_due(self, now):
        ballots = self.search(self._due(now), limit=1000)
        ballots._update_rows(ballots.ids, [{"state": "expired"}] * len(ballots))
        self._mark_requests(ballots.request_id, "expired")
        return len(ballots)

    def _due(self, now):
        return [("state", "=", "asked"), ("expires_at", "<=", now)]

    def _cron_expire(self):
        now = fields.Datetime.now()
        self._in_batches(lambda: self._expire_some_due(now), self._due(now))
