"""The front door: a server is ready when it says so, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from conftest import CHECKOUT, DATABASE, free_port
from rpc import RpcCase, RpcError


class TestServe(RpcCase):
    def test_answers_over_both_protocols(self):
        for call in (self.odoorpc_call, self.json2_call):
            with self.subTest(call.__name__):
                domain = [["login", "=", "admin"]]
                [found] = call("res.users", "search_read", domain=domain)
                self.assertEqual(found["login"], "admin")

    def test_an_error_has_its_name_over_both_protocols(self):
        for call in (self.odoorpc_call, self.json2_call):
            with self.subTest(call.__name__), self.assertRaises(RpcError) as caught:
                call("res.users", "unlink", ids=[1])
            self.assertEqual(caught.exception.name, "odoo.exceptions.UserError")

    def test_has_no_demo_data(self):
        with_demo = self.odoorpc_call(
            "ir.module.module",
            "search_count",
            domain=[("state", "=", "installed"), ("demo", "=", True)],
        )
        self.assertEqual(with_demo, 0)


def test_web_client_opens(sign_in):
    assert sign_in("admin", "admin").title()


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_running(ending):
    """Odoo ends with its front door, even if that is killed."""
    port = free_port()
    command = [sys.executable, CHECKOUT / "dev", "serve", "--port", str(port)]
    command += ["--db", f"{DATABASE}_ending", "--install", "hr"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == f"ready http://127.0.0.1:{port}\n"
        health = f"http://127.0.0.1:{port}/web/health"
        with urllib.request.urlopen(health) as answer:
            assert answer.status == 200
        children = _children(process.pid)
        assert children
        process.send_signal(ending)
        code = process.wait(60)
    assert code == (-ending if ending is signal.SIGKILL else 0)
    give_up = time.monotonic() + 30
    while time.monotonic() < give_up and any(map(_is_running, children)):
        time.sleep(0.1)
    assert not [pid for pid in children if _is_running(pid)]


def test_an_interrupted_step_is_done_again(tmp_path):
    """A step that was killed half-way is not taken for complete."""
    sys_path = f"import sys; sys.path.insert(0, {str(CHECKOUT / 'dev')!r})"
    step = f"""{sys_path}
import os, pathlib, steps
def build(folder):
    (folder / "first").touch()
    if len(sys.argv) > 1:
        os.kill(os.getpid(), 9)
    (folder / "last").touch()
print(steps.build_once(pathlib.Path({str(tmp_path / "thing")!r}), build))
"""
    assert subprocess.run([sys.executable, "-c", step, "cut short"]).returncode == -9
    remains = list(tmp_path.iterdir())
    assert len(remains) == 1
    done = subprocess.run([sys.executable, "-c", step], capture_output=True, text=True)
    built = Path(done.stdout.strip())
    assert (built / "last").exists()
    assert not remains[0].exists()
    again = subprocess.run([sys.executable, "-c", step, "not run again"])
    assert again.returncode == 0


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False
    return state != "Z"
