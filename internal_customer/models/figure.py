from odoo import fields


class MayBeUnknown:
    """A number that is empty in the database, False over RPC, while it is unknown."""

    def convert_to_column(self, value, record, values=None, validate=True):
        if value is None or value is False:
            return None
        return super().convert_to_column(value, record, values, validate)

    def convert_to_cache(self, value, record, validate=True):
        if value is None or value is False:
            return None
        return super().convert_to_cache(value, record, validate)

    def convert_to_record(self, value, record):
        return False if value is None else value


class Figure(MayBeUnknown, fields.Float):
    aggregator = "avg"


class Level(MayBeUnknown, fields.Integer):
    aggregator = "avg"
