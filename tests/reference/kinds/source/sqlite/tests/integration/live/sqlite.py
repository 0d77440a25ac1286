"""The system that integration tests read from; they write nothing."""

from acme.sources import SQLite
from . import skip_without

CONFIG_KEY = "sqlite_test"
COUNTED = """
    WITH RECURSIVE counted (number) AS (SELECT 1 UNION ALL
    SELECT number + 1 FROM counted LIMIT {rows})
    SELECT CAST(number AS INTEGER) AS number FROM counted
"""
QUERY = COUNTED.format(rows=3)


def connect() -> SQLite:
    """Return the source; skip without its config key."""
    skip_without(CONFIG_KEY)
    return SQLite(config_key=CONFIG_KEY)
