"""The system that integration tests read from; they write nothing."""

from acme.sources import Oracle
from . import skip_without

CONFIG_KEY = "oracle_test"
COUNTED = 'SELECT LEVEL AS "number" FROM dual CONNECT BY LEVEL <= {rows}'
QUERY = COUNTED.format(rows=3)


def connect() -> Oracle:
    """Return the source; skip without its config key."""
    skip_without(CONFIG_KEY)
    return Oracle(config_key=CONFIG_KEY)
