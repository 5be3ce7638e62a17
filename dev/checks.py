"""The checks of pre-commit, on the files of the checkout, tracked or new."""

import subprocess
from collections.abc import Iterator

import addons
from environment import Environment
from paths import CHECKOUT
from steps import Trouble, say


def run(environment: Environment, *, fix: bool = False) -> bool:
    """Run every check, show what they find, and tell if all is well."""
    return all([_run(name, command) for name, command in _commands(environment, fix)])


def _commands(environment: Environment, fix: bool) -> Iterator[tuple[str, list]]:
    files = _files()
    python = [name for name in files if name.endswith(".py")]
    po = [name for name in files if name.endswith((".po", ".pot"))]
    modules = addons.of_checkout()
    addon_python = [name for name in python if name.split("/")[0] in modules]
    tool = environment.bin
    yield "ruff", [tool / "ruff", "check", *(["--fix"] if fix else []), *python]
    check = [] if fix else ["--check"]
    yield "ruff format", [tool / "ruff", "format", "--quiet", *check, *python]
    if addon_python:
        yield "pylint-odoo", [tool / "pylint", "--rcfile=.pylintrc", *addon_python]
    for module in modules:
        yield "oca-checks-odoo-module", [tool / "oca-checks-odoo-module", module]
    if po:
        yield "oca-checks-po", [tool / "oca-checks-po", *po]


def _run(name: str, command: list) -> bool:
    say(f"{name} …")
    return not subprocess.run(command, cwd=CHECKOUT, check=False).returncode


def _files() -> list[str]:
    """Return the files that git tracks or would add."""
    listing = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    listing += ["--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(
            listing, cwd=CHECKOUT, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        raise Trouble("The checks need git and a clone of the project.") from None
    names = sorted(set(done.stdout.split("\0")) - {""})
    return [name for name in names if (CHECKOUT / name).is_file()]
