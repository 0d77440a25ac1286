"""The PostgreSQL server that integration tests write to, in a schema of their own."""

import contextlib
from typing import Any
import uuid

import psycopg2
import pyarrow as pa

from acme.sources import Warehouse
from . import skip_without

CONFIG_KEY = "warehouse_test"
SCHEMA = "connector_tests"


def connect() -> Warehouse:
    """Return the destination, with its schema made; skip without its config key."""
    skip_without(CONFIG_KEY)
    destination = Warehouse(config_key=CONFIG_KEY)
    execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    return destination


def fresh_target() -> str:
    """Return the name of a table that doesn't exist."""
    return f"{SCHEMA}.t_{uuid.uuid4().hex}"


def execute(statement: str) -> Any:
    """Execute a statement, and return the rows and the description of its columns."""
    fields = Warehouse(config_key=CONFIG_KEY).credentials
    connection = psycopg2.connect(
        host=fields.host,
        port=fields.port,
        dbname=fields.database,
        user=fields.user,
        password=fields.password.get_secret_value() if fields.password else None,
    )
    with contextlib.closing(connection), connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else [], cursor.description


def read(table: str) -> pa.Table:
    """Return the rows of a table, in their order, or raise FileNotFoundError."""
    try:
        rows, description = execute(f"SELECT * FROM {table} ORDER BY 1")
    except psycopg2.errors.UndefinedTable as err:
        raise FileNotFoundError(table) from err
    names = [column.name for column in description]
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    return pa.table(dict(zip(names, map(list, columns), strict=True)))
