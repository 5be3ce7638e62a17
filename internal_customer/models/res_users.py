from odoo import models
from odoo.exceptions import AccessError
from odoo.tools import email_normalize


class ResUsers(models.Model):
    _inherit = "res.users"

    def _internal_departments(self, companies):
        """Return ``{(user, company): (departments he belongs to, those he manages)}``
        for each of these users and companies."""
        employees = (
            self.env["hr.employee"]
            .sudo()
            .search(
                [
                    ("user_id", "in", self.ids),
                    ("active", "=", True),
                    ("company_id", "in", companies.ids),
                ]
            )
        )
        managed = (
            self.env["hr.department"]
            .sudo()
            .search([("manager_id", "in", employees.ids)])
        )
        mine = employees.grouped(lambda e: (e.user_id, e.company_id))
        led = managed.grouped(lambda d: (d.manager_id.user_id, d.company_id))
        nobody, nowhere, anywhere = employees[:0], managed[:0], companies[:0]
        return {
            (user, company): (
                mine.get((user, company), nobody).department_id,
                led.get((user, company), nowhere) | led.get((user, anywhere), nowhere),
            )
            for user in self
            for company in companies
        }

    def _internal_require(self, role):
        """Raise AccessError unless the user is ``officer``, ``incentive`` or so.

        No superuser mode helps: ``env.user`` is always in it.
        """
        group = self.env.ref(f"internal_customer.group_internal_customer_{role}")
        if group not in self.all_group_ids:
            raise AccessError(
                self.env._("Only the role «%s» may do that.", group.sudo().full_name)
            )

    def _internal_is_person(self, other):
        """Return whether two users are one person: same partner, or same e-mail."""
        if not self or not other:
            return False
        return bool(self._internal_names() & other._internal_names())

    def _internal_names(self):
        self.ensure_one()
        names = {("user", self.id), ("partner", self.sudo().partner_id.id)}
        for address in (self.sudo().email_normalized, email_normalize(self.login)):
            if address:
                name, _at, domain = address.partition("@")
                names.add(("email", name.partition("+")[0], domain))
        return names
