"""Pure rules: no Odoo, no database; data in, answers out."""
