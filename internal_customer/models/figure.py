from odoo import fields


class MayBeUnknown:
    """Empty in the database and False over RPC where the number is not known; never 0."""

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
