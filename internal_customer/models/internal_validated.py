import json
import re
from datetime import date, datetime, timezone

from odoo import api, models
from odoo.api import NewId
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

MAX_BATCH = 1000
MAX_TEXT = 2000
MAX_LONG_TEXT = 20000
FIRST_YEAR, LAST_YEAR = 2000, 2100
INVISIBLE = dict.fromkeys(
    [*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0xFEFF]
)

_NOW = SQL("now() AT TIME ZONE 'UTC'")


def is_given(value):
    """Return whether a caller gave something: 0 is something."""
    return value is not None and value is not False and value != ""


def is_id(value):
    return type(value) is int and 0 < value < 2**31


def is_text(value):
    """Return whether ``value`` is a text that the database can hold."""
    return isinstance(value, str) and not re.search("[\0\ud800-\udfff]", value)


def _is_command(command):
    """Return whether ``command`` is an id, or a whole one of ``fields.Command``."""
    match command:
        case [bool(), *_]:
            return False
        case [0, _, dict()] | [5, *_]:
            return True
        case [1, id_, dict()] | [2 | 3 | 4, id_, *_]:
            return is_id(id_) or isinstance(id_, NewId)
        case [6, _, [*ids]]:
            return all(map(is_id, ids))
    return is_id(command)


class InternalValidated(models.AbstractModel):
    """Values checked by type before they are stored; rows written in one statement.

    Every model of this addon inherits it, so that a wrong value is answered with a
    sentence that names the field, over whichever channel it came.
    """

    _name = "internal.validated"
    _description = "Validated Values"

    @api.model_create_multi
    def create(self, vals_list):
        self.browse().check_access("create")
        if not isinstance(vals_list, list | tuple):
            raise ValidationError(self.env._("values: give names and values."))
        checked = [self._validate_values(vals) for vals in vals_list]
        return super().create(self._prepare_create(checked))

    def _prepare_create(self, vals_list):
        """Hook: add to, or refuse, checked values before they are stored."""
        return vals_list

    def write(self, vals):
        self._check_ids()
        return super().write(self._validate_values(vals))

    # Checks of arguments

    def _check_batch(self):
        if len(self) > MAX_BATCH:
            raise UserError(
                self.env._("Take at most %s records in one call.", MAX_BATCH)
            )
        self._check_ids()
        if len(set(self._ids)) != len(self._ids):
            raise ValidationError(self.env._("ids: name each record once."))

    def _check_ids(self):
        if not all(isinstance(id_, NewId) or is_id(id_) for id_ in self._ids):
            raise ValidationError(self.env._("ids: give the ids of records."))

    def _check_one(self):
        self._check_ids()
        if len(self) != 1:
            raise ValidationError(self.env._("ids: give exactly one record."))

    @api.model
    def _quote(self, value):
        """Return what was given as an answer can carry it: short, and valid text."""
        return str(value)[:50].encode("utf-8", "replace").decode()

    @api.model
    def _parse_text(self, name, value, required=True, limit=MAX_TEXT):
        """Return ``value`` stripped of what nobody sees; ValidationError names it."""
        if value is None or value is False:
            value = ""
        if not isinstance(value, str):
            raise ValidationError(self.env._("%s: give a text.", name))
        if not is_text(value):
            raise ValidationError(
                self.env._("%s: the text holds characters that cannot be stored.", name)
            )
        value = value.translate(INVISIBLE).strip()
        if len(value) > limit:
            raise ValidationError(
                self.env._(
                    "%(name)s: %(limit)s characters at most.", name=name, limit=limit
                )
            )
        if required and not value:
            raise ValidationError(
                self.env._("%s: say it in words; the other side will read it.", name)
            )
        return value

    @api.model
    def _parse_moment(self, name, value, required=True):
        """Return a naive UTC datetime of whole seconds, or None.

        :param value: ISO 8601 with offset, Odoo's ``YYYY-MM-DD HH:MM:SS`` in UTC, or
            a naive UTC datetime
        """
        if not required and not is_given(value):
            return None
        moment = value
        if isinstance(value, str):
            text = value.strip()
            text = text[:-1] + "+00:00" if text[-1:] in ("Z", "z") else text
            try:
                moment = datetime.fromisoformat(text)
            except ValueError:
                moment = None
        if not isinstance(moment, datetime):
            raise ValidationError(
                self.env._(
                    "%(name)s: give a moment such as 2026-03-02T09:00:00+01:00,"
                    " not %(value)s.",
                    name=name,
                    value=self._quote(value),
                )
            )
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            raise ValidationError(
                self.env._(
                    "%(name)s: the year must lie between %(first)s and %(last)s.",
                    name=name,
                    first=FIRST_YEAR,
                    last=LAST_YEAR,
                )
            )
        if moment.tzinfo:
            moment = moment.astimezone(timezone.utc).replace(tzinfo=None)
        return moment.replace(microsecond=0)

    @api.model
    def _parse_choice(self, name, value, choices):
        if not isinstance(value, str) or value not in choices:
            raise ValidationError(
                self.env._(
                    "%(name)s: choose one of %(choices)s.",
                    name=name,
                    choices=", ".join(choices),
                )
            )
        return value

    @api.model
    def _parse_record(self, name, value, model):
        """Return the record of ``model`` with that id, as the caller may see it."""
        record = self.env[model]
        if is_id(value):
            record = record.search([("id", "=", value)])
        if not record:
            raise ValidationError(
                self.env._(
                    "%(name)s: there is no %(model)s with that id.",
                    name=name,
                    model=record._description,
                )
            )
        return record

    @api.model
    def _validate_values(self, vals):
        if not isinstance(vals, dict):
            raise ValidationError(self.env._("values: give names and values."))
        return {name: self._validate_value(name, vals[name]) for name in vals}

    @api.model
    def _validate_value(self, name, value):
        field = self._fields.get(name)
        if field is None:
            raise ValidationError(
                self.env._(
                    "%(name)s: %(model)s has no such field.",
                    name=self._quote(name),
                    model=self._description,
                )
            )
        if value is None or value is False:
            return False
        check = getattr(self, f"_validate_{field.type}", None)
        return check(field, value) if check else value

    def _validate_char(self, field, value):
        return self._parse_text(field.name, value, required=False) or False

    def _validate_text(self, field, value):
        return self._parse_text(field.name, value, False, MAX_LONG_TEXT) or False

    def _validate_integer(self, field, value):
        if type(value) is not int or not -(2**31) <= value < 2**31:
            raise ValidationError(self.env._("%s: give a whole number.", field.name))
        return value

    def _validate_many2one(self, field, value):
        if not is_id(value):
            raise ValidationError(
                self.env._("%s: give the id of a record.", field.name)
            )
        return value

    def _validate_float(self, field, value):
        if type(value) not in (int, float) or value != value:
            raise ValidationError(self.env._("%s: give a number.", field.name))
        if abs(value) > 1e12:
            raise ValidationError(
                self.env._("%s: the number is too large.", field.name)
            )
        return value

    _validate_monetary = _validate_float

    def _validate_boolean(self, field, value):
        if type(value) is not bool:
            raise ValidationError(self.env._("%s: give true or false.", field.name))
        return value

    def _validate_selection(self, field, value):
        return self._parse_choice(field.name, value, field.get_values(self.env))

    def _validate_datetime(self, field, value):
        return self._parse_moment(field.name, value)

    def _validate_date(self, field, value):
        if isinstance(value, str):
            try:
                value = date.fromisoformat(value.strip())
            except ValueError:
                value = None
        if not isinstance(value, date):
            raise ValidationError(
                self.env._("%s: give a day such as 2026-03-02.", field.name)
            )
        return self._parse_moment(
            field.name, datetime.combine(value, datetime.min.time())
        ).date()

    def _validate_one2many(self, field, value):
        if not isinstance(value, list | tuple) or not all(map(_is_command, value)):
            raise ValidationError(self.env._("%s: give a list of records.", field.name))
        return value

    _validate_many2many = _validate_one2many

    @api.model
    def _forget_cached(self):
        """Drop what is kept in memory, now and when others may see the change: what
        they learn meanwhile, they learn from the old rows."""
        self.env.registry.clear_cache()
        self.env.cr.postcommit.add(self.env.registry.clear_cache)

    @api.model
    def _in_batches(self, work, due):
        """Let a cron do ``work``, which answers how much it did, until nothing is left
        of the domain ``due``; each batch is committed."""
        cron = self.env["ir.cron"]
        while done := work():
            if not cron._commit_progress(done, remaining=self.search_count(due)):
                break

    # Rows in one statement: no query count grows with the batch

    @api.model
    def _insert_rows(self, rows):
        """Insert dicts of stored values in one statement; return the new ids.

        All rows have the same keys; nothing is computed or checked here.
        """
        if not rows:
            return []
        values, source = self._rows_as_sql(range(len(rows)), rows)
        if self._log_access:
            values |= {"create_uid": SQL("%s", self.env.uid), "create_date": _NOW}
        inserted = self.env.execute_query(
            SQL(
                "INSERT INTO %s (%s) SELECT %s FROM %s ORDER BY source.id RETURNING id",
                SQL.identifier(self._table),
                SQL(", ").join(map(SQL.identifier, values)),
                SQL(", ").join(values.values()),
                source,
            )
        )
        return [id_ for (id_,) in inserted]

    @api.model
    def _update_rows(self, ids, rows):
        """Write dicts of stored values (the same keys in all) to ``ids``, where they
        differ, in one statement."""
        if not rows:
            return
        self.browse(ids).flush_recordset()
        values, source = self._rows_as_sql(ids, rows)
        changes = [SQL("%s = %s", SQL.identifier(n), new) for n, new in values.items()]
        if self._log_access:
            changes += [
                SQL("write_uid = %s", self.env.uid),
                SQL("write_date = %s", _NOW),
            ]
        self.env.cr.execute(
            SQL(
                "UPDATE %(table)s SET %(changes)s FROM %(source)s"
                " WHERE %(table)s.id = source.id"
                " AND (%(old)s) IS DISTINCT FROM (%(new)s)",
                table=SQL.identifier(self._table),
                changes=SQL(", ").join(changes),
                source=source,
                old=SQL(", ").join(SQL.identifier(self._table, n) for n in values),
                new=SQL(", ").join(values.values()),
            )
        )
        self.browse(ids)._forget_written(values)

    def _forget_written(self, names):
        """Drop from the cache what changed with these columns, and what may follow from
        them; the other columns are as they were."""
        written = {*names, "write_uid", "write_date"}
        changed = [
            name
            for name, field in self._fields.items()
            if name in written or not (field.store and field.column_type)
        ]
        self.invalidate_recordset(changed, flush=False)

    def _rows_as_sql(self, ids, rows):
        """Return ``{name: its value in SQL}`` and the ``source`` that it is read from.

        To read many values takes PostgreSQL longer than to write them: one that all
        rows share is given once.
        """
        values, types = {}, {"id": "int4"}
        columns = {"id": ids}
        for name in rows[0]:
            field = self._fields[name]
            column = [row[name] for row in rows]
            if field.type != "boolean":
                column = [None if value is False else value for value in column]
            if column.count(column[0]) < len(column):
                values[name] = SQL.identifier("source", name)
                columns[name], types[name] = column, field.column_type[0]
                continue
            value, kind = column[0], field.column_type[0]
            if kind == "jsonb" and value is not None:
                value = json.dumps(value)
            values[name] = SQL("%s::%s", value, SQL(kind))
        told = [
            dict(zip(columns, row, strict=True))
            for row in zip(*columns.values(), strict=True)
        ]
        source = SQL(
            "json_to_recordset(%s) AS source(%s)",
            json.dumps(told, default=str),
            SQL(", ").join(
                SQL("%s %s", SQL.identifier(name), SQL(kind))
                for name, kind in types.items()
            ),
        )
        return values, source
