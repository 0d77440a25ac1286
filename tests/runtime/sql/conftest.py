"""The databases that the sources read."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sourcewright.services import PostgreSQL

from tests.mariadb import MariaDB


@pytest.fixture(scope="session")
def of_plain_mariadb(mariadb: MariaDB) -> dict[str, Any]:
    """The credentials, for GenericSQL, of a user whose password is ASCII alone.

    The driver itself takes no other.
    """
    mariadb.sql("CREATE OR REPLACE USER plain IDENTIFIED BY 'plain'")
    mariadb.sql("GRANT SELECT ON *.* TO plain")
    user = {"user": "plain", "password": "plain", "drivername": "mysql+pymysql"}
    return {**mariadb.credentials, **user}


@pytest.fixture(scope="session")
def of_postgresql(postgres: PostgreSQL) -> dict[str, Any]:
    """The credentials of the server's own database."""
    return {
        "host": postgres.host,
        "port": postgres.port,
        "database": postgres.database,
        "user": postgres.user,
        "password": postgres.password,
    }


@pytest.fixture
def sqlite_path(tmp_path: Path) -> Path:
    """An empty database."""
    path = tmp_path / "shop.sqlite"
    sqlite3.connect(path).close()
    return path


@pytest.fixture
def duckdb_path(tmp_path: Path) -> Path:
    """An empty database."""
    path = tmp_path / "shop.duckdb"
    with closing(duckdb.connect(path)):
        return path
