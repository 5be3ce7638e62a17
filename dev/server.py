"""An Odoo server process: configured, started, watched until it answers, ended."""

import configparser
import contextlib
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from environment import Environment
from paths import CHECKOUT, LOGS, STATE
from postgres import Postgres
from steps import Progress, Trouble, end, spawn

HOST = "127.0.0.1"
_START_SECONDS = 180
_A_DAY = 24 * 3600
_START_ODOO = CHECKOUT / "dev" / "inside" / "start_odoo.py"


def conf_path(database: str) -> Path:
    return STATE / "conf" / f"{database}.conf"


def write_conf(environment: Environment, database: str) -> Path:
    """Write Odoo's configuration for one database; long requests are let run."""
    options = {
        "addons_path": f"{CHECKOUT},{environment.oca}",
        "data_dir": STATE / "data",
        "db_name": database,
        "dbfilter": f"^{database}$",
        "http_interface": HOST,
        "limit_time_cpu": _A_DAY,
        "limit_time_real": _A_DAY,
        "limit_memory_soft": 0,  # none: a browser started by a test would inherit it
        "limit_memory_hard": 0,
    }
    conf = configparser.RawConfigParser()
    conf["options"] = {name: str(value) for name, value in options.items()}
    path = conf_path(database)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        conf.write(file)
    return path


def odoo_command(
    environment: Environment, database: str, *options: str, command: str = "server"
) -> list:
    conf = ["-c", conf_path(database), "-d", database]
    return [environment.python, _START_ODOO, command, *conf, *options]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def serve(
    environment: Environment, postgres: Postgres, database: str, port: int
) -> Iterator[subprocess.Popen]:
    """Run a server that answers; it has ended when the block has."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            raise Trouble(f"Port {port} is taken: choose another --port.") from None
        except OverflowError:
            raise Trouble("--port: give a number up to 65535.") from None
    write_conf(environment, database)
    LOGS.mkdir(parents=True, exist_ok=True)
    with (LOGS / f"{database}.log").open("ab") as log:
        command = odoo_command(environment, database, f"--http-port={port}")
        process = spawn(command, stdout=log, stderr=log, env=postgres.environ)
        try:
            _wait_until_it_answers(process, port, log.name)
            yield process
        finally:
            end(process)


def _wait_until_it_answers(process: subprocess.Popen, port: int, log: str) -> None:
    url = f"http://{HOST}:{port}/web/health"
    give_up = time.monotonic() + _START_SECONDS
    with Progress("Starting Odoo") as progress:
        while time.monotonic() < give_up and process.poll() is None:
            progress.tick()
            with contextlib.suppress(OSError, urllib.error.URLError):
                with urllib.request.urlopen(url, timeout=10) as answer:
                    if answer.status == 200:
                        return
            time.sleep(0.1)
    raise Trouble(f"Odoo does not start: see {log}")
