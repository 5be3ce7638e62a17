"""The front door: ``python3 dev COMMAND``. Sets up whatever a command needs."""

import argparse
import os
import signal
import sys

import addons
import checks
import environment
import postgres
import server
import testing
from databases import Databases
from steps import Trouble, end_with_parent, say


def serve(options: argparse.Namespace) -> int:
    """Serve a database of one's own until SIGTERM or Ctrl-C."""
    if options.end_with_parent:
        end_with_parent(signal.SIGTERM)()
    install = options.install.split(",")
    place = environment.ensure()
    with postgres.use(place) as database_server:
        databases = Databases(place, database_server)
        databases.ensure(options.db, install, demo=options.demo, fresh=options.fresh)
        with server.serve(place, database_server, options.db, options.port) as odoo:
            print(f"ready http://{server.HOST}:{options.port}", flush=True)
            odoo.wait()
    raise Trouble("Odoo has ended by itself.")


def test(options: argparse.Namespace) -> int:
    """Run the checks of lint and every test; arguments are pytest's."""
    place = environment.ensure()
    with postgres.use(place) as database_server:
        databases = Databases(place, database_server)
        return testing.run(place, database_server, databases, options.rest)


def lint(options: argparse.Namespace) -> int:
    """Run the checks of pre-commit."""
    return 0 if checks.run(environment.ensure(), fix=options.fix) else 1


def keep_postgres(_options: argparse.Namespace) -> int:
    """Run PostgreSQL while commands use it (started by the others)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    postgres.keep(environment.ensure())
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 dev", description=__doc__)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(run) -> argparse.ArgumentParser:
        name = run.__name__.replace("_", "-")
        added = commands.add_parser(name, help=run.__doc__, description=run.__doc__)
        added.set_defaults(run=run)
        return added

    it = command(serve)
    it.add_argument("--db", required=True, metavar="NAME")
    it.add_argument("--port", required=True, type=int)
    it.add_argument("--install", default=addons.CORE, metavar="A,B")
    it.add_argument("--demo", action="store_true", help="with demo data")
    it.add_argument("--fresh", action="store_true", help="drop the database first")
    it.add_argument("--end-with-parent", action="store_true", help=argparse.SUPPRESS)
    command(test)
    it = command(lint)
    it.add_argument("--fix", action="store_true", help="mend what can be mended")
    command(keep_postgres)
    return parser


def main() -> int:
    os.umask(0o022)  # what is unpacked as root, others must be able to read
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        options, rest = _parser().parse_known_args()
        if rest and options.run is not test:
            raise Trouble(f"Unknown arguments: {' '.join(rest)}")
        options.rest = rest
        return options.run(options)
    except KeyboardInterrupt:
        return 0
    except Trouble as trouble:
        say(str(trouble))
        return 1


if __name__ == "__main__":
    sys.exit(main())
