"""The real systems of integration tests, a module each."""

import pytest

from acme.config import get_source_credentials
from acme.exceptions import ConfigError


def skip_without(config_key: str) -> None:
    """Skip the calling test if the configuration has no such key."""
    try:
        get_source_credentials(config_key)
    except ConfigError as err:
        pytest.skip(f"{err} Without it there is no system to test on.")
