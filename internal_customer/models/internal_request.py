from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..engine.transitions import (
    CAUSES,
    COUNTERED,
    CUSTOMER,
    DELIVERED,
    DRAFT,
    REQUESTER,
    SUPPLIER,
)
from .internal_request_stage import STATE_NAMES
from .internal_service import FLOWS
from .internal_sla_policy import PRIORITIES

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


class InternalRequest(models.Model):
    _name = "internal.request"
    _description = "Internal Order"
    _inherit = [
        "internal.validated",
        "internal.request.life",
        "internal.request.order",
        "internal.request.history",
        "internal.request.follow",
    ]
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
        FLOWS,
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
        PRIORITIES,
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
    origin_id = fields.Many2one(
        "internal.request",
        "Follows",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The earlier order that this one goes on from.",
    )

    # The document behind it: a ticket, a purchase order
    res_model = fields.Char("Document Model", readonly=True, copy=False)
    res_id = fields.Many2oneReference(
        "Document", model_field="res_model", readonly=True, copy=False
    )
    standing = fields.Char(
        readonly=True, copy=False, help="Where the document stood when last followed."
    )
    document_name = fields.Char(
        "Behind It",
        compute="_compute_document_name",
        help="The document that moves this order, if you may read it.",
    )
    unasked = fields.Boolean(
        "Nobody Is Asked",
        readonly=True,
        copy=False,
        help="The document was given to another requester, so that nobody rates it.",
    )

    # Its life, told by its events
    state = fields.Selection(
        STATE_NAMES, required=True, readonly=True, copy=False, default="draft"
    )
    stage_id = fields.Many2one(
        "internal.request.stage",
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
        readonly=True, copy=False, help="Ordered with the notice needed."
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
    promise = fields.Char(
        compute="_compute_promise",
        help="What is left of the promise, in the working hours of the supplier, or"
        " whether it was kept.",
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
    _document_idx = models.Index("(res_model, res_id) WHERE res_id IS NOT NULL")
    _submitted_idx = models.Index("(company_id, submitted_at)")

    # Computes

    @api.depends("res_model", "res_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_document_name(self):
        documents = self._documents()
        for request in self:
            document = documents.get(request.id)
            request.document_name = document and document.display_name

    def _documents(self):
        """Return ``{request id: document}`` of those that the caller may read."""
        documents = {}
        for model, requests in self.sudo().grouped("res_model").items():
            if not self.env["internal.request.source"]._is_source(model):
                continue
            found = self.sudo(False).env[model].browse(requests.mapped("res_id"))
            readable = {d.id: d for d in found.exists()._filtered_access("read")}
            for request in requests:
                if request.res_id in readable:
                    documents[request.id] = readable[request.res_id]
        return documents

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

    @api.depends("time_left", "sla_state", "deadline")
    def _compute_promise(self):
        words = dict(self._fields["sla_state"]._description_selection(self.env))
        for request in self:
            word, left = words.get(request.sla_state), request.time_left
            if left and request.deadline and request.sla_state == "at_risk":
                left = self.env._("%(word)s: %(left)s", word=word, left=left)
            judged = request.sla_state in ("met", "breached") and word
            request.promise = left or judged

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
        user, sides = self.env.user, {}
        for request in self.sudo():
            mine = set()
            if request.requester_id == user:
                mine |= {REQUESTER, CUSTOMER}
            manager = request.customer_department_id.manager_id
            if manager.active and manager.user_id == user:
                mine.add(CUSTOMER)
            if request.service_id.fulfilled_by_me:
                mine.add(SUPPLIER)
            sides[self.browse(request.id) if request.id else request] = mine
        return sides

    def _search_is_customer(self, operator, value):
        if operator != "in":
            return NotImplemented
        managed = (
            self.env["hr.department"]
            .sudo()
            .with_context(active_test=False)
            .search(
                [
                    ("manager_id.user_id", "=", self.env.uid),
                    ("manager_id.active", "=", True),
                ]
            )
        )
        return Domain("requester_id", "=", self.env.uid) | Domain(
            "customer_department_id", "in", managed.ids
        )

    def _search_is_supplier(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain("service_id.fulfilled_by_me", "=", True)

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_is_visible(self):
        visible = self.sudo(False)._filtered_access("read")
        visible = set(visible.ids)
        for request in self:
            request.is_visible = request.id in visible

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
        mine = set(ballots.request_id.ids)
        for request in self:
            request.can_rate = request._origin.id in mine

    def _search_can_rate(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain("rating_ids", "any", self._open_ballots())

    def _open_ballots(self):
        return [
            ("rater_id", "=", self.env.uid),
            ("state", "=", "asked"),
            ("expires_at", ">", fields.Datetime.now()),
        ]

    @api.model
    def _group_expand_stages(self, stages, domain):
        return (stages.search([("service_ids", "=", False)]) | stages).sorted()

    # What may be written

    def _prepare_create(self, vals_list):
        for vals in vals_list:
            self._check_order_fields(vals)
            if not vals.get("customer_department_id"):
                vals.pop("customer_department_id", None)
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
        # given explicitly, so that no default of a context can fill it
        empty = dict.fromkeys(self._get_lifelong_fields(), False)
        return [
            {
                **empty,
                "sla_state": "none",
                "rating_state": "none",
                **self._default_order(vals, services, departments),
                **vals,
                "number": number,
                "state": DRAFT,
                "stage_id": stages[vals["service_id"], DRAFT],
                "requester_id": self.env.uid,
            }
            for vals, number in zip(vals_list, numbers, strict=True)
        ]

    def _orders_for_all(self):
        """Return whether the caller may order in the name of any department."""
        officer = "internal_customer.group_internal_customer_officer"
        return self.env.user.has_group(officer)

    def _get_lifelong_fields(self):
        """Return the names of stored fields that only events write."""
        return [
            name
            for name, field in self._fields.items()
            if field.store
            and field.column_type
            and name not in ORDER_FIELDS
            and name not in models.MAGIC_COLUMNS
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
        own, managed = departments[self.env.user, service.company_id]
        if not own:
            raise UserError(
                self.env._(
                    "You belong to no department of %s: ask HR to create your employee,"
                    " with a department.",
                    service.company_id.name,
                )
            )
        customer = vals.get("customer_department_id") or own[0].id
        if customer not in (own | managed).ids and not self._orders_for_all():
            raise ValidationError(
                self.env._("customer: you can order for your own department only.")
            )
        named = self.env["hr.department"].sudo().browse(customer)
        if named.company_id not in (service.company_id, named.company_id.browse()):
            raise ValidationError(
                self.env._("customer: it belongs to another company.")
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
            **service._order_values(),
        }

    @api.model
    def _insert_drafts(self, orders):
        """Insert drafts of complete ``orders``; return their ids."""
        if not orders:
            return []
        stages = self.env["internal.request.stage"]._stage_ids_by_state(
            self.env["internal.service"].browse({o["service_id"] for o in orders})
        )
        return self._insert_rows(
            [
                {
                    **order,
                    "number": number,
                    "state": DRAFT,
                    "stage_id": stages[order["service_id"], DRAFT],
                    "sla_state": "none",
                    "rating_state": "none",
                }
                for order, number in zip(
                    orders, self._next_numbers(len(orders)), strict=True
                )
            ]
        )

    @api.model
    def _next_numbers(self, count):
        """Return ``count`` order numbers, in one query where the sequence allows."""
        sequence = self.env.ref("internal_customer.sequence_internal_request").sudo()
        if sequence.implementation != "standard" or sequence.use_date_range:
            return [sequence.next_by_id() for _number in range(count)]
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
        self._check_batch()
        vals = self._validate_values(vals)
        if "stage_id" in vals:
            stage = self.env["internal.request.stage"].browse(vals.pop("stage_id"))
            self._move_to(stage.exists())
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
        """Accept the date that the supplier offered: it is promised now.

        :raises UserError: the date has passed; the supplier has to offer another
        """
        self._check_batch()
        self.check_access("read")
        now = fields.Datetime.now()
        for request in self:
            if request.proposed_at and request.proposed_at < now:
                raise UserError(
                    self.env._(
                        "%s: the date offered has passed. Ask for another one.",
                        request.number,
                    )
                )
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
        self._check_batch()
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

    def action_open_document(self):
        """Open the document behind the order.

        :raises AccessError: there is none that the caller may read
        """
        self._check_one()
        self.check_access("read")
        document = self._documents().get(self.id)
        if document is None:
            raise AccessError(
                self.env._("%s: there is no document that you may read.", self.number)
            )
        return document.get_formview_action()

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
        return self._place(values)

    @api.model
    def load_history(self, rows=None):
        """Load orders of another system with all that happened to them.

        :param rows: dicts ``{"external_ref", "service": code, "customer": department
            name or id, "requester": login, "assignee": login, "name", "priority",
            "events": [{"kind", "at", "user", "cause"}], "ratings": [{"direction",
            "score", "at", "comment"}]}``; times ISO 8601 with offset or UTC
        :return: ``[{"external_ref", "id", "status", "error"}]``; a status ``created``,
            ``updated`` (further events of a known reference), ``unchanged`` or
            ``error``; a bad row changes nothing, the good ones are kept
        :raises AccessError: the caller is no officer
        """
        return self._load_rows(rows)

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

    def _parse_future(self, name, value, required=True):
        moment = self._parse_moment(name, value, required)
        if moment and moment < fields.Datetime.now():
            raise ValidationError(
                self.env._("%s: a promise cannot lie in the past.", name)
            )
        return moment
