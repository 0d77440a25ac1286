"""The system that integration tests read from; they write nothing."""

from acme.sources import Api0
from . import skip_without

CONFIG_KEY = "api_0_test"
QUERY = "orders?status=open"


def connect() -> Api0:
    """Return the source; skip without its config key."""
    skip_without(CONFIG_KEY)
    return Api0(config_key=CONFIG_KEY)
