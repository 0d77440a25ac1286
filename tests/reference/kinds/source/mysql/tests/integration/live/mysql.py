"""The system that integration tests read from; they write nothing."""

from acme.sources import MySQL
from . import skip_without

CONFIG_KEY = "mysql_test"
COUNTED = """
    WITH RECURSIVE counted AS
    (SELECT 1 AS number UNION ALL SELECT number + 1 FROM counted WHERE number < {rows})
    SELECT number FROM counted
"""
QUERY = COUNTED.format(rows=3)


def connect() -> MySQL:
    """Return the source; skip without its config key."""
    skip_without(CONFIG_KEY)
    return MySQL(config_key=CONFIG_KEY)
