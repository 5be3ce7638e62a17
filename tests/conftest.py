"""Fixtures of the black-box tests: a server, a browser, people who sign in.

``server``  a :class:`rpc.Server`, one for the session, on a database of its own
            without demo data; what a test writes stays, so use names of your own
``serve``   starts further servers: ``with serve("--install", "hr") as server:``
``browser`` Playwright's Chromium, one for the session
``sign_in`` ``page = sign_in("admin", "admin", phone=False)``, in a new context
"""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright
from rpc import Server

CHECKOUT = Path(__file__).resolve().parent.parent
DATABASE = os.environ.get("DEV_TEST_DATABASE", f"test_{os.getpid()}")
CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1366, "height": 768}
# Odoo 19 says of each legacy call that it will go, odoorpc's too; it logs what a call
# was refused for, by the database as well, and a transaction that lost against another
# before it tries again. NUL: Odoo's import looks for the name that it is given.
EXPECTED_WARNINGS = re.compile(
    r" WARNING \S+ (odoo\.addons\.rpc\.controllers|odoo\.http)\b"
    r"|odoo\.sql_db: bad query: (?s:.*)(could not serialize access| violates |NUL )"
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def run_server(db: str, *options: str):
    """Run ``python3 dev serve``; a warning in the server's log is an error."""
    port = free_port()
    command = [sys.executable, CHECKOUT / "dev", "serve", "--end-with-parent"]
    command += ["--db", db, "--port", str(port), "--fresh", *options]
    log = CHECKOUT / ".dev" / "log" / f"{db}.log"
    log.unlink(missing_ok=True)
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        ready = process.stdout.readline().strip()
        assert ready == f"ready http://127.0.0.1:{port}", ready or "it did not start"
        try:
            yield Server(port, db)
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
    records = re.split(r"^(?=[-\d]+ [\d:,]+ \d+ [A-Z]+ )", log.read_text(), flags=re.M)
    warnings = [
        record
        for record in records
        if re.match(r"\S+ \S+ \d+ (WARNING|ERROR|CRITICAL) ", record)
        and not EXPECTED_WARNINGS.search(record)
    ]
    assert not warnings, "\n".join(warnings)


@pytest.fixture(scope="session")
def serve():
    """Start a server on a database of its own: ``with serve(*options) as server:``."""
    count = 0

    def start(*options: str):
        nonlocal count
        count += 1
        return run_server(f"{DATABASE}_serve{count}", *options)

    return start


@pytest.fixture(scope="session")
def server(serve):
    """The session's server, with the core addon, without demo data."""
    with serve() as server:
        yield server


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=CHROMIUM
        )
        yield browser
        browser.close()


@pytest.fixture
def sign_in(server, browser):
    """Open the web client as somebody; the page is closed after the test."""
    with contextlib.ExitStack() as stack:

        def start(login: str, password: str, *, phone: bool = False, **options):
            viewport = PHONE if phone else DESKTOP
            context = browser.new_context(viewport=viewport, **options)
            stack.callback(context.close)
            page = context.new_page()
            page.goto(f"{server.address}/web/login")
            page.fill("#login", login)
            page.fill("#password", password)
            page.click("button[type=submit]")
            page.wait_for_selector(".o_web_client .o_main_navbar")
            return page

        yield start
