"""The real parts, one of each for the whole session, and a project in memory."""

import signal
from collections.abc import Iterator

import pytest
from sourcewright.services import Azurite, PostgreSQL, PrefectServer

from tests.project_in_memory import Project

# A shell without job control makes what it starts in the background ignore Ctrl-C, and
# so would every command under test.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


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
def prefect_server() -> Iterator[PrefectServer]:
    """One server for all; give its `environment` to the process that runs a flow."""
    with PrefectServer() as server:
        yield server


@pytest.fixture
def project_of() -> type[Project]:
    """Give what makes a project in memory: weave with it without a disk."""
    return Project
