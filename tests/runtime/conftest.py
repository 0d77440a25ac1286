"""Destinations on real parts, and a server of MariaDB."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sourcewright.services import Azurite, PostgreSQL

from tests.mariadb import MariaDB, missing
from tests.runtime import places

# So that its assertions say what they compared.
pytest.register_assert_rewrite("contracts")


@pytest.fixture(scope="session")
def lake(azurite: Azurite) -> places.Files:
    return places.lake(azurite)


@pytest.fixture(scope="session")
def store() -> Iterator[places.Files]:
    with places.store() as store:
        yield store


@pytest.fixture
def folder(tmp_path: Path) -> places.Files:
    return places.folder(tmp_path)


@pytest.fixture(scope="session")
def warehouse(postgres: PostgreSQL) -> places.Warehouse:
    return places.Warehouse(postgres)


@pytest.fixture
def database_file(tmp_path: Path) -> places.DatabaseFile:
    found = places.DatabaseFile(tmp_path / "it's a [warehouse].duckdb")
    found.execute(f"CREATE SCHEMA {places.SCHEMA}")
    return found


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDB]:
    """One server for all; skips if the machine has none."""
    if lacking := missing():
        pytest.skip(lacking)
    with MariaDB() as server:
        yield server
