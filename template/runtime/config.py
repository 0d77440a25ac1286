"""Credentials by config key, from a YAML file and from the environment.

The file is the one that `ACME_CONFIG_PATH` names, else
`~/.config/acme/config.yaml`:

    version: 1
    sources:
      - my_config_key:
          class: PostgreSQL
          credentials:
            host: localhost

A variable `ACME__<CONFIG_KEY>__<FIELD>` adds a field or takes precedence over the
file's, so that a password need not be in any file. Both are read at each call.
"""

from collections.abc import Mapping
import os
from pathlib import Path
from typing import Any

import yaml

from .exceptions import ConfigError

PATH_VARIABLE = "ACME_CONFIG_PATH"
FIELD_VARIABLE_PREFIX = "ACME__"
DEFAULT_PATH = "~/.config/acme/config.yaml"


def config_path() -> Path:
    """Return where the configuration file is expected; it need not exist."""
    return Path(os.environ.get(PATH_VARIABLE) or DEFAULT_PATH).expanduser()


def get_source_config(key: str) -> dict[str, Any]:
    """Return the entry of a config key: `class` and `credentials`.

    Raises:
        ConfigError: The file can't be read, or has no such key, and the environment
            has no field for it either.
    """
    entries = _read_entries(config_path())
    overrides = _fields_from_environment(key)
    if key not in entries and not overrides:
        known = ", ".join(sorted(entries)) or "none"
        raise ConfigError(
            f"There is no config key '{key}'.",
            f"{config_path()} (keys: {known})",
            f"add it under `sources`, or set {FIELD_VARIABLE_PREFIX}{key.upper()}__<FIELD>.",
        )
    entry = entries.get(key, {"credentials": {}})
    return {**entry, "credentials": {**entry["credentials"], **overrides}}


def get_source_credentials(key: str) -> dict[str, Any]:
    """Return the credentials of a config key.

    Raises:
        ConfigError: As `get_source_config`.
    """
    credentials: dict[str, Any] = get_source_config(key)["credentials"]
    return credentials


def _read_entries(path: Path) -> dict[str, dict[str, Any]]:
    """Return the file's entries by config key; none where there is no file."""
    next_step = "compare it with config.yaml.example."
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as err:
        raise ConfigError(
            "The configuration can't be read.", str(path), next_step
        ) from err
    except yaml.YAMLError as err:
        mark = getattr(err, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        # From None on purpose: YAML's message quotes the line, which may hold a secret.
        raise ConfigError(
            "The configuration is not valid YAML.", f"{path}{line}", next_step
        ) from None
    try:
        return {
            str(key): {**(entry or {}), "credentials": {**_credentials(entry)}}
            for source in content["sources"]
            for key, entry in source.items()
        }
    except (AttributeError, KeyError, TypeError):
        # From None on purpose: the message may quote a value.
        raise ConfigError(
            "The configuration has no list `sources` of `<key>: {class, credentials}`.",
            str(path),
            next_step,
        ) from None


def _credentials(entry: Any) -> Mapping[str, Any]:
    """Return the credentials of an entry; none where it has none."""
    return (entry or {}).get("credentials") or {}


def _fields_from_environment(key: str) -> dict[str, str]:
    """Return the credential fields that the environment gives for a config key."""
    prefix = f"{FIELD_VARIABLE_PREFIX}{key.upper()}__"
    return {
        name.removeprefix(prefix).lower(): value
        for name, value in os.environ.items()
        if name.startswith(prefix) and value
    }
