"""The addons: those of this checkout and what they depend on."""

import ast
from collections.abc import Iterable
from pathlib import Path

from environment import Environment
from paths import CHECKOUT, digest

CORE = "internal_customer"
_MANIFEST = "__manifest__.py"
_NOT_IN_DATABASE = {"tests", "static", "readme", "__pycache__"}


def of_checkout() -> list[str]:
    return sorted(path.parent.name for path in CHECKOUT.glob(f"*/{_MANIFEST}"))


def find(name: str, environment: Environment) -> Path | None:
    """Return the folder of an addon; None if there is none of that name."""
    for folder in (CHECKOUT, environment.oca, *_of_odoo(environment)):
        if (folder / name / _MANIFEST).is_file():
            return folder / name
    return None


def with_dependencies(names: Iterable[str], environment: Environment) -> set[str]:
    """Return ``names`` and everything they depend on, as far as it is there."""
    found: set[str] = set()
    left = list(names)
    while left:
        name = left.pop()
        folder = find(name, environment)
        if name not in found and folder:
            found.add(name)
            manifest = ast.literal_eval((folder / _MANIFEST).read_text())
            left += manifest.get("depends") or ["base"]
    return found


def sources() -> dict[str, str]:
    """Return a digest of each addon of the checkout: what a database is made from."""
    return {name: _digest(CHECKOUT / name) for name in of_checkout()}


def _digest(folder: Path) -> str:
    parts: list[str] = []
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.is_file() and not _NOT_IN_DATABASE.intersection(inside.parts):
            parts += [str(inside), path.read_bytes().hex()]
    return digest(*parts)


def _of_odoo(environment: Environment) -> list[Path]:
    return [environment.odoo / "odoo/addons", environment.odoo / "addons"]
