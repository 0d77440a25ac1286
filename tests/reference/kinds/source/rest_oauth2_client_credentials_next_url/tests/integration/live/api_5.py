"""The system that integration tests read from; they write nothing."""

from acme.sources import Api5
from . import skip_without

CONFIG_KEY = "api_5_test"
QUERY = "orders?status=open"


def connect() -> Api5:
    """Return the source; skip without its config key."""
    skip_without(CONFIG_KEY)
    return Api5(config_key=CONFIG_KEY)
