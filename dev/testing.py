"""``python3 dev test``: the checks of lint, then one pytest session for everything."""

import os
import signal
import subprocess
from collections.abc import Sequence

import addons
import checks
from databases import Databases
from environment import Environment
from paths import CHECKOUT
from postgres import Postgres
from server import write_conf
from steps import end_with_parent, say
from system import ensure_browser

_PATIENCE_SECONDS = 60


def run(
    environment: Environment,
    postgres: Postgres,
    databases: Databases,
    arguments: Sequence[str],
) -> int:
    """Run the tests on a database of their own; return pytest's exit code."""
    ensure_browser()
    clean = checks.run(environment)
    databases.drop_lost("test")
    for demo in (False, True):
        for line in databases.warnings(addons.of_checkout(), demo=demo):
            say(line)
            clean = False
    if not clean:
        say("The checks found something: this run will fail.")
    database = f"test_{os.getpid()}"
    databases.ensure(database, addons.of_checkout(), demo=False)
    conf = write_conf(environment, database)
    environ = {
        **postgres.environ,
        "PATH": f"{environment.bin}:{os.environ['PATH']}",
        "PYTHONPATH": str(CHECKOUT / "dev" / "inside"),
        "ODOO_RC": str(conf),
        "DEV_TEST_DATABASE": database,
    }
    command = [environment.python, "-m", "pytest", "-p", "gates", "--odoo-http"]
    command += ["--odoo-log-level=warn", *arguments]
    say("Running the tests …")
    # In the foreground, so that a debugger and Ctrl-C reach pytest itself.
    process = subprocess.Popen(
        command, cwd=CHECKOUT, env=environ, preexec_fn=end_with_parent()
    )
    try:
        return process.wait() or int(not clean)
    finally:
        _end(process)
        databases.drop_like(f"{database}%")


def _end(process: subprocess.Popen) -> None:
    """Let pytest end its servers and browsers first."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(_PATIENCE_SECONDS)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            process.kill()
            process.wait()
