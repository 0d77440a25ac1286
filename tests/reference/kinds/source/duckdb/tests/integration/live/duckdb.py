"""The system that integration tests read from; they write nothing."""

from acme.sources import DuckDB
from . import skip_without

CONFIG_KEY = "duckdb_test"
COUNTED = "SELECT range + 1 AS number FROM range({rows})"
QUERY = COUNTED.format(rows=3)


def connect() -> DuckDB:
    """Return the source; skip without its config key."""
    skip_without(CONFIG_KEY)
    return DuckDB(config_key=CONFIG_KEY)
