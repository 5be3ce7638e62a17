"""Odoo 19 itself: the user's own, or Debian's package unpacked into the cache.

Debian's ``odoo-19`` is one package for all architectures and holds every community
addon. What Debian replaced by links to other packages is unpacked over the same root.
"""

import importlib.util
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from paths import CACHE, digest
from steps import Trouble, build_once, run

_PACKAGES = (
    "odoo-19",
    "fonts-roboto-unhinted",
    "fonts-montserrat",
    "fonts-inconsolata",
    "fonts-ocr-b",
    "fonts-glyphicons-halflings",
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
)
# Debian's Font Awesome is version 6, Odoo's icons are those of 4.7.
_FONT_AWESOME = "XStatic-Font-Awesome==4.7.0.0"
_SUITE = "sid"
_UNPACKED = CACHE / f"odoo-{digest(_PACKAGES, _FONT_AWESOME)}"


def find() -> Path:
    """Return the folder that holds the ``odoo`` package, without fetching it."""
    if "ODOO_PATH" in os.environ:
        folder = Path(os.environ["ODOO_PATH"]).resolve()
        if not _is_odoo_19(folder):
            raise Trouble(f"ODOO_PATH: {folder} does not hold an Odoo 19.")
        return folder
    spec = importlib.util.find_spec("odoo")
    for location in spec.submodule_search_locations if spec else ():
        folder = Path(location).resolve().parent
        if _is_odoo_19(folder):
            return folder
    return _UNPACKED / "usr/lib/python3/dist-packages"


def ensure(python: Path) -> None:
    """Fetch Odoo unless :func:`find` names one that is there.

    :param python: the interpreter whose pip fetches the icons
    """
    if _UNPACKED in find().parents:
        build_once(_UNPACKED, lambda root: _fetch(root, python))


def _is_odoo_19(folder: Path) -> bool:
    release = folder / "odoo" / "release.py"
    return release.is_file() and bool(
        re.search(r"^version_info = \(19, 0", release.read_text(), re.MULTILINE)
    )


def _fetch(root: Path, python: Path) -> None:
    if not shutil.which("apt-get"):
        raise Trouble("Set ODOO_PATH to the folder that holds Odoo 19's odoo package.")
    work = root / "download"
    (work / "lists/partial").mkdir(parents=True)
    (work / "sid.sources").write_text(_debian_unstable())
    apt = ["apt-get"]
    for option in (
        f"Dir::Etc::sourcelist={work / 'sid.sources'}",
        "Dir::Etc::sourceparts=-",
        f"Dir::State::Lists={work / 'lists'}",
        f"Dir::Cache={work}",
        "Acquire::Languages=none",
        "Acquire::Retries=3",
        "APT::Sandbox::User=root",
    ):
        apt += ["-o", option]
    run("Reading Debian's list of packages", [*apt, "update"])
    run("Fetching Odoo 19", [*apt, "download", *_PACKAGES], cwd=work)
    for archive in sorted(work.glob("*.deb")):
        name = archive.name.partition("_")[0]
        run(f"Unpacking {name}", ["dpkg-deb", "-x", archive, root])
    pip = [python, "-m", "pip", "install", "--quiet", "--no-deps", "--target"]
    run("Fetching the icons", [*pip, work / "icons", _FONT_AWESOME])
    addons = root / "usr/lib/python3/dist-packages/odoo/addons"
    icons = work / "icons/xstatic/pkg/font_awesome/data/fonts"
    for target in ("web/static/lib", "web/static/src/libs"):
        for font in icons.iterdir():
            place = addons / target / "fontawesome/fonts" / font.name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.unlink(missing_ok=True)
            shutil.copyfile(font, place)
    # Absent from Debian's package; the browser's error about it would fail tours.
    blur = addons / "mail/static/lib/selfie_segmentation/selfie_segmentation.js"
    blur.parent.mkdir(parents=True, exist_ok=True)
    blur.touch()
    shutil.rmtree(work)


def _debian_unstable() -> str:
    """Return an apt source for Debian unstable on the mirror this system uses."""
    for stanza in _apt_sources():
        if "security" not in stanza["Suites"] and "main" in stanza["Components"]:
            signed = stanza.get("Signed-By")
            lines = ["Types: deb", f"URIs: {stanza['URIs'].split()[0]}"]
            lines += [f"Suites: {_SUITE}", "Components: main"]
            lines += [f"Signed-By: {signed}"] if signed else []
            return "\n".join(lines) + "\n"
    raise Trouble("apt names no mirror: set ODOO_PATH to a folder that holds Odoo 19.")


def _apt_sources() -> Iterator[dict[str, str]]:
    """Yield the system's package sources, of both of apt's formats."""
    folder = Path("/etc/apt")
    for path in sorted(folder.glob("sources.list.d/*.sources")):
        text = re.sub(r"^#.*\n", "", path.read_text(), flags=re.MULTILINE)
        for stanza in re.split(r"\n\s*\n", text):
            source = dict(re.findall(r"^([\w-]+):[ \t]*(.+)$", stanza, re.MULTILINE))
            if {"URIs", "Suites", "Components"} <= source.keys():
                yield source
    lists = [folder / "sources.list", *sorted(folder.glob("sources.list.d/*.list"))]
    for path in filter(Path.is_file, lists):
        pattern = r"^deb\s+(?:\[(.*?)\]\s+)?(\S+)\s+(\S+)\s+(.+)$"
        for options, uri, suite, rest in re.findall(
            pattern, path.read_text(), re.MULTILINE
        ):
            source = {"URIs": uri, "Suites": suite, "Components": rest}
            if signed := re.search(r"signed-by=(\S+)", options):
                source["Signed-By"] = signed[1]
            yield source
