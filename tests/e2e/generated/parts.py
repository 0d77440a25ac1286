"""Copies of the golden, and processes that run its code.

The generated package is never imported here: each process imports its own copy, so that
Prefect's settings, the configuration and the coverage of that process are its own.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

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


class Flows:
    """One process that runs flows of a project: to import them takes seconds.

    Args:
        project: The project.
        config: The configuration, which is read for each flow.
        server: The variables that name Prefect's server.
    """

    def __init__(
        self, project: Path, config: Path, server: Mapping[str, str], log: Path
    ) -> None:
        self.config = config
        self._log = log
        with log.open("wb") as said:
            self._process = subprocess.Popen(
                [sys.executable, HERE / "kind_driver.py"],
                env=environment(project, config=config, **server),
                cwd=project,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.communicate()

    def run(self, *orders: tuple[str, Mapping[str, Any]]) -> str:
        """Run flows, each with its arguments; return all that was said until now."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(orders) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        said = self._log.read_text("utf-8", "replace")
        assert answer, said[-5000:]
        return said


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
