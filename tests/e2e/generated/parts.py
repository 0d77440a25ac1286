"""Copies of the golden, and processes that run its code.

The generated package is never imported here: each process imports its own copy, so that
Prefect's settings, the configuration and the coverage of that process are its own.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sourcewright.services import Azurite, PostgreSQL

from tests.golden import GOLDEN

HERE = Path(__file__).parent

# Variables that would bend what the processes do.
FOREIGN_PREFIXES = ("ACME", "COV_", "PREFECT_", "PYTEST_", "PYTHON", "VIRTUAL_ENV")


# What tools leave in a project. A tool may be at work there while it is copied.
LEFT_BEHIND = shutil.ignore_patterns(
    *("__pycache__", ".*_cache", ".coverage*", "report.xml", "site")
)


def copy_project(project: Path, target: Path) -> Path:
    """Copy a project, but not what tools left in it."""
    return Path(shutil.copytree(project, target, ignore=LEFT_BEHIND))


def copy_golden(target: Path) -> Path:
    """Copy the golden to where a test may change it and leave caches behind."""
    return copy_project(GOLDEN, target)


def environment(
    project: Path, *, config: Path | None = None, **more: str
) -> dict[str, str]:
    """Return the variables of a process that imports the package of `project`.

    Without `config` there is no config key at all.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(FOREIGN_PREFIXES)
    }
    return {
        **kept,
        "ACME_CONFIG_PATH": str(config or project / "no-such-config.yaml"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PYTHONPATH": str(project / "src"),
        "PYTHONUNBUFFERED": "1",
        **more,
    }


def postgresql_credentials(
    server: PostgreSQL, **other: str | int
) -> dict[str, str | int]:
    """Return what the golden's PostgreSQL takes, with some fields replaced."""
    fields: dict[str, str | int] = {
        "host": server.host,
        "port": server.port,
        "database": server.database,
        "user": server.user,
        "password": server.password,
    }
    return fields | other


def connection_string(service: Azurite, *, port: int | None = None) -> str:
    """Return Azurite's connection string, through another port if one is given."""
    url = service.blob_url
    return service.connection_string.replace(
        url, url.replace(f":{service.port}/", f":{port or service.port}/")
    )


def write_config(path: Path, credentials: Mapping[str, Mapping[str, Any]]) -> Path:
    """Write a configuration: the credentials of each config key."""
    sources = [{key: {"credentials": fields}} for key, fields in credentials.items()]
    path.touch(mode=0o600)
    path.write_text(json.dumps({"version": 1, "sources": sources}), encoding="utf-8")
    return path  # JSON is YAML


def run(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str],
    cwd: Path,
    stdin: str | None = None,
    seconds: float = 300,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; its two outputs come as one text."""
    return subprocess.run(
        [str(part) for part in command],
        input=stdin,
        env=env,
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        timeout=seconds,
        check=False,
    )
