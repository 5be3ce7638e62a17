from psycopg2.errors import UniqueViolation

from odoo import models
from odoo.exceptions import ConcurrencyError, UserError, ValidationError
from odoo.fields import Domain

from .internal_validated import MAX_BATCH, is_given, is_id, is_text

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


class InternalRequestOrder(models.AbstractModel):
    """Orders placed by scripts, each once."""

    _name = "internal.request.order"
    _description = "Order Desk for Scripts"

    def _place(self, values):
        many = isinstance(values, list)
        orders = values if many else [values]
        if not orders or not all(isinstance(order, dict) for order in orders):
            raise ValidationError(self.env._("values: give the order's values."))
        if len(orders) > MAX_BATCH:
            raise UserError(
                self.env._("Take at most %s records in one call.", MAX_BATCH)
            )
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
                self.env._(
                    "values: unknown %s.", ", ".join(sorted(map(self._quote, unknown)))
                )
            )
        key = values.get("service")
        service = services.get(key) if type(key) in (str, int) else None
        if not is_given(key):
            raise ValidationError(self.env._("service: choose what you order."))
        if not service:
            raise ValidationError(
                self.env._("service: there is no service %s.", self._quote(key))
            )
        order = {
            "service_id": service.id,
            "name": self._parse_text("name", values.get("name")),
        }
        if is_given(values.get("customer")):
            order["customer_department_id"] = self._find_department(
                values["customer"], service.company_id
            ).id
        for key in ORDER_KEYS - {"service", "customer", "name"}:
            value = values.get(key)
            if key == "priority" and type(value) is int:
                value = str(value)
            if is_given(value):
                order[key] = self._validate_value(key, value)
        return order

    def _find_services(self, orders):
        """Return ``{code or id: service}`` that the caller may order here; where two
        companies use one code, that of the current company."""
        keys = [order.get("service") for order in orders]
        named = Domain("code", "in", [key for key in keys if is_text(key)])
        numbered = Domain("id", "in", [key for key in keys if is_id(key)])
        found = self.env["internal.service"].search(
            Domain("company_id", "in", self.env.companies.ids) & (named | numbered)
        )
        mine = found.filtered(lambda s: s.company_id == self.env.company)
        ordered = (found - mine) | mine
        return {s.code: s for s in ordered} | {s.id: s for s in ordered}

    def _find_department(self, key, company):
        if not isinstance(key, str):
            return self._parse_record("customer", key, "hr.department")
        key = self._parse_text("customer", key)
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
