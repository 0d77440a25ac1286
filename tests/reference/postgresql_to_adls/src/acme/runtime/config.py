"""Credentials by config key, from a YAML file and from the environment.

In a package `acme`, the file is `~/.config/acme/config.yaml`, or the one that the
variable `ACME_CONFIG_PATH` names:

    version: 1
    sources:
      - my_config_key:
          class: PostgreSQL
          credentials:
            host: localhost

A variable `ACME__<CONFIG_KEY>__<FIELD>` adds a field, or overrides the file's, so that
passwords can stay out of files. Both are read at each call. No error shows a value.
"""

import os
from pathlib import Path
from typing import Any

import yaml

from .exceptions import ConfigError

# The package that holds the runtime: acme_ingest if it is acme.ingest.
NAME = (__package__.rpartition(".")[0] or __package__).replace(".", "_").lower()
PATH_VARIABLE = f"{NAME.upper()}_CONFIG_PATH"
FIELD_VARIABLE_PREFIX = f"{NAME.upper()}__"
DEFAULT_PATH = f"~/.config/{NAME}/config.yaml"


def config_path() -> Path:
    """Return the path of the configuration file, which need not exist."""
    return Path(os.environ.get(PATH_VARIABLE) or DEFAULT_PATH).expanduser()


def get_source_config(key: str) -> dict[str, Any]:
    """Return the entry of a config key: `class` and `credentials`.

    Raises:
        ConfigError: The file can't be read, or neither it nor the environment has the
            key.
    """
    path = config_path()
    entries = _read_entries(path)
    prefix = f"{FIELD_VARIABLE_PREFIX}{key.upper()}__"
    # No field has two underscores in its name; a key may have them.
    parts = {name: name.rpartition("__") for name, value in os.environ.items() if value}
    overrides = {
        field.lower(): os.environ[name]
        for name, (before, separator, field) in parts.items()
        if before + separator == prefix
    }
    if key not in entries and not overrides:
        known = ", ".join(sorted(entries)) or "none"
        raise ConfigError(
            f"There is no config key '{key}'.",
            f"{path} (keys: {known})",
            f"add it under `sources`, or set {prefix}<FIELD>.",
        )
    entry = entries.get(key, {"credentials": {}})
    return {**entry, "credentials": {**entry["credentials"], **overrides}}


def get_source_credentials(key: str) -> dict[str, Any]:
    """Return the credentials of a config key.

    Raises:
        ConfigError: As in `get_source_config`.
    """
    credentials: dict[str, Any] = get_source_config(key)["credentials"]
    return credentials


class _TwiceError(Exception):
    """A mapping has a key twice: its name, and the line of the second."""


class _Loader(yaml.SafeLoader):
    """Reads safely, and refuses a key that is there twice, as YAML itself does."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> Any:
        found: set[str] = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in found:
                raise _TwiceError(key.value, key.start_mark.line + 1)
            found.add(key.value)
        return super().construct_mapping(node, deep)


def _read_entries(path: Path) -> dict[str, dict[str, Any]]:
    """Return the file's entries by config key, or none if there is no file."""
    next_step = "compare it with config.yaml.example."
    try:
        content = yaml.load(path.read_text("utf-8"), _Loader) or {}  # noqa: S506
    except FileNotFoundError:
        return {}
    except OSError as err:
        raise ConfigError(
            "The configuration can't be read.", str(path), next_step
        ) from err
    except _TwiceError as err:
        name, number = err.args
        raise ConfigError(
            f"The configuration has '{name}' twice.",
            f"{path}, line {number}",
            "remove or rename one of them.",
        ) from None
    except (yaml.YAMLError, ValueError) as err:
        mark = getattr(err, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        # From None on purpose: the message may quote a secret. A ValueError is one of
        # UTF-8, or of a value that isn't what it seems to be, such as 2024-99-99.
        raise ConfigError(
            "The configuration is not valid YAML in UTF-8.", f"{path}{line}", next_step
        ) from None
    entries: dict[str, dict[str, Any]] = {}
    twice: list[str] = []
    try:
        for source in content["sources"]:
            for key, found in source.items():
                entry = found or {}
                credentials = entry.get("credentials") or {}
                if str(key) in entries:
                    twice.append(str(key))
                entries[str(key)] = {**entry, "credentials": {**credentials}}
    except (AttributeError, KeyError, TypeError):
        # From None on purpose: the message may quote a value.
        raise ConfigError(
            "The configuration has no list `sources` of `<key>: {class, credentials}`.",
            str(path),
            next_step,
        ) from None
    if twice:
        raise ConfigError(
            f"The configuration has the key '{twice[0]}' twice.",
            str(path),
            "remove or rename one of them.",
        )
    return entries
