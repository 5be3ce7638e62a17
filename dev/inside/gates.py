"""A pytest plugin: a skip that nobody listed fails the run, so does a logged warning.

Both lists stand in ``pyproject.toml``: ``allowed_skips`` holds lines of a node id's
pattern and a reason, ``allowed_warnings`` lines of a logger and a reason.
"""

import fnmatch
import logging

import pytest


class _Warnings(logging.Handler):
    """What was logged since the last look; ``assertLogs`` and ``mute_logger`` hide."""

    def __init__(self, allowed) -> None:
        super().__init__(logging.WARNING)
        self._allowed = tuple(allowed)
        self._lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        # A transaction that lost against another is tried again.
        retried = "could not serialize access" in record.getMessage()
        if not (retried or record.name.startswith(self._allowed)):
            self._lines.append(
                f"{record.levelname} {record.name}: {self.format(record)}"
            )

    def take(self) -> list[str]:
        lines, self._lines = self._lines, []
        return lines


class Gates:
    def __init__(self, config: pytest.Config) -> None:
        self._allowed_skips = _patterns(config, "allowed_skips")
        self._unlisted: list[str] = []
        self._warnings = _Warnings(_patterns(config, "allowed_warnings"))
        logging.getLogger().addHandler(self._warnings)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item):
        result = yield
        if lines := self._warnings.take():
            pytest.fail("logged:\n" + "\n".join(lines), pytrace=False)
        return result

    def pytest_runtest_logfinish(self):
        self._warnings.take()

    def pytest_runtest_logreport(self, report):
        if report.skipped and not hasattr(report, "wasxfail"):
            self._note(report)

    def pytest_collectreport(self, report):
        if report.skipped:
            self._note(report)

    def _note(self, report) -> None:
        if not any(fnmatch.fnmatch(report.nodeid, it) for it in self._allowed_skips):
            reason = report.longrepr[2] if report.longrepr else ""
            self._unlisted.append(f"{report.nodeid}: {reason}")

    def pytest_sessionfinish(self, session):
        if self._unlisted and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter):
        if self._unlisted:
            terminalreporter.section("skips that are not listed in pyproject.toml")
            for line in self._unlisted:
                terminalreporter.line(line)


def pytest_addoption(parser):
    parser.addini("allowed_skips", "pattern of a node id: reason", type="linelist")
    parser.addini("allowed_warnings", "logger: reason", type="linelist")


def pytest_configure(config):
    config.pluginmanager.register(Gates(config))


def _patterns(config: pytest.Config, name: str) -> list[str]:
    return [line.rpartition(": ")[0] for line in config.getini(name)]
