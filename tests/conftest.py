"""The real parts, one of each for the whole session."""

from collections.abc import Iterator

import pytest
from sourcewright.services import Azurite, PostgreSQL, PrefectServer


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
