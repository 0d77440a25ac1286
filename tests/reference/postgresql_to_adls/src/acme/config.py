"""Credentials by config key: see `acme.runtime.config`."""

from acme.runtime.config import get_source_config, get_source_credentials

__all__ = ["get_source_config", "get_source_credentials"]
