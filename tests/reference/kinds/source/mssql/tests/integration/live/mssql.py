"""The system that integration tests read from; they write nothing."""

from acme.sources import MSSQL
from . import skip_without

CONFIG_KEY = "mssql_test"
COUNTED = """
    SELECT TOP ({rows}) ROW_NUMBER() OVER (ORDER BY (SELECT NULL)) AS number
    FROM sys.all_columns AS one, sys.all_columns AS two, sys.all_columns AS three
"""
QUERY = COUNTED.format(rows=3)


def connect() -> MSSQL:
    """Return the source; skip without its config key."""
    skip_without(CONFIG_KEY)
    return MSSQL(config_key=CONFIG_KEY)
