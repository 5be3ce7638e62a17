"""Steps of a set-up: shown while they run, redone when they were cut short.

A step builds a folder of a new name and is complete when a link names it. Whatever
stopped it before (Ctrl-C, ``kill -9``, a power cut), the next command starts anew, and
what the interrupted step may still be writing is in nobody's way.
"""

import contextlib
import ctypes
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from paths import LOGS

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)
_PROGRESS_SECONDS = 10  # between two lines of progress, where no terminal is watching


class Trouble(Exception):
    """Something the user has to know or do, in one sentence."""


def say(text: str) -> None:
    """Tell the user; standard output is for results."""
    print(text, file=sys.stderr, flush=True)


def end_with_parent(with_signal: int = signal.SIGKILL) -> Callable[[], None]:
    """Return a ``preexec_fn``: the program ends when its parent does, however."""

    def prepare() -> None:
        if hasattr(_LIBC, "prctl"):  # Linux
            _LIBC.prctl(_PR_SET_PDEATHSIG, with_signal, 0, 0, 0)

    return prepare


def spawn(command: Sequence, **options) -> subprocess.Popen:
    """Start a program that this command alone may signal, and that ends with it."""
    options = {
        "stdin": subprocess.DEVNULL,
        "start_new_session": True,
        "preexec_fn": end_with_parent(),
        **options,
    }
    return subprocess.Popen([str(part) for part in command], **options)


def end(process: subprocess.Popen, patience: float = 20) -> None:
    """Ask a program to end, wait, and insist after ``patience`` seconds."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def run(what: str, command: Sequence, log: str = "setup", **options) -> list[str]:
    """Run a program to its end, its output in a log, and show that it is running.

    :param what: what the user is waiting for
    :return: the lines of its output
    :raises Trouble: it failed; the end of its output has been shown
    """
    LOGS.mkdir(parents=True, exist_ok=True)
    path = LOGS / f"{log}.log"
    with path.open("ab") as output:
        begin = output.tell()
        with Progress(what) as progress:
            process = spawn(command, stdout=output, stderr=subprocess.STDOUT, **options)
            try:
                while process.poll() is None:
                    progress.tick()
                    time.sleep(0.1)
            finally:
                end(process)
    with path.open("rb") as output:
        output.seek(begin)
        lines = output.read().decode(errors="replace").splitlines()
    if process.returncode:
        say("\n".join(lines[-30:]))
        raise Trouble(f"{what} failed; {path} has the whole output.")
    return lines


class Progress:
    """A line that says what takes so long, from its first second on.

    On a terminal one line counts the seconds; elsewhere a line is added now and then.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._begin = self._told = time.monotonic()
        self._terminal = sys.stderr.isatty()

    def __enter__(self) -> "Progress":
        if not self._terminal:
            say(f"{self._what} …")
        return self

    def tick(self) -> None:
        now = time.monotonic()
        seconds = int(now - self._begin)
        if self._terminal and seconds:
            print(f"\r{self._what} … {seconds} s", end="", file=sys.stderr, flush=True)
        elif not self._terminal and now - self._told >= _PROGRESS_SECONDS:
            self._told = now
            say(f"{self._what} … {seconds} s")

    def __exit__(self, *_error) -> None:
        if self._terminal and time.monotonic() - self._begin >= 1:
            say("")


def build_once(folder: Path, build: Callable[[Path], None]) -> Path:
    """Return the folder that ``folder``, a link, names; build it if it is not there.

    ``build`` gets a new folder, to which the link is made as the last act. The caller
    holds a lock.
    """
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        _remove(folder.parent.glob(f"{folder.name}.*"))
        work = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
        work.chmod(0o755)
        build(work)
        folder.unlink(missing_ok=True)
        folder.symlink_to(work.name)
        _remove(set(folder.parent.glob(f"{folder.name}.*")) - {work})
    return folder.resolve()


def _remove(remains: Iterable[Path]) -> None:
    for path in remains:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def lock(path: Path, *, shared: bool = False) -> Iterator[None]:
    """Hold a lock until the block ends or the process does, whatever ends it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    with path.open("a") as handle:
        try:
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            with Progress("Waiting for another command to finish its set-up"):
                fcntl.flock(handle, kind)
        yield


def is_root() -> bool:
    return os.geteuid() == 0
