from odoo import api, fields, models


class PurchaseOrder(models.Model):
    _name = "purchase.order"
    _inherit = ["purchase.order", "internal.request.source"]

    _internal_request_who = frozenset({"internal_requester_id", "company_id"})
    _internal_request_how = frozenset({"state", "user_id"})

    internal_requester_id = fields.Many2one(
        "res.users",
        "Requested By",
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        groups="base.group_user",
        help="The colleague who needs it: told when all of it is there, and asked how"
        " it was. Empty: nobody.",
    )
    internal_department_id = fields.Many2one(
        "hr.department",
        "Bought For",
        compute="_compute_internal_department_id",
        store=True,
        index="btree_not_null",
        groups="base.group_user",
        help="The department of the colleague who needs it.",
    )

    @api.depends("internal_requester_id", "company_id")
    def _compute_internal_department_id(self):
        users = self.internal_requester_id
        departments = users._internal_departments(self.company_id)
        nobody = (self.env["hr.department"], None)
        for order in self:
            who = (order.internal_requester_id, order.company_id)
            order.internal_department_id = departments.get(who, nobody)[0][:1]

    def _internal_request_values(self):
        service = self.company_id.internal_purchase_service_id
        if not service:
            return {}
        products = self.order_line.product_id.mapped("display_name")
        return {
            "service_id": service.id,
            "requester_id": self.internal_requester_id.id,
            "name": ": ".join(filter(None, [self.name, ", ".join(products)])),
            "user_id": self.user_id.id,
            "priority": "2" if self.priority == "1" else "1",
        }

    def _internal_request_state(self):
        if self.state == "cancel":
            return "cancelled"
        bought = self.order_line.filtered(lambda line: line.product_qty > 0)
        goods = bought.filtered(lambda line: line.product_id.type != "service")
        lines = goods or bought
        full = lines and all(line._internal_is_received() for line in lines)
        return "delivered" if self.state == "purchase" and full else "in_progress"

    def _internal_request_reason(self):
        state = dict(self._fields["state"]._description_selection(self.env))
        return f"{self.name}: {state[self.state]}"
