"""What every test run needs: one PostgreSQL, safe secrets, and no skip where skips are forbidden.

The settings read the environment when they are imported, so all of it is set before Django is: in the process that
starts the run, whose environment the xdist workers inherit. `DATABASE_URL` set by the caller is used as it is.
"""

import importlib.util
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from _pytest.nodeid import coerce_node_id

from tests.results import plugin as results

if TYPE_CHECKING:
    from paritycheck.local.postgres import Embedded

SETTINGS = "paritycheck.config.settings"
# Rooms whose tests touch no database of the run: asked for alone they start no server. `core` and `agent` also work
# where the server's dependencies are missing.
PURE = ("core", "agent", "local", "architecture")
DEFAULTS = {
    "SECRET_KEY": "a secret key for tests, of more than fifty characters in all",
    "PEPPER": "a pepper for tests, of more than fifty characters in all",
    "FIELD_KEY": "a2V5IGZvciB0ZXN0cywgdGhpcnR5LXR3byBieXRlcyE=",
    "ALLOWED_HOSTS": "127.0.0.1,localhost,[::1],testserver",
    "PARITYCHECK_TESTING": "1",
}
NO_SKIP = "PARITYCHECK_NO_SKIP"
OWN_SERVER = "PARITYCHECK_TESTS_OWN_SERVER"
"""Set for the workers where the run started PostgreSQL itself, and may do there what only a superuser may."""
PROBES = "tests/agent/probes/"
# Nothing here has to survive a power cut.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
SERVER: "pytest.StashKey[Embedded]" = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--long`: what walks at random walks further, what tries examples tries twenty times as many."""
    parser.addoption("--long", action="store_true", help="take the long form of tests that have one")


def pytest_configure(config: pytest.Config) -> None:
    """Start the server and name the settings; pytest-django sets Django up after this."""
    # A run in the background ignores Ctrl-C, and what it starts would inherit that: tests press it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if importlib.util.find_spec("hypothesis") is not None:
        _without_deadlines(examples=2_000 if config.getoption("long") else 100)
    if _pure(config) or config.getoption("help", default=False) or importlib.util.find_spec("django") is None:
        return
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    if "DATABASE_URL" not in os.environ and "DATABASE_URL_FILE" not in os.environ:
        _start_server(config)
    os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS
    from django.conf import settings

    _ = settings.DATABASES


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server; its keeper deletes the directory."""
    server = config.stash.get(SERVER, None)
    if server is not None:
        server.close()
        for name in ("DATABASE_URL", OWN_SERVER):
            os.environ.pop(name, None)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Note which rows tests answer for, and keep the tests of an xdist_group in one worker: xdist 3.8 does so by an
    attribute that pytest 9.2 has no more.
    """
    results.mark(items)
    if not getattr(config.option, "loadgroup", False):
        return
    for item in items:
        group = item.get_closest_marker("xdist_group")
        if group is not None and not item.nodeid.endswith(f"@{group.args[0]}"):
            item._id = coerce_node_id(f"{item.nodeid}@{group.args[0]}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where skips are forbidden a skipped test is a failed one: CI must not go green on what it did not run."""
    del item, call
    report = yield
    if report.skipped and os.environ.get(NO_SKIP) == "1" and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{NO_SKIP}=1 forbids this skip: {reason}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what rows of the lists were tested, and how each kind of service is probed, behind a run that did so.

    This runs where the whole run does, not in the workers of xdist: what they did is in the reports.
    """
    results.show(terminalreporter)
    reports = (report for each in terminalreporter.stats.values() for report in each)
    if any(str(getattr(report, "nodeid", "")).startswith(PROBES) for report in reports):
        from tests.agent.probes.table import lines

        terminalreporter.section("How the agent finds the version of a service")
        for row in lines():
            terminalreporter.write_line(row)


@pytest.fixture(scope="session", autouse=True)
def emptied_by_deleting() -> Iterator[None]:
    """A test that commits is followed by emptying all tables: TRUNCATE makes the files of each anew, 0.2 s in all."""
    if not _on_own_server():
        yield
        return
    from django.db.backends.postgresql.operations import DatabaseOperations

    def sql_flush(self: Any, _style: Any, tables: Any, **_: Any) -> list[str]:
        # Without foreign keys and without the guard of the audit log, as TRUNCATE does.
        names = [self.quote_name(table) for table in tables]
        deleted = [f"DELETE FROM {name}" for name in names]  # noqa: S608  Django's own names
        return ["SET session_replication_role = replica", *deleted, "SET session_replication_role = DEFAULT"]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", sql_flush)
        yield


@pytest.fixture
def program() -> Callable[[str, str], str]:
    """`program("redis-server", "redis-server")`: the path of a program, or a skip that names its Debian package."""

    def find(name: str, package: str) -> str:
        path = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")
        if path is None:
            pytest.skip(f"{name} is not here. Install it with: apt-get install {package}")
        return path

    return find


def _pure(config: pytest.Config) -> bool:
    """Whether only tests of pure rooms were asked for, by path."""
    here = Path(__file__).resolve().parent
    asked = [Path(argument.split("::", 1)[0]).resolve() for argument in config.args]
    return bool(asked) and all(any(path.is_relative_to(here / room) for room in PURE) for path in asked)


def _on_own_server() -> bool:
    """Whether tests of this process ask the server that the run started; those of pure rooms ask none."""
    if OWN_SERVER not in os.environ:
        return False
    from django.conf import settings

    return settings.configured


def _without_deadlines(examples: int) -> None:
    """How long one example takes says more of what else the machine does than of the code."""
    import hypothesis

    hypothesis.settings.register_profile("no deadlines", deadline=None, max_examples=examples)
    hypothesis.settings.load_profile("no deadlines")


def _start_server(config: pytest.Config) -> None:
    from paritycheck.local.postgres import Embedded

    server = Embedded(Path(tempfile.mkdtemp(prefix="paritycheck-tests-")), settings=FAST, temporary=True)
    os.environ["DATABASE_URL"], os.environ[OWN_SERVER] = server.open(), "1"
    config.stash[SERVER] = server
