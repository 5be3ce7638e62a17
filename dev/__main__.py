"""The front door: ``python3 dev COMMAND``. Sets up whatever a command needs."""

import argparse
import contextlib
import os
import signal
import subprocess
import sys

import addons
import benching
import checks
import environment
import postgres
import server
import testing
from databases import Databases
from paths import CHECKOUT
from steps import Trouble, end, end_with_parent, say, spawn

_DEMO = "demo"  # the database
_INTERRUPTED = 130  # a shell's exit code for it


@contextlib.contextmanager
def _set_up():
    """Yield what commands with a database need; PostgreSQL answers meanwhile."""
    place = environment.ensure()
    with postgres.use(place) as database_server:
        yield place, database_server, Databases(place, database_server)


def demo(options: argparse.Namespace) -> int:
    """Show the demo company in a real Odoo until Ctrl-C."""
    with _set_up() as (place, database_server, databases):
        if options.check:
            return _check(place, database_server, databases)
        databases.ensure(_DEMO, addons.of_checkout(), demo=True, fresh=options.fresh)
        with server.serve(place, database_server, _DEMO, options.port) as odoo:
            people = ", ".join(databases.logins(_DEMO))
            print(f"http://{server.HOST}:{options.port} – admin, password admin.")
            if people:
                print(f"Others to log in as, the login is the password: {people}.")
            print("Ctrl-C ends it.", flush=True)
            odoo.wait()
    raise Trouble("Odoo has ended by itself.")


def _check(place, database_server, databases) -> int:
    """Print the quarter's report, as a user's script asks for it, of a fresh copy."""
    script = CHECKOUT / "examples" / "servicenow_history.py"
    if not script.is_file():
        raise Trouble(f"{script} is not there.")
    database = f"check_{os.getpid()}"
    databases.drop_lost("check")
    databases.ensure(database, addons.of_checkout(), demo=True)
    port = server.free_port()
    try:
        with server.serve(place, database_server, database, port):
            address = ["--host", server.HOST, "--port", port, "--db", database]
            process = spawn([place.python, script, *address])
            try:
                return process.wait()
            finally:
                end(process)
    finally:
        databases.drop(database)


def test(options: argparse.Namespace) -> int:
    """Run the checks of lint and every test; arguments are pytest's."""
    with _set_up() as (place, database_server, databases):
        return testing.run(place, database_server, databases, options.rest)


def serve(options: argparse.Namespace) -> int:
    """Serve a database of one's own until SIGTERM or Ctrl-C."""
    if options.end_with_parent:
        end_with_parent(signal.SIGTERM)()
    install = options.install.split(",")
    with _set_up() as (place, database_server, databases):
        databases.ensure(options.db, install, demo=options.demo, fresh=options.fresh)
        with server.serve(place, database_server, options.db, options.port) as odoo:
            print(f"ready http://{server.HOST}:{options.port}", flush=True)
            odoo.wait()
    raise Trouble("Odoo has ended by itself.")


def bench(options: argparse.Namespace) -> int:
    """Run the benchmarks and print ratios; a goal that is missed fails."""
    passed_on = ["--size", str(options.size)] if options.size else []
    passed_on += ["--json"] if options.json else []
    with _set_up() as (place, database_server, databases):
        return benching.run(place, database_server, databases, options.names, passed_on)


def lint(options: argparse.Namespace) -> int:
    """Run the checks of pre-commit."""
    return 0 if checks.run(environment.ensure(), fix=options.fix) else 1


def shell(_options: argparse.Namespace) -> int:
    """Open Odoo's shell on the demo database."""
    with _set_up() as (place, database_server, databases):
        databases.ensure(_DEMO, addons.of_checkout(), demo=True)
        server.write_conf(place, _DEMO)
        options = ["--no-http", "--log-level=warn"]
        command = server.odoo_command(place, _DEMO, *options, command="shell")
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the shell's
        done = subprocess.run(command, env=database_server.environ, check=False)
    return done.returncode


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

    it = command(demo)
    it.add_argument("--port", type=int, default=8069)
    it.add_argument("--check", action="store_true", help="print the report and end")
    it.add_argument("--fresh", action="store_true", help="drop the database first")
    command(test)
    it = command(serve)
    it.add_argument("--db", required=True, metavar="NAME")
    it.add_argument("--port", required=True, type=int)
    it.add_argument("--install", default=addons.CORE, metavar="A,B")
    it.add_argument("--demo", action="store_true", help="with demo data")
    it.add_argument("--fresh", action="store_true", help="drop the database first")
    it.add_argument("--end-with-parent", action="store_true", help=argparse.SUPPRESS)
    it = command(bench)
    it.add_argument("names", nargs="*", metavar="NAME")
    it.add_argument("--size", type=int)
    it.add_argument("--json", action="store_true", help="a JSON object on each line")
    it = command(lint)
    it.add_argument("--fix", action="store_true", help="mend what can be mended")
    command(shell)
    command(keep_postgres)
    return parser


def main() -> int:
    os.umask(0o022)  # what is unpacked as root, others must be able to read
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does
    options, rest = _parser().parse_known_args()
    options.rest = rest
    try:
        if rest and options.run is not test:
            raise Trouble(f"Unknown arguments: {' '.join(rest)}")
        return options.run(options)
    except KeyboardInterrupt:
        return 0 if options.run in (demo, serve) else _INTERRUPTED
    except Trouble as trouble:
        say(str(trouble))
        return 1


if __name__ == "__main__":
    sys.exit(main())
