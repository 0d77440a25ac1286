"""The system that integration tests read from; they write nothing."""

from acme.sources import MariaDB
from . import skip_without

CONFIG_KEY = "mariadb_test"
COUNTED = """
    WITH RECURSIVE counted AS
    (SELECT 1 AS number UNION ALL SELECT number + 1 FROM counted WHERE number < {rows})
    SELECT number FROM counted
"""
QUERY = COUNTED.format(rows=3)


def connect() -> MariaDB:
    """Return the source; skip without its config key."""
    skip_without(CONFIG_KEY)
    return MariaDB(config_key=CONFIG_KEY)
