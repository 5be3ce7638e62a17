"""Databases: installed once into a template, copied for each run.

A database's comment says which sources it was made from, a template's what Odoo warned
of when it was made. ``hr`` alone is a template too, so that a changed addon waits for
itself only.
"""

import json
import os
import re
import shutil
from collections.abc import Sequence

import addons
from environment import Environment
from paths import STATE, digest
from postgres import Postgres
from server import odoo_command, write_conf
from steps import Trouble, lock, run

_LOCK = STATE / "databases.lock"
_BASE = ("hr",)
_FILESTORE = STATE / "data" / "filestore"
_WARNING = re.compile(r"[-\d]+ [\d:,]+ \d+ (WARNING|ERROR|CRITICAL) ")
_DEMO = {True: "--with-demo", False: "--without-demo"}


_POSTGRES_OWN = frozenset({"postgres", "template0", "template1"})


class Databases:
    """The databases of this checkout."""

    def __init__(self, environment: Environment, postgres: Postgres) -> None:
        self._environment = environment
        self._postgres = postgres

    def exists(self, name: str) -> bool:
        sql = f"select 1 from pg_database where datname = {_text(name)}"
        return bool(self._postgres.psql(sql))

    def drop(self, name: str) -> None:
        self._postgres.psql(f"drop database if exists {_name(name)} with (force)")
        shutil.rmtree(_FILESTORE / name, ignore_errors=True)

    def like(self, pattern: str) -> list[str]:
        sql = f"select datname from pg_database where datname like {_text(pattern)}"
        return [name for (name,) in self._postgres.psql(sql)]

    def drop_like(self, pattern: str) -> None:
        for name in self.like(pattern):
            self.drop(name)

    def drop_lost(self, prefix: str) -> None:
        """Drop ``prefix_PID…`` of commands that were killed before they could."""
        for name in self.like(f"{prefix}_%"):
            pid = name.split("_")[1]
            if pid.isdecimal() and not os.path.exists(f"/proc/{pid}"):
                self.drop(name)

    def ensure(
        self, name: str, install: Sequence[str], *, demo: bool, fresh: bool = False
    ) -> None:
        """Make ``name`` hold the addons as they are now in the checkout.

        A database that is there is kept and brought up to date, unless ``fresh``.
        """
        for addon in install:
            if not addons.find(addon, self._environment):
                raise Trouble(f"--install: there is no addon {addon}.")
        if name in _POSTGRES_OWN or name.startswith(("template_", "building_")):
            raise Trouble(f"--db: {name} is not yours to use: choose another name.")
        with lock(_LOCK):
            if fresh:
                self.drop(name)
            if self.exists(name):
                self._update(name, install)
            else:
                self._copy(self._template(install, demo=demo), name)
                self._comment(name, addons.sources())

    def logins(self, name: str) -> list[str]:
        """Return the people of the checkout's own demo data, as they are written."""
        modules = ", ".join(map(_text, addons.of_checkout()))
        sql = f"""
            select u.login from res_users u
            join ir_model_data d on d.model = 'res.users' and d.res_id = u.id
            where u.active and d.module in ({modules}) order by d.id
        """
        return [login for (login,) in self._postgres.psql(sql, name)]

    def warnings(self, install: Sequence[str], *, demo: bool) -> list[str]:
        """Return what Odoo logged as a warning or worse when it installed them."""
        with lock(_LOCK):
            return self._commented(self._template(install, demo=demo))

    def _template(self, install: Sequence[str], *, demo: bool) -> str:
        """Return the template with ``install``; make it if it is not there."""
        kind = digest(*sorted(install), demo, self._environment.odoo)
        needed = addons.with_dependencies(install, self._environment)
        name = f"template_{kind}_{digest(*self._sources(needed).items())}"
        if self.exists(name):
            return name
        self.drop_like(f"template_{kind}_%")
        building = f"building_{kind}"
        self.drop(building)
        if tuple(install) != _BASE and needed.issuperset(_BASE):
            self._copy(self._template(_BASE, demo=demo), building)
        options = ["-i", ",".join(install), _DEMO[demo]]
        what = f"Installing {', '.join(install)}{' with demo data' if demo else ''}"
        output = self._odoo(what, building, options)
        self._comment(building, [line for line in output if _WARNING.match(line)])
        self._rename(building, name)
        return name

    def _update(self, name: str, install: Sequence[str]) -> None:
        was = self._commented(name) or {}
        have = self._installed(name)
        sources = addons.sources()
        stale = {addon for addon in sources if sources[addon] != was.get(addon)}
        changed = sorted(stale & have)
        missing = [addon for addon in install if addon not in have]
        options = ["-u", ",".join(changed)] if changed else []
        options += ["-i", ",".join(missing)] if missing else []
        if options:
            self._odoo(f"Updating {', '.join(changed + missing)}", name, options)
            self._comment(name, addons.sources())

    def _installed(self, name: str) -> set[str]:
        sql = "select name from ir_module_module where state = 'installed'"
        return {row[0] for row in self._postgres.psql(sql, name)}

    def _odoo(self, what: str, database: str, options: list[str]) -> list[str]:
        write_conf(self._environment, database)
        options = [*options, "--stop-after-init", "--no-http"]
        return run(
            what,
            odoo_command(self._environment, database, *options),
            log=database,
            env=self._postgres.environ,
        )

    def _sources(self, needed: set[str]) -> dict[str, str]:
        return {k: v for k, v in addons.sources().items() if k in needed}

    def _comment(self, name: str, content) -> None:
        text = _text(json.dumps(content))
        self._postgres.psql(f"comment on database {_name(name)} is {text}")

    def _commented(self, name: str):
        """Return what was said of a database; None if nothing was."""
        sql = f"""
            select shobj_description(oid, 'pg_database') from pg_database
            where datname = {_text(name)}
        """
        return json.loads(self._postgres.psql(sql)[0][0] or "null")

    def _copy(self, source: str, target: str) -> None:
        if (_FILESTORE / source).exists():
            # Files of a filestore are never changed, only added and removed.
            shutil.rmtree(_FILESTORE / target, ignore_errors=True)
            shutil.copytree(
                _FILESTORE / source, _FILESTORE / target, copy_function=os.link
            )
        sql = f"create database {_name(target)} template {_name(source)}"
        self._postgres.psql(sql)

    def _rename(self, source: str, target: str) -> None:
        shutil.rmtree(_FILESTORE / target, ignore_errors=True)
        if (_FILESTORE / source).exists():
            (_FILESTORE / source).rename(_FILESTORE / target)
        self._postgres.psql(f"alter database {_name(source)} rename to {_name(target)}")


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
