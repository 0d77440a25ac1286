"""The system that integration tests read from; they write nothing."""

from acme.sources import GenericSQL
from . import skip_without

CONFIG_KEY = "generic_test"
COUNTED = """
    WITH RECURSIVE counted (number) AS
    (SELECT 1 UNION ALL SELECT number + 1 FROM counted WHERE number < {rows})
    SELECT number FROM counted
"""
QUERY = COUNTED.format(rows=3)


def connect() -> GenericSQL:
    """Return the source; skip without its config key."""
    skip_without(CONFIG_KEY)
    return GenericSQL(config_key=CONFIG_KEY)
