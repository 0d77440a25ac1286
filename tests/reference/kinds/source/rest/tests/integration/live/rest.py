"""The system that integration tests read from; they write nothing."""

from acme.sources import Rest
from . import skip_without

CONFIG_KEY = "rest_test"
QUERY = "orders?status=open"


def connect() -> Rest:
    """Return the source; skip without its config key."""
    skip_without(CONFIG_KEY)
    return Rest(config_key=CONFIG_KEY)
