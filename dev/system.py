"""Packages of the system: as root they are installed, else they are named."""

import os
import shutil

from paths import CACHE
from steps import Trouble, is_root, lock, run

_NONINTERACTIVE = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}


def ensure_packages(why: str, *packages: str) -> None:
    """Install Debian packages.

    :param why: what cannot be done without them
    :raises Trouble: this user or this system cannot install them
    """
    names = " ".join(packages)
    if not (is_root() and shutil.which("apt-get")):
        raise Trouble(f"{why} needs: apt-get install {names}")
    # Killed half-way, dpkg would need repair: these may outlive this command.
    options = {"env": _NONINTERACTIVE, "preexec_fn": None}
    apt = ["apt-get", "-o", "DPkg::Lock::Timeout=600", "-o", "Acquire::Retries=3"]
    install = [*apt, "install", "-y", "--no-install-recommends", *packages]
    repair = ["dpkg", "--configure", "-a"]
    with lock(CACHE / "apt.lock"):
        run("Repairing interrupted installations", repair, **options)
        run("Updating the list of packages", [*apt, "update"], **options)
        run(f"Installing {names}", install, **options)


def ensure_browser() -> None:
    """Chromium, for tours and screenshots, with Chinese letters."""
    missing = [
        package
        for package, there in {
            "chromium": shutil.which("chromium"),
            "chromium-driver": shutil.which("chromedriver"),
            "fonts-noto-cjk": os.path.exists("/usr/share/fonts/opentype/noto"),
        }.items()
        if not there
    ]
    if missing:
        ensure_packages("A test in the browser", *missing)
