from odoo import models


class PurchaseOrderLine(models.Model):
    _name = "purchase.order.line"
    _inherit = ["purchase.order.line", "internal.request.followed"]

    _internal_request_how = frozenset(
        {"order_id", "product_id", "product_qty", "qty_received"}
    )

    def _internal_request_documents(self):
        return self.order_id

    def _internal_is_received(self):
        """Return whether all that was ordered is there."""
        return self.product_uom_id.compare(self.qty_received, self.product_qty) >= 0
