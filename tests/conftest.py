"""The real parts, one of each for the whole session, and a project in memory."""

import os
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sourcewright.services import Azurite, PostgreSQL, PrefectServer

from tests import results, shared_prefect
from tests.once import Once
from tests.project_in_memory import Project
from tests.startup import quick_copier

if TYPE_CHECKING:
    from tests.canaries import Canaries

pytest_plugins = ("tests.canaries",)

SIDE_BY_SIDE = "PYTEST_XDIST_WORKER" in os.environ  # one of several processes

# A shell without job control makes what it starts in the background ignore Ctrl-C, and
# so would every command under test.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Once:
    """Return what makes a folder once for all processes of this run."""
    base = tmp_path_factory.getbasetemp()
    return Once(base.parent if SIDE_BY_SIDE else base)


@pytest.fixture(scope="session", autouse=True)
def compiled_once(once: Once) -> None:
    """Have Jinja compile a text once, here and in what the tests start."""
    os.environ[quick_copier.FOLDER] = str(once.folder("compiled"))
    quick_copier.install()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgreSQL]:
    """One server for all; a test that writes makes a database of its own."""
    with PostgreSQL() as server:
        yield server


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    """One service for all; a test that writes makes a container of its own."""
    with Azurite() as service:
        yield service


@pytest.fixture(scope="session")
def prefect_server(once: Once, canaries: "Canaries") -> Iterator[PrefectServer]:
    """One server for all; return its `environment` to the process that runs a flow."""
    if SIDE_BY_SIDE:
        server = shared_prefect.shared(once)
        canaries.folders.append(server.home)
        yield server
        return
    with PrefectServer() as server:
        yield server


@pytest.fixture
def project_of() -> type[Project]:
    """Return what makes a project in memory: weave with it without a disk."""
    return Project


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `make matrix` say that the counts are to be kept, and what it is called."""
    parser.addoption("--keep-results", metavar="COMMAND", help="See tests/results.py.")


def pytest_configure(config: pytest.Config) -> None:
    """Gather the counts where all reports come together."""
    command = config.getoption("--keep-results")
    if command and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Gathered(command))


@pytest.fixture
def keep(record_property: Callable[[str, object], None]) -> results.Keep:
    """Return what tells the counts of a sweep."""

    def tell(sweep: str, /, **row: str | int) -> None:
        record_property("matrix", [sweep, row])

    return tell


class _Gathered:
    """The rows of all sweeps of a session, written at its end."""

    def __init__(self, command: str) -> None:
        self.head = {
            "command": command,
            "date": f"{datetime.now(UTC):%Y-%m-%d}",
            "commit": results.commit(),
        }
        self.start = time.monotonic()
        self.tests = Counter[str]()
        self.rows = defaultdict[str, list[dict[str, str | int]]](list)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count the test, and take the rows that it told."""
        if report.when == "call" or report.failed:
            self.tests[report.outcome] += 1
        if report.when == "teardown":
            for name, value in report.user_properties:
                if name == "matrix":
                    sweep, row = value
                    self.rows[sweep].append(row)

    def pytest_sessionfinish(self) -> None:
        """Write each sweep's file."""
        passed, failed = self.tests["passed"], self.tests["failed"]
        head = {
            **self.head,
            "minutes": f"{(time.monotonic() - self.start) / 60:.0f}",
            "tests": f"{passed} passed, {failed} failed",
        }
        for sweep, rows in self.rows.items():
            results.write(sweep, head, rows)
