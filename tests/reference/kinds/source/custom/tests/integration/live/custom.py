"""The system that integration tests read from; they write nothing."""

from acme.sources import Custom
from . import skip_without

CONFIG_KEY = "custom_test"
QUERY = "3"


def connect() -> Custom:
    """Return the source; skip without its config key."""
    skip_without(CONFIG_KEY)
    return Custom(config_key=CONFIG_KEY)
