"""The system that integration tests read from; they write nothing."""

from acme.sources import Api2
from . import skip_without

CONFIG_KEY = "api_2_test"
QUERY = "orders?status=open"


def connect() -> Api2:
    """Return the source; skip without its config key."""
    skip_without(CONFIG_KEY)
    return Api2(config_key=CONFIG_KEY)
