"""``python3 dev bench``: each benchmark in a process and a database of its own."""

import ast
import os
import re
from collections.abc import Sequence

import addons
from databases import Databases
from environment import Environment
from paths import CHECKOUT
from postgres import Postgres
from server import write_conf
from steps import Trouble, end, say, spawn

_FOLDER = CHECKOUT / "benchmarks"


def names() -> list[str]:
    """Return the benchmarks: the modules that define ``run``."""
    return sorted(
        path.stem
        for path in _FOLDER.glob("*.py")
        if re.search(r"^def run\(", path.read_text(), re.MULTILINE)
    )


def installs(name: str) -> list[str]:
    """Return the addons of the checkout and those that a benchmark compares with:
    the names in its ``INSTALL``."""
    source = (_FOLDER / f"{name}.py").read_text()
    found = re.search(r"^INSTALL = (\(.*?\))$", source, re.MULTILINE | re.DOTALL)
    return [*addons.of_checkout(), *(ast.literal_eval(found[1]) if found else ())]


def run(
    environment: Environment,
    postgres: Postgres,
    databases: Databases,
    wanted: Sequence[str],
    options: Sequence[str],
) -> int:
    """Run them and return 0, or 1 where a goal is missed."""
    there = names()
    if unknown := set(wanted) - set(there):
        known = ", ".join(there)
        raise Trouble(f"No benchmark {', '.join(sorted(unknown))}; there are: {known}.")
    database = f"bench_{os.getpid()}"
    databases.drop_lost("bench")
    missed = []
    for name in wanted or there:
        databases.ensure(database, installs(name), demo=False, fresh=True)
        conf = write_conf(environment, database)
        say(f"Benchmark {name} …")
        command = [environment.python, "-m", "benchmarks", conf, name, *options]
        process = spawn(command, cwd=CHECKOUT, env=postgres.environ)
        try:
            if process.wait():
                missed.append(name)
        finally:
            end(process)
            databases.drop(database)
    if missed:
        raise Trouble(f"Goals missed or not measured: {', '.join(missed)}.")
    return 0
