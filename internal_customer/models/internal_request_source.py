from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..engine.transitions import CUSTOMER, DOCUMENT, Event
from .internal_validated import is_id

_NOTED = "internal_customer.noted"


class InternalRequestFollowed(models.AbstractModel):
    """Records whose changes an order follows: a document, or the lines of one.

    ``create``, ``write`` and stored computes only take note. The orders follow when
    the transaction is through with all it does, in one set for each model.
    """

    _name = "internal.request.followed"
    _description = "Followed by Orders"

    _internal_request_who = frozenset()
    """Names of the fields that say who is served by whom."""
    _internal_request_how = frozenset()
    """Names of the fields that say how far the work is."""

    def _internal_request_documents(self):
        """Return the documents whose orders follow these records."""
        raise NotImplementedError

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        names = self._internal_request_who | self._internal_request_how
        records._internal_request_note(names)
        return records

    def write(self, vals):
        self._internal_request_note(vals)
        res = super().write(vals)
        self._internal_request_note(vals)  # a line may belong elsewhere by now
        return res

    def unlink(self):
        self._internal_request_gone()
        return super().unlink()

    def _internal_request_gone(self):
        """Hook: these records are about to be deleted."""
        self._internal_request_note(self._internal_request_how)

    def _compute_field_value(self, field):
        names = self._internal_request_who | self._internal_request_how
        if not field.store or field.name not in names:
            return super()._compute_field_value(field)
        records = self.browse(filter(None, self._ids))
        before = {record: record[field.name] for record in records}
        res = super()._compute_field_value(field)
        changed = records.filtered(lambda r: r[field.name] != before[r])
        changed._internal_request_note([field.name])
        return res

    def _internal_request_note(self, names):
        """Remember that fields of these ``names`` changed, if they matter."""
        who = not self._internal_request_who.isdisjoint(names)
        if not who and self._internal_request_how.isdisjoint(names):
            return
        documents = self._internal_request_documents()
        noted = self.env.cr.precommit.data.setdefault(_NOTED, {})
        key = (documents._name, self.env.uid)
        if key not in noted:
            noted[key] = {}
            self.env.cr.precommit.add(
                lambda: documents._internal_request_follow_noted(key)
            )
        for id_ in documents.ids:
            noted[key][id_] = who or noted[key].get(id_, False)
        documents._internal_request_forget()


class InternalRequestSource(models.AbstractModel):
    """A document of the ERP by which one department serves another.

    It opens an order for the colleague served, and moves it. A document answers two
    questions, :meth:`_internal_request_values` and :meth:`_internal_request_state`;
    what follows is decided in ``engine.transitions``. Rules: docs/documents.md
    """

    _name = "internal.request.source"
    _description = "Document behind an Order"
    _inherit = ["internal.request.followed"]

    internal_request_id = fields.Many2one(
        "internal.request",
        "Order",
        compute="_compute_internal_request_id",
        search="_search_internal_request_id",
        groups="base.group_user",
        help="The order of a colleague that this document fulfils.",
    )
    internal_request_stage_id = fields.Many2one(
        related="internal_request_id.stage_id",
        string="Order Stage",
        groups="base.group_user",
    )
    internal_request_promise = fields.Char(
        related="internal_request_id.promise",
        string="Promise",
        groups="base.group_user",
    )
    internal_request_sla_state = fields.Selection(
        related="internal_request_id.sla_state",
        string="Punctuality",
        groups="base.group_user",
    )
    internal_request_deadline = fields.Datetime(
        related="internal_request_id.deadline",
        string="Promise Due",
        groups="base.group_user",
    )
    internal_request_can_rate = fields.Boolean(
        related="internal_request_id.can_rate",
        string="To Rate",
        groups="base.group_user",
    )
    internal_request_is_visible = fields.Boolean(
        related="internal_request_id.is_visible",
        groups="base.group_user",
    )

    # What a document answers

    def _internal_request_values(self):
        """Return who is served by whom: ``service_id``, ``requester_id``, ``name``,
        ``user_id`` (assignee) and ``priority``; ``{}`` where that is no order at all.

        An order opens only where both a service and a requester are given.
        """
        raise NotImplementedError

    def _internal_request_state(self):
        """Return where the document stands, one of ``transitions.STANDINGS``."""
        raise NotImplementedError

    def _internal_request_cause(self):
        """Return for whom a waiting document waits, one of ``transitions.CAUSES``."""
        return CUSTOMER

    def _internal_request_reason(self):
        """Return in words why the document stands where it does."""
        return self.display_name

    # The order of a document

    @api.depends_context("uid")
    def _compute_internal_request_id(self):
        self._internal_request_catch_up()
        latest = self._origin._internal_request_latest()
        for document in self:
            document.internal_request_id = latest.get(document._origin.id)

    def _search_internal_request_id(self, operator, value):
        if operator in Domain.NEGATIVE_OPERATORS:
            return NotImplemented
        if not self.env.user._is_internal():
            return Domain.FALSE  # the ORM lets anybody search by a computed field
        requests = self.env["internal.request"]
        match operator:
            case "any":
                domain = Domain(value)
            case "any!":
                domain, requests = Domain(value), requests.sudo()
            case "in":
                domain, requests = Domain("id", "in", value), requests.sudo()
            case "like" | "ilike" | "=like" | "=ilike":
                domain = Domain("display_name", operator, value)
            case _:
                return NotImplemented
        found = Domain(
            "id",
            "in",
            SQL(
                "(SELECT this.res_id FROM internal_request this"
                " WHERE this.res_model = %s AND this.id IN %s AND NOT EXISTS ("
                "SELECT FROM internal_request later"
                " WHERE later.res_model = this.res_model"
                " AND later.res_id = this.res_id AND later.id > this.id))",
                self._name,
                requests._search(domain).subselect(),
            ),
        )
        if operator == "in" and False in value:
            having = SQL(
                "(SELECT res_id FROM internal_request WHERE res_model = %s)",
                self._name,
            )
            found |= Domain("id", "not in", having)
        return found

    def _internal_request_latest(self):
        """Return ``{document id: its latest order}``, as the superuser sees it."""
        pairs = self.env.execute_query(
            SQL(
                "SELECT DISTINCT ON (res_id) res_id, id FROM internal_request"
                " WHERE res_model = %s AND res_id = ANY(%s)"
                " ORDER BY res_id, id DESC",
                self._name,
                self.ids,
            )
        )
        requests = (
            self.env["internal.request"].sudo().browse(id_ for _res, id_ in pairs)
        )
        return dict(zip((res for res, _id in pairs), requests, strict=True))

    @api.model
    def _is_source(self, name):
        """Return whether there is a model of that name with orders behind it."""
        return name in self.env.registry and issubclass(
            self.env.registry[name], self.env.registry["internal.request.source"]
        )

    def action_open_internal_request(self):
        """Open the order of this document: to follow it, or to rate it.

        :raises AccessError: it has none that the caller may see
        """
        if len(self) != 1 or not is_id(self._ids[0]):
            raise ValidationError(self.env._("ids: give exactly one record."))
        self.check_access("read")
        request = self.internal_request_id.sudo(False)
        if not request:
            raise AccessError(self.env._("Nobody of the company ordered this."))
        request.check_access("read")
        return request.get_formview_action()

    # Following

    def _internal_request_documents(self):
        return self

    def _internal_request_forget(self):
        """Drop what is cached of the orders of these documents."""
        names = [name for name in self._fields if name.startswith("internal_request_")]
        self.invalidate_recordset(names, flush=False)

    def _internal_request_catch_up(self):
        """Let orders follow what this transaction did to their documents so far."""
        noted = self.env.cr.precommit.data.get(_NOTED, {})
        for model, uid in list(noted):
            if model == self._name:
                self.env.flush_all()
                documents = self.with_user(uid).browse()
                documents._internal_request_follow_noted((model, uid))

    @api.model
    def _internal_request_follow_noted(self, key):
        noted = self.env.cr.precommit.data[_NOTED].pop(key, {})
        documents = self.sudo().with_context(active_test=False).browse(noted).exists()
        if documents:
            self.env["internal.request"]._follow_documents(documents, noted)
            documents._internal_request_forget()

    def _internal_request_gone(self):
        """Cancel what these documents have not delivered."""
        self.check_access("unlink")
        if self._internal_request_latest():
            self._internal_request_catch_up()  # what was closed before is delivered
        now, told = fields.Datetime.now(), {}
        latest = self._internal_request_latest()
        for document in self:
            request = latest.get(document.id)
            if request and request._is_before_delivery():
                note = self.env._("%s was deleted.", document.display_name)
                event = Event("cancel", now, DOCUMENT, user=self.env.uid, note=note)
                told[request.id] = [event]
        self.env["internal.request"].sudo().browse(told)._record(told, now)
