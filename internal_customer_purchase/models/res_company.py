from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ResCompany(models.Model):
    _inherit = "res.company"

    internal_purchase_service_id = fields.Many2one(
        "internal.service",
        "Purchasing Service",
        ondelete="restrict",
        domain="[('company_id', '=', id)]",
        help="Purchases that a colleague requested become orders of this service.",
    )

    @api.constrains("internal_purchase_service_id")
    def _check_internal_purchase_service_id(self):
        for company in self:
            service = company.internal_purchase_service_id
            if service and service.company_id != company:
                raise ValidationError(
                    self.env._("%s is a service of another company.", service.name)
                )
