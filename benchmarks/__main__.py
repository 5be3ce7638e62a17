"""Run one benchmark in an Odoo environment and print its ratios.

Called by ``python3 dev bench`` as ``python -m benchmarks CONF NAME [SIZE] [--json]``,
on a copy of the database that is dropped afterwards. ``benchmarks/NAME.py`` defines
``run(env, size=None)``, which returns a list of ``{"label", "ratio", "goal", "queries",
"ok"}``.
"""

import argparse
import importlib
import json
import sys

import odoo
from odoo.api import SUPERUSER_ID, Environment
from odoo.modules.registry import Registry


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("conf")
    parser.add_argument("name")
    parser.add_argument("--size", type=int)
    parser.add_argument("--json", action="store_true", dest="as_json")
    options = parser.parse_args()
    config = odoo.tools.config
    config.parse_config(
        ["-c", options.conf, "--log-level=warn"],
        setup_logging=True,
    )
    with Registry(config["db_name"][0]).cursor() as cr:
        env = Environment(cr, SUPERUSER_ID, {})
        benchmark = importlib.import_module(f"benchmarks.{options.name}")
        rows = benchmark.run(env, size=options.size)
        cr.rollback()
    for row in rows:
        if options.as_json:
            line = json.dumps({"benchmark": options.name, **row})
        else:
            line = _line(options.name, **row)
        sys.stdout.write(line + "\n")
    return 0 if all(row["ok"] for row in rows) else 1


def _line(name, label, ratio, goal, queries, ok) -> str:
    """Return a line of the table: what, ratio, queries, goal, verdict."""
    many = f"{queries:,} q" if queries is not None else ""
    verdict = "ok" if ok else "MISSED"
    return f"{name:16} {label:58} {f'× {ratio:,.3g}':>8} {many:>8}  {goal}  {verdict}"


if __name__ == "__main__":
    sys.exit(main())
