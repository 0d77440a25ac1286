"""A small host in viadot's shape: its folders, its bases, its ways to export.

What a generated source and flow lean on is there and works, in a few lines each. Its
example of a configuration is no valid YAML, as viadot's own.
"""

import sys
from pathlib import Path

_TASK = '''"""A task of {title}."""

from typing import Any

import pandas as pd
from prefect import task

from viadot.orchestration.prefect.exceptions import MissingSourceCredentialsError


@task(retries=3, retry_delay_seconds=10)
def {name}({arguments}) -> {returns}:
    """Take what the task of viadot takes.

    Raises:
        MissingSourceCredentialsError: There are no credentials.
    """
    if not (config_key or credentials_secret or credentials):
        raise MissingSourceCredentialsError
    {end}
'''

FILES = {
    ".prettierignore": "docs/references/sources/api.md\n",
    "pyproject.toml": """\
[project]
name = "viadot2"
version = "2.0.0"
requires-python = ">=3.11"
dependencies = [
    "pandas>=2.0.0",
    "prefect>=3",
    "requests>=2.32",
    "stripe_like>=1",
]

[project.optional-dependencies]
azure = ["adlfs>=2026.4"]

[tool.ruff.lint]
extend-select = ["I", "D", "W", "B", "S", "ANN", "PT", "PL", "RUF", "N", "UP", "TRY"]
ignore = ["D101", "D417", "ANN002", "ANN003", "ANN204", "TRY300"]

[tool.ruff.lint.extend-per-file-ignores]
"tests/**" = ["S101", "ANN", "D", "PLR2004", "N802"]

[tool.ruff.lint.isort]
force-sort-within-sections = true
lines-after-imports = 2

[tool.ruff.lint.pydocstyle]
convention = "google"

[tool.ruff.lint.pycodestyle]
max-doc-length = 88

[tool.ruff.lint.pylint]
max-args = 10
""",
    "config.yaml.example": """\
version: 1

sources:

  - hub_dev:
      class: Hub
      credentials:
        api_key: "<API_KEY>",
        user: "<USER>"

  - lake_dev:
      class: AzureDataLake
      credentials:
        account_name: "<ACCOUNT>"
""",
    "uv.lock": 'version = 1\nrequires-python = ">=3.11"\n',
    "mkdocs.yml": "site_name: a small viadot\n",
    "docs/references/sources/api.md": "# API sources\n\n::: viadot.sources.hub.Hub\n",
    "docs/references/sources/database.md": """\
# Database sources

::: viadot.sources.azure_data_lake.AzureDataLake

::: viadot.sources._duckdb.DuckDB

::: viadot.sources.postgres.PostgreSQL
""",
    "docs/references/sources/other.md": "# Other sources\n",
    "docs/references/orchestration/prefect/tasks.md": """\
::: viadot.orchestration.prefect.tasks.postgresql_to_df

::: viadot.orchestration.prefect.tasks.df_to_adls
""",
    "docs/references/orchestration/prefect/flows.md": """\
::: viadot.orchestration.prefect.flows.postgresql_to_minio
""",
    "src/viadot/__init__.py": '"""A small viadot."""\n',
    "src/viadot/exceptions.py": '''"""What can go wrong."""


class APIError(Exception):
    pass


class CredentialError(Exception):
    pass
''',
    "src/viadot/signals.py": '''"""What isn't an error."""


class SKIP(Exception):  # noqa: N818
    pass
''',
    "src/viadot/config.py": '''"""Where credentials come from."""

from typing import Any


CONFIG: dict[str, Any] = {}


def get_source_credentials(key: str | None) -> dict[str, Any] | None:
    """Return the credentials below a key; None where there are none."""
    for entry in CONFIG.get("sources") or []:
        if key in entry:
            return entry[key].get("credentials")
    return None
''',
    "src/viadot/utils.py": '''"""What sources have in common."""

from collections.abc import Callable
from datetime import datetime, timezone
import functools
from typing import Any

import pandas as pd
import requests

from viadot.exceptions import APIError


def handle_api_response(
    url: str,
    auth: tuple | None = None,
    params: dict[str, Any] | None = None,
    headers: dict[str, Any] | None = None,
    method: str = "GET",
    data: str | None = None,
) -> requests.Response:
    """Send a request.

    Raises:
        APIError: It was refused.
    """
    response = requests.request(
        method, url, auth=auth, params=params, headers=headers, data=data, timeout=5
    )
    if response.status_code != requests.codes.ok:
        msg = f"The call to {url} failed with status code {response.status_code}."
        raise APIError(msg)
    return response


def add_viadot_metadata_columns(func: Callable) -> Callable:
    """Add where rows are from, and when they came."""

    @functools.wraps(func)
    def wrapper(*args, **kwargs) -> pd.DataFrame:
        df = func(*args, **kwargs)
        df["_viadot_source"] = type(args[0]).__name__
        df["_viadot_downloaded_at_utc"] = datetime.now(timezone.utc)  # noqa: UP017
        return df

    return wrapper


def validate(df: pd.DataFrame, tests: dict[str, Any]) -> None:
    """Take what is to be verified."""


def skip_test_on_missing_extra(source_name: str, extra: str) -> None:
    """Skip the module of a test."""
    import pytest  # noqa: PLC0415

    msg = f"{source_name} needs the extra {extra}."
    pytest.skip(msg, allow_module_level=True)
''',
    "src/viadot/sources/__init__.py": '''"""Sources."""

from importlib.util import find_spec

from ._duckdb import DuckDB
from .hub import Hub
from .postgres import PostgreSQL


__all__ = [
    "DuckDB",
    "Hub",
    "PostgreSQL",
]

if find_spec("adlfs"):
    from viadot.sources.azure_data_lake import AzureDataLake  # noqa: F401

    __all__.extend(["AzureDataLake"])
''',
    "src/viadot/sources/base.py": '''"""Base classes."""

import logging
from typing import Any, Literal

import pandas as pd

from viadot.config import get_source_credentials
from viadot.signals import SKIP
from viadot.utils import add_viadot_metadata_columns


class Source:
    def __init__(self, *args, credentials: dict | None = None, **kwargs):
        """Keep the credentials."""
        self.credentials = credentials
        self.logger = logging.getLogger(__name__)

    def _handle_if_empty(
        self,
        if_empty: Literal["warn", "skip", "fail"] = "warn",
        message: str = "The query produced no data.",
    ) -> None:
        if if_empty == "skip":
            raise SKIP(message)
        if if_empty == "fail":
            raise ValueError(message)


class SQL(Source):
    def __init__(
        self,
        *args,
        driver: str | None = None,
        config_key: str | None = None,
        credentials: dict | None = None,
        query_timeout: int = 60 * 60,
        **kwargs,
    ):
        """Keep the driver with the credentials."""
        self.query_timeout = query_timeout
        credentials = credentials or get_source_credentials(config_key) or {}
        if driver:
            credentials["driver"] = driver
        super().__init__(*args, credentials=credentials, **kwargs)

    @add_viadot_metadata_columns
    def to_df(
        self,
        query: str,
        con: Any | None = None,  # noqa: ANN401
        if_empty: Literal["warn", "skip", "fail"] = "warn",
        tests: dict[str, Any] | None = None,
    ) -> pd.DataFrame:
        """Return the rows of a query."""
        df = pd.read_sql_query(query, con)
        if df.empty:
            self._handle_if_empty(if_empty)
        return df
''',
    "src/viadot/sources/_duckdb.py": '''"""DuckDB."""

from viadot.sources.base import Source


class DuckDB(Source):
    pass
''',
    "src/viadot/sources/azure_data_lake.py": '''"""Azure Data Lake."""

from viadot.sources.base import Source


class AzureDataLake(Source):
    pass
''',
    "src/viadot/sources/hub.py": '''"""A hub."""

from viadot.sources.base import Source


class Hub(Source):
    pass
''',
    "src/viadot/sources/postgres.py": '''"""PostgreSQL."""

from viadot.sources.base import SQL


class PostgreSQL(SQL):
    pass
''',
    "src/viadot/orchestration/__init__.py": '"""Flows and tasks."""\n',
    "src/viadot/orchestration/prefect/__init__.py": '"""For Prefect."""\n',
    "src/viadot/orchestration/prefect/exceptions.py": '''"""What a task refuses."""


class MissingSourceCredentialsError(Exception):
    pass
''',
    "src/viadot/orchestration/prefect/utils.py": '''"""Where secrets come from."""

from typing import Any


def get_credentials(secret_name: str | None) -> dict[str, Any] | None:
    """Give none: there are no blocks here."""
    return None if secret_name is None else {}
''',
    "src/viadot/orchestration/prefect/tasks/__init__.py": '''"""Tasks."""

from .adls import df_to_adls
from .minio import df_to_minio
from .postgresql import postgresql_to_df


__all__ = [
    "df_to_adls",
    "df_to_minio",
    "postgresql_to_df",
]
''',
    "src/viadot/orchestration/prefect/tasks/adls.py": _TASK.format(
        title="Azure Data Lake",
        name="df_to_adls",
        arguments="""
    df: pd.DataFrame,
    path: str,
    sep: str = "\\t",
    credentials_secret: str | None = None,
    credentials: dict[str, Any] | None = None,
    config_key: str | None = None,
    overwrite: bool = False,
""",
        returns="None",
        end="df.to_csv(path, sep=sep, mode='w' if overwrite else 'x')".replace(
            "'", '"'
        ),
    ),
    "src/viadot/orchestration/prefect/tasks/minio.py": _TASK.format(
        title="MinIO",
        name="df_to_minio",
        arguments="""
    df: pd.DataFrame,
    path: str,
    credentials_secret: str | None = None,
    credentials: dict[str, Any] | None = None,
    config_key: str | None = None,
    if_exists: str = "error",
""",
        returns="None",
        end='df.to_csv(path, mode="x" if if_exists == "error" else "w")',
    ),
    "src/viadot/orchestration/prefect/tasks/postgresql.py": _TASK.format(
        title="PostgreSQL",
        name="postgresql_to_df",
        arguments="""
    query: str,
    credentials_secret: str | None = None,
    credentials: dict[str, Any] | None = None,
    host: str = "localhost",
    port: int = 5432,
    db_name: str = "postgres",
    sslmode: str = "require",
    config_key: str | None = None,
""",
        returns="pd.DataFrame",
        end='return pd.DataFrame([{"a": (query, host, port, db_name, sslmode)}])',
    ),
    "src/viadot/orchestration/prefect/flows/__init__.py": '''"""Flows."""

from .postgresql_to_minio import postgresql_to_minio


__all__ = ["postgresql_to_minio"]
''',
    "src/viadot/orchestration/prefect/flows/postgresql_to_minio.py": '''"""A flow."""

from prefect import flow


@flow(name="extract--postgresql--minio")
def postgresql_to_minio() -> None:
    """Do nothing."""
''',
    "tests/pytest.ini": "[pytest]\naddopts = --import-mode=importlib\n",
    "tests/unit/__init__.py": "",
    "tests/unit/test_hub.py": """from viadot.sources import Hub


def test_a_hub_keeps_its_credentials():
    assert Hub(credentials={"a": 1}).credentials == {"a": 1}
""",
}


def write(folder: Path) -> Path:
    """Write the host into a folder that isn't there yet."""
    for path, text in FILES.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    return folder


if __name__ == "__main__":
    write(Path(sys.argv[1]))
