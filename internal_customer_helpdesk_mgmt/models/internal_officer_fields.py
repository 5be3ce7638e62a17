from odoo import api, models


class InternalOfficerFields(models.AbstractModel):
    """Fields of the help desk that only an officer writes, whoever keeps the rest."""

    _name = "internal.officer.fields"
    _description = "Fields of the Officer"

    @api.model
    def default_get(self, fields):
        """Take the field's own default for what the caller may not write: anybody may
        keep defaults of his (``ir.default``), and they would write it for him."""
        defaults = super().default_get(fields)
        for name in list(defaults):
            field = self._fields[name]
            if not self._has_field_access(field, "write"):
                defaults[name] = field.default(self) if field.default else False
        return defaults
