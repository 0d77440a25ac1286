"""The system that integration tests read from; they write nothing."""

from acme.sources import Api4
from . import skip_without

CONFIG_KEY = "api_4_test"
QUERY = "orders?status=open"


def connect() -> Api4:
    """Return the source; skip without its config key."""
    skip_without(CONFIG_KEY)
    return Api4(config_key=CONFIG_KEY)
