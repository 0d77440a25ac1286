"""The system that integration tests read from; they write nothing."""

from acme.sources import Api3
from . import skip_without

CONFIG_KEY = "api_3_test"
QUERY = "orders?status=open"


def connect() -> Api3:
    """Return the source; skip without its config key."""
    skip_without(CONFIG_KEY)
    return Api3(config_key=CONFIG_KEY)
