"""The system that integration tests read from; they write nothing."""

from acme.sources import Api1
from . import skip_without

CONFIG_KEY = "api_1_test"
QUERY = "orders?status=open"


def connect() -> Api1:
    """Return the source; skip without its config key."""
    skip_without(CONFIG_KEY)
    return Api1(config_key=CONFIG_KEY)
