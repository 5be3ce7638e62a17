from odoo import models


class ResCompany(models.Model):
    _inherit = "res.company"

    def write(self, vals):
        res = super().write(vals)
        if "resource_calendar_id" in vals:
            for company in self:  # flexible hours are refused
                company.resource_calendar_id._internal_timeline(company)
            self.env["internal.period"].sudo()._edges_changed(self)
            self.env["internal.sla.clock"]._judge_open(
                [("request_id.company_id", "in", self.ids)]
            )
        return res
