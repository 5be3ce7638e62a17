from odoo import SUPERUSER_ID, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL

from ..engine import transitions
from ..engine.transitions import (
    CUSTOMER,
    DELIVERED,
    REQUESTER,
    SUPPLIER,
    TABLE,
    WAITING,
    Event,
)
from ..engine.worktime import work

BATCH = 1000


class InternalRequestLife(models.AbstractModel):
    """The one road of every change of an order's state, and what follows from it.

    An event is written; then state, times, credit and clocks are told from all events.
    """

    _name = "internal.request.life"
    _description = "Life of an Order"

    def _apply(self, kind, **words):
        """Let ``kind`` happen to these orders now, if the caller may bring it about."""
        self._check_batch()
        self.check_access("read")
        self._bring_about(kind, **words)
        return self._read_result()

    def _bring_about(
        self, kind, note="", cause=None, moment=None, code=None, also=None
    ):
        """Do it to orders that the caller may see.

        :param also: values that are written on each of them with it
        """
        row = TABLE[kind]
        sides = self._sides()
        for request in self:
            if row.side not in sides[request]:
                raise AccessError(request._say_not_yours(row))
            if request.state not in row.sources:
                raise UserError(request._say_impossible(kind))
        written = {id_: dict(also or {}) for id_ in self.ids}
        if kind in ("accept", "start"):
            for request in self.sudo():
                written[request.id]["user_id"] = request.user_id.id or self.env.uid
        now = fields.Datetime.now()
        event = Event(kind, now, cause or "", moment, self.env.uid, code or "", note)
        self._record(dict.fromkeys(self.ids, [event]), now, also=written)

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
        meanings = {id_: meaning for id_, *meaning in stage.sudo()._labels()}
        if stage.id not in meanings:
            raise ValidationError(self.env._("stage_id: there is no such stage."))
        state, service_ids = meanings[stage.id]
        if service_ids and not service_ids.issuperset(self.sudo().service_id.ids):
            raise ValidationError(
                self.env._("%s is a stage of other services.", stage.name)
            )
        self._check_batch()
        self.check_access("read")
        moved, kinds = self.filtered(lambda r: r.state != state), {}
        lives = moved.filtered(lambda r: r.state == WAITING)._lives()
        for request in moved:
            kind = request._event_to(stage, state, lives.get(request.id))
            kinds.setdefault(kind, []).append(request.id)
        staying = (self - moved).filtered(lambda r: r.stage_id != stage)
        sides = staying._sides()
        for request in staying:
            if not sides[request]:
                raise AccessError(
                    self.env._("%s: this order is not yours to move.", request.number)
                )
        staying._update_rows(staying.ids, [{"stage_id": stage.id}] * len(staying))
        for kind, ids in kinds.items():
            self.browse(ids)._bring_about(kind, also={"stage_id": stage.id})

    def _event_to(self, stage, state, life):
        """Return the one kind of event that leads to ``stage`` without words.

        :param state: what the stage means
        :param life: what has happened to the order, where it waits
        """
        rows = transitions.between(self.state, state, life and life.resumes_to)
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

    def _log(self, kind, now, at=None, user=None, cause=""):
        """Write one event on each order, then all that follows from it.

        :param at: when it happened, a list as long as the batch; default ``now``
        """
        actor = (user or self.env.user).id
        moments = at or [now] * len(self)
        self._record(
            {
                id_: [Event(kind, when, cause, user=actor)]
                for id_, when in zip(self.ids, moments, strict=True)
            },
            now,
        )

    def _record(self, told, now, known=None, also=None):
        """Write the events ``{request id: [Event]}``, then all that follows from them.

        :param known: the events before them as :meth:`_events` tells them, where they
            were read already
        :param also: ``{request id: values}`` that are written with it
        """
        if not told:
            return
        known = self._events() if known is None else known
        try:
            lives = {
                id_: transitions.replay([*known[id_], *fresh])
                for id_, fresh in told.items()
            }
            rows = [
                row
                for id_, fresh in told.items()
                for row in event_rows(id_, lives[id_], fresh, now)
            ]
        except (transitions.TransitionError, KeyError) as error:
            raise UserError(
                self.env._("An event of the history lies ahead: try again in a while.")
            ) from error
        written = self.env["internal.request.event"]._chain_rows(rows)
        for id_, values in (also or {}).items():
            written[id_] |= values
        reopened = self._having(told, "reject")
        self._settle(now, lives, reopened=bool(reopened), also=written)
        self.env["internal.rating"]._void(reopened | self._having(told, "unask"))
        delivered = self._having(told, "deliver").filtered(
            lambda request: lives[request.id].state == DELIVERED
        )
        if delivered:
            self.env["internal.rating"]._ask(delivered, now)
            delivered._accept_silently(now)

    def _having(self, told, kind):
        """Return the orders of whom ``told`` holds an event of ``kind``."""
        return self.browse(
            id_ for id_, events in told.items() if kind in {e.kind for e in events}
        )

    def _lives(self):
        """Replay the events of these orders: ``{id: Life}``, in one query."""
        return {id_: transitions.replay(told) for id_, told in self._events().items()}

    def _events(self):
        """Return ``{id: events in the order of entry}``, in one query."""
        events = {id_: [] for id_ in self.ids}
        if self:
            for id_, *event in self.env.execute_query(
                SQL(
                    "SELECT request_id, kind, at, coalesce(cause, ''), moment, user_id,"
                    " coalesce(code, ''), coalesce(note, '')"
                    " FROM internal_request_event WHERE request_id = ANY(%s)"
                    " ORDER BY request_id, id",
                    self.ids,
                )
            ):
                events[id_].append(Event(*event))
        return events

    def _settle(self, now, lives=None, reopened=False, also=None):
        """Write what the events say: state, times, credit, clocks. Runs twice without
        harm.

        :param lives: what they say, where that is known
        :param bool reopened: also judge clocks that had stopped
        :param also: ``{id: values}`` that are written with it
        """
        requests = self.sudo()
        lives = lives or requests._lives()
        stages = self.env["internal.request.stage"]._stage_ids_by_state(
            requests.service_id
        )
        employees = requests._employees_of_deliverers(lives)
        told = {
            request.id: request._told_by(lives[request.id], stages, employees, now)
            for request in requests
        }
        marks = self.env["internal.sla.clock"]._judge(lives, now, told, reopened)
        rows = [
            {**told[id_], **marks[id_], **(also[id_] if also else {})} for id_ in told
        ]
        requests._update_rows(list(told), rows)

    def _told_by(self, life, stages, employees, now):
        if self.state == life.state:
            stage_id = self.stage_id.id
        else:
            stage_id = stages[self.service_id.id, life.state]
        values = {
            "state": life.state,
            "stage_id": stage_id,
            "submitted_at": life.submitted_at,
            "accepted_at": life.accepted_at,
            "promised_at": life.promised_at,
            "proposed_at": life.proposed_at,
            "delivered_at": life.delivered_at,
            "closed_at": life.closed_at,
            "reopen_count": life.reopen_count,
            "unasked": life.unasked,
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
        user_id = employee_id = None
        if life.delivered_at and self.delivered_at == life.delivered_at:
            user_id, employee_id = (
                self.delivered_by_id.id,
                self.delivered_employee_id.id,
            )
        elif life.delivered_at:
            user_id = self.user_id.id
            if life.delivered_by not in (SUPERUSER_ID, self.requester_id.id):
                user_id = user_id or life.delivered_by  # nobody serves himself
            employee_id = employees.get((user_id, self.company_id.id))
        return {"delivered_by_id": user_id, "delivered_employee_id": employee_id}

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
        requests = self.sudo().filtered(lambda request: not request.unasked)
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


def event_rows(request_id, life, fresh, now):
    """Return the rows of the events ``fresh`` as ``life`` puts them in their place.

    :raises KeyError: an event has no place: another one came after it
    """
    steps = {id(step.event): step for step in life.steps}
    return [
        {
            "request_id": request_id,
            "kind": event.kind,
            "at": event.at,
            "recorded_at": now,
            "user_id": event.user,
            "from_state": steps[id(event)].source,
            "to_state": steps[id(event)].target,
            "cause": event.cause or None,
            "code": event.code or None,
            "moment": event.moment,
            "note": event.note or None,
        }
        for event in fresh
    ]
