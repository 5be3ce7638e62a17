from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import AccessError, ConcurrencyError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..engine import transitions
from ..engine.transitions import (
    CAUSES,
    COUNTERED,
    CUSTOMER,
    DELIVERED,
    DRAFT,
    REQUESTER,
    SUPPLIER,
    TABLE,
)
from ..engine.worktime import work
from .internal_request_stage import STATE_NAMES

BATCH = 1000
DECLINE_CODES = ("other", "capacity", "incomplete", "impossible", "not_ours", "rule")
ORDER_FIELDS = frozenset(
    {
        "service_id",
        "customer_department_id",
        "name",
        "description",
        "needed_by",
        "priority",
        "external_ref",
    }
)
ORDER_KEYS = frozenset(
    {
        "service",
        "customer",
        "name",
        "description",
        "needed_by",
        "priority",
        "external_ref",
    }
)


class InternalRequest(models.Model):
    _name = "internal.request"
    _description = "Internal Order"
    _inherit = ["internal.validated"]
    _order = "priority desc, deadline, id"
    _rec_names_search = ["number", "name", "external_ref"]

    # The order
    number = fields.Char(required=True, readonly=True, copy=False, index="trigram")
    name = fields.Char("Subject", required=True)
    description = fields.Text(help="What the supplier has to know.")
    service_id = fields.Many2one(
        "internal.service", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        ondelete="restrict",
    )
    flow = fields.Selection(
        [
            ("material", "Material"),
            ("service", "Service"),
            ("information", "Information"),
        ],
        readonly=True,
        copy=False,
    )
    supplier_department_id = fields.Many2one(
        "hr.department",
        "Supplier",
        readonly=True,
        copy=False,
        index=True,
        ondelete="restrict",
    )
    customer_department_id = fields.Many2one(
        "hr.department",
        "Customer",
        required=True,
        index=True,
        ondelete="restrict",
        help="The department that orders; fixed once the order is sent.",
    )
    requester_id = fields.Many2one(
        "res.users",
        "Requested By",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        ondelete="restrict",
    )
    priority = fields.Selection(
        [("0", "Low"), ("1", "Normal"), ("2", "High"), ("3", "Urgent")],
        required=True,
        default="1",
    )
    needed_by = fields.Datetime(
        copy=False, help="When the customer needs it; binding once the supplier agrees."
    )
    external_ref = fields.Char(
        "External Reference",
        copy=False,
        help="Reference of another system; ordering it again returns this order.",
    )

    # Its life, told by its events
    state = fields.Selection(
        STATE_NAMES, required=True, readonly=True, copy=False, default="draft"
    )
    stage_id = fields.Many2one(
        "internal.request.stage",
        "Stage",
        required=True,
        copy=False,
        index=True,
        ondelete="restrict",
        group_expand="_group_expand_stages",
    )
    user_id = fields.Many2one(
        "res.users",
        "Assigned To",
        copy=False,
        index=True,
        ondelete="restrict",
        help="Who works on it, and gets the credit at delivery.",
    )
    submitted_at = fields.Datetime("Ordered", readonly=True, copy=False)
    intake_at = fields.Datetime(
        "Taken In",
        readonly=True,
        copy=False,
        help="When the time promised starts to run: the order, or the next opening.",
    )
    earliest_at = fields.Datetime(
        "Earliest",
        readonly=True,
        copy=False,
        help="Before this moment the notice was too short: nobody is late.",
    )
    in_window = fields.Boolean(
        "In Intake Hours", readonly=True, copy=False, help="Ordered while open."
    )
    on_notice = fields.Boolean(
        "On Notice", readonly=True, copy=False, help="Ordered with the notice needed."
    )
    accepted_at = fields.Datetime("Accepted", readonly=True, copy=False)
    promised_at = fields.Datetime(
        "Promised", readonly=True, copy=False, help="The date the supplier agreed to."
    )
    proposed_at = fields.Datetime(
        "Date Offered",
        readonly=True,
        copy=False,
        help="A date that waits for the customer's yes.",
    )
    delivered_at = fields.Datetime("Delivered", readonly=True, copy=False)
    accept_by = fields.Datetime(
        "Accepted By Silence",
        readonly=True,
        copy=False,
        help="When the delivery counts as accepted if nobody sends it back.",
    )
    delivered_by_id = fields.Many2one(
        "res.users",
        "Delivered By",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    delivered_employee_id = fields.Many2one(
        "hr.employee",
        "Credit",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="Who gets the credit; fixed at delivery.",
    )
    closed_at = fields.Datetime("Closed", readonly=True, copy=False)
    recorded_at = fields.Datetime("Order Recorded", readonly=True, copy=False)
    closed_recorded_at = fields.Datetime("Closing Recorded", readonly=True, copy=False)
    reopen_count = fields.Integer(
        "Sent Back", readonly=True, copy=False, help="How often it was sent back."
    )
    event_ids = fields.One2many("internal.request.event", "request_id", "Events")
    event_head = fields.Char(readonly=True, copy=False)
    event_count = fields.Integer(readonly=True, copy=False)

    # On time
    clock_ids = fields.One2many("internal.sla.clock", "request_id", "Clocks")
    deadline = fields.Datetime(
        readonly=True, copy=False, index="btree_not_null", help="What falls due first."
    )
    sla_state = fields.Selection(
        [
            ("none", "No promise"),
            ("on_track", "On time"),
            ("at_risk", "Soon due"),
            ("breached", "Late"),
            ("met", "Kept"),
        ],
        "Punctuality",
        readonly=True,
        copy=False,
        default="none",
    )
    time_left = fields.Char(
        compute="_compute_time_left", help="In the working hours of the supplier."
    )

    # Good
    rating_ids = fields.One2many("internal.rating", "request_id", "Ratings")
    rating_state = fields.Selection(
        [
            ("none", "Not asked"),
            ("asked", "Asked"),
            ("answered", "Answered"),
            ("expired", "Expired"),
        ],
        "Rating",
        readonly=True,
        copy=False,
        default="none",
    )

    # Who looks at it
    is_customer = fields.Boolean(
        "On the Customer Side", compute="_compute_sides", search="_search_is_customer"
    )
    is_supplier = fields.Boolean(
        "On the Supplier Side", compute="_compute_sides", search="_search_is_supplier"
    )
    is_visible = fields.Boolean(
        compute="_compute_is_visible", search="_search_is_visible"
    )
    can_rate = fields.Boolean(compute="_compute_can_rate", search="_search_can_rate")
    rating_scale = fields.Selection(related="service_id.rating_scale")
    constraint_note = fields.Text(related="service_id.constraint_note")

    _external_ref_uniq = models.UniqueIndex(
        "(company_id, external_ref) WHERE external_ref IS NOT NULL",
        "Another order already has this reference.",
    )
    _accept_by_idx = models.Index("(accept_by) WHERE accept_by IS NOT NULL")
    _closed_idx = models.Index("(company_id, closed_at)")
    _submitted_idx = models.Index("(company_id, submitted_at)")

    # Computes

    @api.depends("number", "name")
    def _compute_display_name(self):
        for request in self:
            request.display_name = (
                f"{request.number or ''} {request.name or ''}".strip()
            )

    @api.depends("deadline", "sla_state", "state")
    def _compute_time_left(self):
        left = self.env["internal.sla.clock"]._hours_left(self)
        for request in self:
            request.time_left = request._say_time_left(left.get(request.id))

    def _say_time_left(self, hours_left):
        if self.state in (COUNTERED, "waiting") and hours_left is None:
            return self.env._("Waiting")
        if hours_left is None:
            return False
        minutes = round(abs(hours_left) * 60)
        time = self.env._(
            "%(hours)s h %(minutes)02d", hours=minutes // 60, minutes=minutes % 60
        )
        if hours_left < 0:
            return self.env._("Late by %s", time)
        return self.env._("%s left", time)

    @api.depends_context("uid")
    @api.depends("requester_id", "customer_department_id", "service_id")
    def _compute_sides(self):
        sides = self._sides()
        for request in self:
            request.is_customer = CUSTOMER in sides[request]
            request.is_supplier = SUPPLIER in sides[request]

    def _sides(self):
        """Return, for each order, on which sides of it the user stands today."""
        user = self.env.user
        services = self.env["internal.service"]._fulfilled_by(user)
        sides = {}
        for request in self.sudo():
            mine = set()
            if request.requester_id == user:
                mine |= {REQUESTER, CUSTOMER}
            if request.customer_department_id.manager_id.user_id == user:
                mine.add(CUSTOMER)
            if request.service_id in services:
                mine.add(SUPPLIER)
            sides[self.browse(request.id) if request.id else request] = mine
        return sides

    def _search_is_customer(self, operator, value):
        if operator != "in":
            return NotImplemented
        managed = (
            self.env["hr.department"]
            .sudo()
            .search([("manager_id.user_id", "=", self.env.uid)])
        )
        return Domain("requester_id", "=", self.env.uid) | Domain(
            "customer_department_id", "in", managed.ids
        )

    def _search_is_supplier(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain("service_id.fulfilled_by_me", "=", True)

    def _compute_is_visible(self):
        visible = self.sudo(False)._filtered_access("read")
        for request in self:
            request.is_visible = request.id in visible.ids

    def _search_is_visible(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain("id", "in", self.sudo(False)._search([]))

    @api.depends_context("uid")
    @api.depends("rating_state")
    def _compute_can_rate(self):
        ballots = (
            self.env["internal.rating"]
            .sudo()
            .search([("request_id", "in", self.ids), *self._open_ballots()])
        )
        for request in self:
            request.can_rate = request._origin.id in ballots.request_id.ids

    def _search_can_rate(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain("rating_ids", "any", self._open_ballots())

    def _open_ballots(self):
        return [("rater_id", "=", self.env.uid), ("state", "=", "asked")]

    @api.model
    def _group_expand_stages(self, stages, domain):
        return stages.search([("service_ids", "=", False)]) | stages

    # What may be written

    @api.model_create_multi
    def create(self, vals_list):
        """Create drafts of the caller; nothing else can be given, not even a default."""
        context = {
            key: value
            for key, value in self.env.context.items()
            if not key.startswith("default_") or key[8:] in ORDER_FIELDS
        }
        return super(InternalRequest, self.with_context(context)).create(vals_list)

    def _prepare_create(self, vals_list):
        for vals in vals_list:
            self._check_order_fields(vals)
        services = self.env["internal.service"].browse(
            {vals.get("service_id") for vals in vals_list} - {None, False}
        )
        if not all(vals.get("service_id") for vals in vals_list):
            raise ValidationError(self.env._("service: choose what you order."))
        services = services.exists()
        services.check_access("read")
        stages = self.env["internal.request.stage"]._stage_ids_by_state(services)
        departments = self.env.user._internal_departments(services.company_id)
        numbers = self._next_numbers(len(vals_list))
        return [
            {
                **self._default_order(vals, services, departments),
                **vals,
                "number": number,
                "state": DRAFT,
                "stage_id": stages[vals["service_id"], DRAFT],
                "requester_id": self.env.uid,
            }
            for vals, number in zip(vals_list, numbers, strict=True)
        ]

    def _check_order_fields(self, vals):
        if extra := vals.keys() - ORDER_FIELDS:
            raise AccessError(
                self.env._(
                    "%s: nobody writes that by hand; use the buttons of the order.",
                    ", ".join(sorted(extra)),
                )
            )

    def _default_order(self, vals, services, departments):
        """Return what follows from the service and the person who orders."""
        service = services.filtered(lambda s: s.id == vals["service_id"])
        if not service or not service.active:
            raise ValidationError(
                self.env._("service: this service is not offered any more.")
            )
        own, managed = departments[service.company_id]
        if not own:
            raise UserError(
                self.env._(
                    "You have no employee in %s: ask HR to create your employee.",
                    service.company_id.name,
                )
            )
        customer = vals.get("customer_department_id") or own[0].id
        if customer not in (own | managed).ids:
            raise ValidationError(
                self.env._("customer: you can order for your own department only.")
            )
        offered = service.sudo().customer_department_ids.ids
        if offered and customer not in offered:
            raise ValidationError(
                self.env._(
                    "%s is not offered to your department: ask its owner.", service.name
                )
            )
        return {
            "customer_department_id": customer,
            "company_id": service.company_id.id,
            "flow": service.flow,
            "supplier_department_id": service.supplier_department_id.id,
        }

    @api.model
    def _next_numbers(self, count):
        """Return ``count`` order numbers, in one query."""
        sequence = self.env.ref("internal_customer.sequence_internal_request").sudo()
        rows = self.env.execute_query(
            SQL(
                "SELECT nextval(%s) FROM generate_series(1, %s)",
                f"ir_sequence_{sequence.id:03d}",
                count,
            )
        )
        prefix, suffix = sequence._get_prefix_suffix()
        return [f"{prefix}{row[0]:0{sequence.padding}d}{suffix}" for row in rows]

    def write(self, vals):
        vals = self._validate_values(vals)
        if stage_id := vals.pop("stage_id", None):
            self._move_to(self.env["internal.request.stage"].browse(stage_id).exists())
        if not vals:
            return True
        self.check_access("write")
        drafts = self.filtered(lambda request: request.state == DRAFT)
        if vals.keys() == {"user_id"} and not drafts:
            self._check_assignee(vals["user_id"])
            return super().write(vals)
        self._check_order_fields(vals)
        if drafts != self or set(self.requester_id.ids) != {self.env.uid}:
            raise AccessError(
                self.env._("An order that was sent cannot be changed: cancel it.")
            )
        if vals.keys() & {"service_id", "customer_department_id"}:
            return self._write_other_service(vals)
        return super().write(vals)

    def _write_other_service(self, vals):
        for request in self:
            order = {
                "service_id": request.service_id.id,
                "customer_department_id": request.customer_department_id.id,
                **vals,
            }
            service = self.env["internal.service"].browse(order["service_id"])
            service.check_access("read")
            departments = self.env.user._internal_departments(service.company_id)
            super(InternalRequest, request).write(
                {**order, **self._default_order(order, service, departments)}
            )
        return True

    def _check_assignee(self, user_id):
        sides = self._sides()
        for request in self:
            if SUPPLIER not in sides[request]:
                raise AccessError(
                    self.env._("Only the supplier of %s may assign it.", request.number)
                )
            if request.delivered_at or request.closed_at:
                raise UserError(
                    self.env._("%s is delivered: its credit is fixed.", request.number)
                )
        if user_id:
            user = self.env["res.users"].sudo().browse(user_id).exists()
            able = self.env["internal.service"]._fulfilled_by(user) if user else ()
            if not user or any(service not in able for service in self.service_id):
                raise ValidationError(
                    self.env._("user_id: assign somebody who fulfils this service.")
                )

    @api.ondelete(at_uninstall=True)
    def _unlink_own_draft(self):
        for request in self:
            if request.state != DRAFT or request.requester_id != self.env.user:
                raise UserError(
                    self.env._(
                        "%s was sent: it stays on record. Cancel it instead.",
                        request.number,
                    )
                )

    # The customer's actions

    def action_submit(self):
        """Send the order. The time promised starts now, or at the next opening."""
        return self._apply("submit")

    def action_accept_counter(self):
        """Accept the date that the supplier offered: it is promised now."""
        return self._apply("accept_counter")

    def action_confirm(self):
        """Accept the delivery."""
        return self._apply("confirm")

    def action_reject_delivery(self, reason=None):
        """Send the delivery back; its clock goes on where it stopped."""
        return self._apply("reject", note=self._parse_text("reason", reason))

    def action_cancel(self, reason=None):
        """Withdraw the order before it is delivered."""
        return self._apply("cancel", note=self._parse_text("reason", reason))

    def action_rate(self, score=None, comment=None, aspects=None, pressed=False):
        """Rate a delivery; 3 or more also accepts it.

        :param int score: 1 to 5; on a two-level service 5 (good) or 1
        :param dict aspects: any of ``timely``, ``complete``, ``thoughtful``, each 1–5
        :param bool pressed: a private word to the officer: "I was pressed for a score"
        :return: ``[{"id", "state", "rating_state"}]``
        :raises UserError: nobody asked the caller, it is rated already, or too late
        """
        self._check_one()
        self.check_access("read")
        now = fields.Datetime.now()
        score = self.env["internal.rating"]._answer(
            self, score, comment, aspects, pressed, now
        )
        if score >= 3 and self.state == DELIVERED:
            self._log("confirm", now, cause="score")
        return self._read_result()

    # The supplier's actions

    def action_accept(self, promised_at=None):
        """Accept the order, with or without promising a date (ISO 8601)."""
        moment = self._parse_future("promised_at", promised_at, required=False)
        late = moment and self.filtered(lambda r: r.needed_by and moment > r.needed_by)
        if late:
            raise UserError(
                self.env._(
                    "%s is needed earlier: offer the other date instead.",
                    late[0].number,
                )
            )
        return self._apply("accept", moment=moment)

    def action_counter(self, proposed_at=None, reason=None):
        """Offer another date (ISO 8601); the clock waits for an answer."""
        moment = self._parse_future("proposed_at", proposed_at)
        return self._apply(
            "counter", note=self._parse_text("reason", reason), moment=moment
        )

    def action_decline(self, reason=None, code="other"):
        """Refuse the order, with a reason in words and a ``code`` of the list."""
        return self._apply(
            "decline",
            note=self._parse_text("reason", reason),
            code=self._parse_choice("code", code, DECLINE_CODES),
        )

    def action_start(self):
        """Start working on the order."""
        return self._apply("start")

    def action_wait(self, reason=None, cause="customer"):
        """Wait; the time stops only where the ``cause`` is not the supplier's own.

        :param str cause: ``customer``, ``third_party`` or ``supplier``
        """
        return self._apply(
            "wait",
            note=self._parse_text("reason", reason),
            cause=self._parse_choice("cause", cause, CAUSES),
        )

    def action_resume(self):
        """Go on after waiting, in the state before."""
        return self._apply("resume")

    def action_deliver(self, note=None):
        """Deliver; the requester is asked to rate it."""
        return self._apply(
            "deliver", note=self._parse_text("note", note, required=False)
        )

    # For scripts

    @api.model
    def place_order(self, values=None):
        """Place an order, or several; the same ``external_ref`` again is the first one.

        :param values: a dict, or a list of dicts: ``service`` (code or id), ``name``,
            ``description``, ``needed_by``, ``priority``, ``customer`` (department id or
            name; default the caller's), ``external_ref``
        :return: ``{"id": int, "number": str, "state": str, "created": bool}``, or a
            list of them
        :raises ValidationError: an unknown key, service or customer, by name
        """
        many = isinstance(values, list)
        orders = values if many else [values]
        if not orders or not all(isinstance(order, dict) for order in orders):
            raise ValidationError(self.env._("values: give the order's values."))
        if len(orders) > 1000:
            raise UserError(self.env._("Take at most %s records in one call.", 1000))
        services = self._find_services(orders)
        placed = self._place_orders(
            [self._prepare_order(order, services) for order in orders]
        )
        return placed if many else placed[0]

    def _place_orders(self, orders):
        found = self._find_by_external_ref(orders)
        fresh = {}
        keys = [self._reference(order) or index for index, order in enumerate(orders)]
        for key, order in zip(keys, orders, strict=True):
            if key not in found:
                fresh.setdefault(key, order)
        try:
            with self.env.cr.savepoint():
                created = self.create(list(fresh.values())) if fresh else self.browse()
        except UniqueViolation as error:  # somebody places it right now: run again
            raise ConcurrencyError(str(error)) from error
        created.action_submit()
        placed = found | dict(zip(fresh, created, strict=True))
        return [
            {
                "id": placed[key].id,
                "number": placed[key].number,
                "state": placed[key].state,
                "created": placed[key] in created,
            }
            for key in keys
        ]

    def _find_by_external_ref(self, orders):
        references = {order.get("external_ref") for order in orders} - {None, ""}
        found = self.sudo().search([("external_ref", "in", list(references))])
        known = {
            (request.company_id.id, request.external_ref): request for request in found
        }
        mine = {}
        for key in map(self._reference, orders):
            if key in known:
                if known[key].requester_id != self.env.user:
                    raise ValidationError(
                        self.env._("external_ref: %s is taken.", key[1])
                    )
                mine[key] = self.browse(known[key].id)
        return mine

    def _reference(self, order):
        if not order.get("external_ref"):
            return None
        service = self.env["internal.service"].browse(order["service_id"])
        return service.company_id.id, order["external_ref"]

    def _prepare_order(self, values, services):
        """Return the values of a draft for what a script calls them."""
        if unknown := values.keys() - ORDER_KEYS:
            raise ValidationError(
                self.env._("values: unknown %s.", ", ".join(sorted(map(str, unknown))))
            )
        key = values.get("service")
        service = services.get(key) if type(key) in (str, int) else None
        if not service:
            raise ValidationError(
                self.env._("service: there is no service %s.", str(key)[:50])
            )
        order = {
            "service_id": service.id,
            "name": self._parse_text("name", values.get("name")),
        }
        if values.get("customer") not in (None, False, ""):
            order["customer_department_id"] = self._find_department(
                values["customer"], service.company_id
            ).id
        for key in ORDER_KEYS - {"service", "customer", "name"}:
            if values.get(key) not in (None, False, ""):
                order[key] = self._validate_value(key, values[key])
        return order

    def _find_services(self, orders):
        """Return ``{code or id: service}`` that the caller may order here; where two
        companies use one code, that of the current company."""
        keys = [order.get("service") for order in orders]
        named = Domain("code", "in", [key for key in keys if isinstance(key, str)])
        numbered = Domain("id", "in", [key for key in keys if type(key) is int])
        found = self.env["internal.service"].search(
            Domain("company_id", "in", self.env.companies.ids) & (named | numbered)
        )
        mine = found.filtered(lambda s: s.company_id == self.env.company)
        ordered = (found - mine) | mine
        return {s.code: s for s in ordered} | {s.id: s for s in ordered}

    def _find_department(self, key, company):
        if not isinstance(key, str):
            return self._parse_record("customer", key, "hr.department")
        found = self.env["hr.department"].search(
            [("name", "=", key), ("company_id", "in", [company.id, False])]
        )
        if len(found) != 1:
            raise ValidationError(
                self.env._("customer: there is no department %s.", key[:50])
                if not found
                else self.env._("customer: several departments are called %s.", key)
            )
        return found

    @api.model
    def verify_events(self):
        """Check that no event was changed, removed or slipped in.

        :return: ``{"checked": events read, "broken": ids of the orders concerned}``
        :raises AccessError: the caller is no officer
        """
        self.env.user._internal_require("officer")
        checked, broken = self.env["internal.request.event"]._broken_chains(
            self.env.companies
        )
        return {"checked": checked, "broken": broken}

    # The one road of every change of state

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
        return self.read(["state", "rating_state"])

    def _move_to(self, stage):
        """Drag cards to ``stage``: the same transitions as the buttons."""
        if not stage:
            raise ValidationError(self.env._("stage_id: there is no such stage."))
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
        self._settle(now, reopened=kind == "reject")
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
        requests = self.sudo().with_context(active_test=False)
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
            values["accept_by"] = self.service_id._timeline().plan_days(
                life.delivered_at, self.service_id.acceptance_days
            )
        return values

    def _closing_recorded(self, life, now):
        if not life.closed_at:
            return None
        known = self.closed_at == life.closed_at and self.closed_recorded_at
        return known or now

    def _intake(self, life):
        """Return when the clock may start and what notice was given; kept once known."""
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
        )
        earliest = service._timeline().plan(intake, work(service.lead_time_hours))
        on_notice = not (self.needed_by and earliest and self.needed_by < earliest)
        return {
            "intake_at": intake,
            "earliest_at": None if on_notice else earliest,
            "in_window": intake == submitted,
            "on_notice": on_notice,
        }

    def _credit(self, life, employees):
        if self.delivered_at == (life.delivered_at or False) and self.delivered_by_id:
            user_id = self.delivered_by_id.id
        else:
            user_id = life.delivered_at and (self.user_id.id or life.delivered_by)
        employee_id = employees.get((user_id, self.company_id.id))
        return {"delivered_by_id": user_id, "delivered_employee_id": employee_id}

    def _employees_of_deliverers(self, lives):
        users = {life.delivered_by for life in lives.values()} | set(self.user_id.ids)
        users |= set(self.delivered_by_id.ids)
        employees = self.env["hr.employee"].search(
            [("user_id", "in", list(users)), ("company_id", "in", self.company_id.ids)],
            order="active, id desc",
        )
        return {(e.user_id.id, e.company_id.id): e.id for e in employees}

    def _is_rateable(self):
        """Return whether somebody else served the requester: only then is he asked."""
        return (
            self.customer_department_id != self.supplier_department_id
            and not self.requester_id._internal_is_person(self.delivered_by_id)
        )

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
        now, cron = fields.Datetime.now(), self.env["ir.cron"]
        while done := self._accept_some_due(now):
            left = self.search_count(self._due_acceptances(now))
            if not cron._commit_progress(done, remaining=left):
                break

    def _parse_future(self, name, value, required=True):
        moment = self._parse_moment(name, value, required)
        if moment and moment < fields.Datetime.now():
            raise ValidationError(
                self.env._("%s: a promise cannot lie in the past.", name)
            )
        return moment
