"""The examples do what they say, on a server that has never seen them."""

import subprocess
import sys

import pytest
from conftest import CHECKOUT

EXAMPLES = CHECKOUT / "examples"


def run(script, *options):
    return subprocess.run(
        [sys.executable, EXAMPLES / script, *map(str, options)],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def outputs(server):
    address = ("--host", server.host, "--port", server.port, "--db", server.db)
    runs = [run("order_to_award.py", *address) for _ in range(2)]
    assert [r.stderr for r in runs] == ["", ""]
    return [r.stdout for r in runs]


class TestOrderToAward:
    def test_the_order_goes_its_way(self, outputs):
        words = ["submitted", "accepted", "delivered", "done", "met", "answered"]
        for output in outputs:
            places = [output.index(f": {word}") for word in words]
            assert places == sorted(places)

    def test_the_award_is_what_its_lines_say(self, outputs):
        """8 of 9 good pay 50 % + (8/9 − 0.8) ÷ 0.15 × 70 %, 9 of 10 on time all."""
        good = 0.5 + (round(8 / 9, 4) - 0.8) / 0.15 * 0.7
        amount = 1000 * (0.7 * good + 0.3)
        assert f"{amount:.2f}" == "940.41"
        award = outputs[0].split("\n\n")[-1]
        assert "IT, Q" in award
        assert "940.41" in award.splitlines()[0]
        assert award.splitlines()[0].endswith("due")
        for words in ("Share of the pool", "Gate:", "Veto:", "Good 88.89 % of 9"):
            assert words in award
        assert "940.41" in award.splitlines()[-1]

    def test_again_awards_the_same(self, outputs):
        first, again = (output.split("\n\n")[1:] for output in outputs)
        assert again == first


@pytest.fixture(scope="module")
def options(server):
    """A service, and a colleague with an API key."""

    def call(*args, **kwargs):
        return server.odoorpc_call("admin", "admin", *args, **kwargs)

    customer, supplier = call(
        "hr.department",
        "create",
        [{"name": "Json 2 buys"}, {"name": "Json 2 sells"}],
    )
    call(
        "internal.service",
        "create",
        [{"code": "json2", "name": "J", "supplier_department_id": supplier}],
    )
    login = "json2@example.com"
    user = {"login": login, "name": "Json", "password": "json2-password"}
    [user] = call("res.users", "create", [user])
    employee = {"name": "Json", "user_id": user, "department_id": customer}
    call("hr.employee", "create", [employee])
    key = server.make_api_key(login, "json2-password")
    return ("--url", server.address, "--db", server.db, "--key", key)


class TestOrderJson2:
    def test_one_order_for_one_reference(self, options):
        done = [
            run("order_json2.py", *options, "--ref", "J-1", "json2", "A pen")
            for _ in range(2)
        ]
        first, again = (d.stdout.splitlines() for d in done)
        assert first[0].startswith("Ordered: ")
        assert again[0] == first[0].replace("Ordered", "Ordered before")
        assert first[1] == "  state: submitted"
        assert first[2].endswith("(on_track)")

    def test_an_error_is_the_servers_sentence(self, options):
        done = run("order_json2.py", *options, "no-such", "A pen")
        assert done.returncode == 1
        assert done.stderr.strip().startswith("service:")
        assert "Traceback" not in done.stderr
