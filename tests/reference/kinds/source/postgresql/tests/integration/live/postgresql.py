"""The system that integration tests read from; they write nothing."""

from acme.sources import PostgreSQL
from . import skip_without

CONFIG_KEY = "postgresql_test"
COUNTED = "SELECT generate_series(1, {rows}) AS number"
QUERY = COUNTED.format(rows=3)


def connect() -> PostgreSQL:
    """Return the source; skip without its config key."""
    skip_without(CONFIG_KEY)
    return PostgreSQL(config_key=CONFIG_KEY)
