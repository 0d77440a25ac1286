"""The DuckDB file that integration tests write to, in a schema of their own."""

from typing import Any
import uuid

import duckdb
import pyarrow as pa

from acme.sources import DuckDBTables
from . import skip_without

CONFIG_KEY = "duckdb_test"
SCHEMA = "connector_tests"


def connect() -> DuckDBTables:
    """Return the destination, with its schema made; skip without its config key."""
    skip_without(CONFIG_KEY)
    execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    return DuckDBTables(config_key=CONFIG_KEY)


def fresh_target() -> str:
    """Return the name of a table that doesn't exist."""
    return f"{SCHEMA}.t_{uuid.uuid4().hex}"


def execute(statement: str) -> Any:
    """Execute a statement, and return the rows and the names of its columns."""
    fields = DuckDBTables(config_key=CONFIG_KEY).credentials
    with duckdb.connect(fields.path) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(statement)
        names = [name for name, *_ in connection.description or []]
        return connection.fetchall(), names


def read(table: str) -> pa.Table:
    """Return the rows of a table, in their order, or raise FileNotFoundError."""
    try:
        rows, names = execute(f"SELECT * FROM {table} ORDER BY 1")
    except duckdb.CatalogException as err:
        raise FileNotFoundError(table) from err
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    return pa.table(dict(zip(names, map(list, columns), strict=True)))
