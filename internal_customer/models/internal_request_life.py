from odoo import SUPERUSER_ID, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL

from ..engine import transitions
from ..engine.transitions import CUSTOMER, DELIVERED, REQUESTER, SUPPLIER, TABLE
from ..engine.worktime import work

BATCH = 1000


class InternalRequestLife(models.AbstractModel):
    """The one road of every change of an order's state, and what follows from it.

    An event is written; then state, times, credit and clocks are told from all events.
    """

    _name = "internal.request.life"
    _description = "Life of an Order"

    def _apply(self, kind, note="", cause=None, moment=None, code=None):
        """Let ``kind`` happen to these orders now, if the caller may bring it about."""
        self._check_batch()
        self.check_access("read")
        row = TABLE[kind]
        sides = self._sides()
        for request in self:
            if row.side not in sides[request]:
                raise AccessError(request._say_not_yours(row))
            if request.state not in row.sources:
                raise UserError(request._say_impossible(kind))
        if kind in ("accept", "start"):
            self._assign_to_actor()
        now = fields.Datetime.now()
        self._log(kind, now, note=note, cause=cause, moment=moment, code=code)
        return self._read_result()

    def _assign_to_actor(self):
        free = self.sudo().filtered(lambda request: not request.user_id)
        free._update_rows(free.ids, [{"user_id": self.env.uid}] * len(free))

    def _say_not_yours(self, row):
        who = {
            REQUESTER: self.env._("the requester"),
            CUSTOMER: self.env._("the customer"),
            SUPPLIER: self.env._("the supplier"),
        }[row.side]
        return self.env._(
            "%(order)s: only %(who)s may do that.", order=self.number, who=who
        )

    def _say_impossible(self, kind):
        event = self.env["internal.request.event"]._fields["kind"]
        return self.env._(
            "%(order)s is in state %(state)s: «%(event)s» is not possible now.",
            order=self.number,
            state=dict(self._fields["state"]._description_selection(self.env))[
                self.state
            ],
            event=dict(event._description_selection(self.env))[kind],
        )

    def _read_result(self):
        """Return what an action answers; who may act was asked before."""
        return self.sudo().read(["state", "rating_state"])

    def _move_to(self, stage):
        """Drag cards to ``stage``: the same transitions as the buttons."""
        if not stage:
            raise ValidationError(self.env._("stage_id: there is no such stage."))
        if stage.service_ids and self.sudo().service_id - stage.service_ids:
            raise ValidationError(
                self.env._("%s is a stage of other services.", stage.name)
            )
        self._check_batch()
        self.check_access("read")
        moved, kinds = self.filtered(lambda r: r.state != stage.state), {}
        lives = moved._lives()
        for request in moved:
            kind = request._event_to(stage, lives[request.id].resumes_to)
            kinds.setdefault(kind, []).append(request.id)
        for kind, ids in kinds.items():
            self.browse(ids)._apply(kind)
        staying = self.filtered(lambda r: r.stage_id != stage)
        sides = staying._sides()
        for request in staying:
            if not sides[request]:
                raise AccessError(
                    self.env._("%s: this order is not yours to move.", request.number)
                )
        staying._update_rows(staying.ids, [{"stage_id": stage.id}] * len(staying))

    def _event_to(self, stage, resumes_to):
        """Return the one kind of event that leads to ``stage`` without words."""
        rows = transitions.between(self.state, stage.state, resumes_to)
        bare = [row for row in rows if not row.needs]
        if not bare:
            event = self.env["internal.request.event"]._fields["kind"]
            names = dict(event._description_selection(self.env))
            if not rows:
                raise UserError(
                    self.env._(
                        "%(order)s cannot go from %(here)s to %(there)s.",
                        order=self.number,
                        here=self.stage_id.name,
                        there=stage.name,
                    )
                )
            raise UserError(
                self.env._(
                    "%(order)s: «%(event)s» needs a word. Open the order and use its"
                    " button.",
                    order=self.number,
                    event=names[rows[0].kind],
                )
            )
        return bare[0].kind

    def _log(
        self, kind, now, at=None, user=None, note="", cause=None, moment=None, code=None
    ):
        """Write one event on each order, then all that follows from it.

        :param at: when it happened, a list as long as the batch; default ``now``
        """
        target = TABLE[kind].target
        lives = {} if target else self._lives()
        self.env["internal.request.event"]._append(
            [
                {
                    "request_id": request.id,
                    "kind": kind,
                    "at": when,
                    "recorded_at": now,
                    "user_id": (user or self.env.user).id,
                    "from_state": request.state,
                    "to_state": target or lives[request.id].resumes_to,
                    "cause": cause,
                    "code": code,
                    "moment": moment,
                    "note": note or None,
                }
                for request, when in zip(
                    self.sudo(), at or [now] * len(self), strict=True
                )
            ]
        )
        try:
            self._settle(now, reopened=kind == "reject")
        except transitions.TransitionError as error:
            raise UserError(
                self.env._("An event of the history lies ahead: try again in a while.")
            ) from error
        if kind == "deliver":
            self.env["internal.rating"]._ask(self, now)
            self._accept_silently(now)
        elif kind == "reject":
            self.env["internal.rating"]._void(self)

    def _lives(self):
        """Replay the events of these orders: ``{id: Life}``, in one query."""
        return {id_: transitions.replay(told) for id_, told in self._events().items()}

    def _events(self):
        """Return ``{id: events in the order of entry}``, in one query."""
        events = {id_: [] for id_ in self.ids}
        for row in self.env.execute_query_dict(
            SQL(
                "SELECT request_id, kind, at, cause, moment, user_id"
                " FROM internal_request_event WHERE request_id = ANY(%s)"
                " ORDER BY request_id, id",
                self.ids,
            )
        ):
            events[row["request_id"]].append(
                transitions.Event(
                    row["kind"],
                    row["at"],
                    row["cause"] or "",
                    row["moment"],
                    row["user_id"],
                )
            )
        return events

    def _settle(self, now, reopened=False):
        """Write what the events say: state, times, credit, clocks. Runs twice without
        harm.

        :param bool reopened: also judge clocks that had stopped
        """
        requests = self.sudo()
        lives = requests._lives()
        stages = self.env["internal.request.stage"]._stage_ids_by_state(
            requests.service_id
        )
        employees = requests._employees_of_deliverers(lives)
        requests._update_rows(
            requests.ids,
            [
                request._told_by(lives[request.id], stages, employees, now)
                for request in requests
            ],
        )
        self.env["internal.sla.clock"]._judge(requests, lives, now, reopened)
        self.invalidate_recordset(flush=False)

    def _told_by(self, life, stages, employees, now):
        stage = self.stage_id
        if stage.state != life.state:
            stage = stage.browse(stages[self.service_id.id, life.state])
        values = {
            "state": life.state,
            "stage_id": stage.id,
            "submitted_at": life.submitted_at,
            "accepted_at": life.accepted_at,
            "promised_at": life.promised_at,
            "proposed_at": life.proposed_at,
            "delivered_at": life.delivered_at,
            "closed_at": life.closed_at,
            "reopen_count": life.reopen_count,
            "accept_by": None,
            "recorded_at": self.recorded_at or now,
            "closed_recorded_at": self._closing_recorded(life, now),
            **self._intake(life),
            **self._credit(life, employees),
        }
        if life.state == DELIVERED:
            values["accept_by"] = self.service_id._accepted_by(life.delivered_at)
        return values

    def _closing_recorded(self, life, now):
        if not life.closed_at:
            return None
        known = self.closed_at == life.closed_at and self.closed_recorded_at
        return known or now

    def _intake(self, life):
        """Return when the clock may start and what notice was given; kept from then."""
        known = self.submitted_at == (life.submitted_at or False)
        names = ("intake_at", "earliest_at", "in_window", "on_notice")
        if known:
            return {name: self[name] for name in names}
        service = self.service_id
        window = service.intake_calendar_id
        submitted = life.submitted_at
        intake = (
            window._internal_timeline(self.company_id).next_open(submitted)
            if window
            else submitted
        ) or submitted  # a window that never opens again holds nobody up
        earliest = service._timeline().plan(intake, work(service.lead_time_hours))
        on_notice = not (self.needed_by and earliest and self.needed_by < earliest)
        return {
            "intake_at": intake,
            "earliest_at": None if on_notice else earliest,
            "in_window": intake == submitted,
            "on_notice": on_notice,
        }

    def _credit(self, life, employees):
        """Return who gets the credit: the assignee at delivery, else who delivered."""
        if self.delivered_at == (life.delivered_at or False):
            return {
                "delivered_by_id": self.delivered_by_id.id,
                "delivered_employee_id": self.delivered_employee_id.id,
            }
        user_id = life.delivered_at and (self.user_id.id or life.delivered_by)
        if user_id == SUPERUSER_ID:
            user_id = None  # a history that names nobody
        return {
            "delivered_by_id": user_id,
            "delivered_employee_id": employees.get((user_id, self.company_id.id)),
        }

    def _employees_of_deliverers(self, lives):
        delivered = self.filtered(
            lambda r: lives[r.id].delivered_at not in (None, r.delivered_at)
        )
        users = {lives[request.id].delivered_by for request in delivered}
        users |= set(delivered.user_id.ids)
        employees = (
            self.env["hr.employee"]
            .with_context(active_test=False)
            .search(
                [
                    ("user_id", "in", list(users)),
                    ("company_id", "in", self.company_id.ids),
                ],
                order="active, id desc",
            )
        )
        return {(e.user_id.id, e.company_id.id): e.id for e in employees}

    def _rateable(self):
        """Return the deliveries whose requester was served by others: nobody rates
        himself, or his own department."""
        requests = self.sudo()
        colleagues = requests.env["hr.employee"].search(
            [
                ("user_id", "in", requests.requester_id.ids),
                ("department_id", "in", requests.supplier_department_id.ids),
            ]
        )
        own = {(e.user_id, e.department_id) for e in colleagues}
        deliverer = self.env.user
        return requests.filtered(
            lambda r: (
                r.customer_department_id != r.supplier_department_id
                and (r.requester_id, r.supplier_department_id) not in own
                and r.requester_id not in r._answerable()
                and not r.requester_id._internal_is_person(r.delivered_by_id)
                and not r.requester_id._internal_is_person(deliverer)
            )
        )

    def _answerable(self):
        """Return who answers for the service beside the people of its department."""
        service = self.service_id
        manager = self.supplier_department_id.manager_id.user_id
        return service.user_id | service.user_ids | manager

    def _accept_silently(self, now):
        """Accept deliveries that nobody sent back in time, at the moment due."""
        silent = self.sudo().filtered(
            lambda r: r.state == DELIVERED and r.accept_by and r.accept_by <= now
        )
        if silent:
            root = self.env.ref("base.user_root")
            silent._log(
                "confirm",
                now,
                at=[r.accept_by for r in silent],
                user=root,
                cause="silence",
            )

    def _accept_due(self, now):
        """Accept by silence all that is due by ``now``."""
        while self._accept_some_due(now):
            pass

    def _accept_some_due(self, now):
        silent = self.search(self._due_acceptances(now), limit=BATCH)
        silent._accept_silently(now)
        return len(silent)

    def _due_acceptances(self, now):
        return [("accept_by", "<=", now)]

    def _cron_accept(self):
        now = fields.Datetime.now()
        due = self._due_acceptances(now)
        self._in_batches(lambda: self._accept_some_due(now), due)
