from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    internal_purchase_service_id = fields.Many2one(
        related="company_id.internal_purchase_service_id",
        readonly=False,
        domain="[('company_id', '=', company_id)]",
    )
