"""Projects with one destination of a kind, and what each of them has to pass.

The rows that are moved come from PostgreSQL, and a reader that shares no code with the
generated project gives them back.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
from sourcewright.services import PostgreSQL

from tests.e2e.generated.parts import (
    copy_project,
    environment,
    postgresql_credentials,
    run,
    write_config,
)
from tests.golden import golden_of, render

GATES = {
    "format": ["ruff", "format", "--check", "--diff", "--no-cache"],
    "lint": ["ruff", "check", "--no-cache"],
    "types": ["mypy"],
}

# The golden's own starts a server; here all share the session's.
SHARED_SERVER = '''\
import pytest


@pytest.fixture(scope="session")
def prefect_server() -> None:
    """Nothing to do: the environment names a server that runs already."""
'''

# Each second value of a column is what other tools take for something else.
ROWS = 1_700
QUERY = """
SELECT
    i AS id,
    CASE i % 4 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN E'a\\n"b",\\t\\\\N' ELSE
        chr((i % 17) * 65536 + 4660 + i) || 'e' || chr(769) END AS words,
    (CASE WHEN i % 5 > 0 THEN
        i * 12345678901234567890123456 - 1e28 + 1e-9 END)::numeric(38, 9) AS wide,
    CASE WHEN i % 3 > 0 THEN (i / 7.0)::float8 END AS real_number,
    CASE WHEN i % 7 > 0 THEN 9223372036854775807 - i END AS large,
    CASE WHEN i % 6 > 0 THEN i % 2 = 0 END AS truth,
    CASE i % 3 WHEN 0 THEN NULL WHEN 1 THEN ''::bytea ELSE '\\x00ff0a' END AS raw,
    CASE WHEN i % 8 > 0 THEN DATE '1582-10-04' + i * 100 END AS day,
    CASE WHEN i % 9 > 0 THEN
        TIME '23:59:59.999999' - i * INTERVAL '1 second' END AS clock,
    CASE WHEN i % 4 > 0 THEN
        TIMESTAMP '1969-12-31 23:59:59.999999' + i * INTERVAL '1 hour' END AS moment,
    CASE WHEN i % 4 > 0 THEN
        TIMESTAMPTZ '2026-03-29 00:59:59.000001Z' + i * INTERVAL '1 hour' END AS instant
FROM generate_series(1, 1700) AS i
"""

FLOW_RUN = """
import json, sys
from acme.orchestration.prefect import flows
order = json.load(sys.stdin)
for arguments in order["runs"]:
    getattr(flows, order["flow"])(**arguments)
"""


@dataclass(frozen=True)
class Kind:
    """A rendered project, and where its parts run."""

    name: str
    project: Path
    config: Path
    servers: Mapping[str, str]

    def assert_gates_pass(self) -> None:
        """Run the formatter, the linter and the types' checker."""
        for command in GATES.values():
            program = Path(sys.executable).with_name(command[0])
            arguments = command[1:] + (["."] if command[0] == "ruff" else [])
            done = run(
                [program, *arguments],
                env=environment(self.project),
                cwd=self.project,
            )
            assert done.returncode == 0, done.stdout[-5000:]

    def assert_tests_pass(self, tmp_path: Path) -> None:
        """Run the tests of the destination and its flows, on real parts."""
        copy = copy_project(self.project, tmp_path / "tested")
        conftest = copy / "tests" / "integration" / "conftest.py"
        conftest.write_text(SHARED_SERVER, encoding="utf-8")
        folders = ("unit", "contracts", "integration")
        names = (f"test_{self.name}.py", f"test_postgresql_to_{self.name}*.py")
        modules = [
            path
            for folder in folders
            for name in names
            for path in sorted((copy / "tests" / folder).glob(name))
        ]
        assert len(modules) == len(folders) + 4  # a contract and a test of each flow
        done = run(
            [sys.executable, "-m", "pytest", "-q", "-rs", *modules],
            env=environment(copy, config=self.config, **self.servers),
            cwd=copy,
            seconds=500,
        )
        assert done.returncode == 0, done.stdout[-8000:]
        assert " skipped" not in done.stdout, done.stdout[-3000:]

    def run_flow(self, flow: str, *runs: Mapping[str, Any]) -> tuple[int, str]:
        """Run a flow once for each set of arguments; give its code and what it said."""
        done = run(
            [sys.executable, "-c", FLOW_RUN],
            env=environment(self.project, config=self.config, **self.servers),
            cwd=self.project,
            stdin=json.dumps({"flow": flow, "runs": runs}),
        )
        return done.returncode, done.stdout


def make(  # noqa: PLR0917
    folder: Path,
    kind: str,
    name: str,
    credentials: Mapping[str, Any],
    postgres: PostgreSQL,
    servers: Mapping[str, str],
) -> Kind:
    """Render a project with PostgreSQL and one destination, and configure both."""
    project = folder / "project"
    golden = golden_of("destination", kind)
    assert golden.name == name
    render(project, golden.applications)
    config = write_config(
        folder / "config.yaml",
        {
            "postgresql_test": postgresql_credentials(postgres),
            f"{name}_test": credentials,
        },
    )
    return Kind(name, project, config, servers)


def rows_of(postgres: PostgreSQL, query: str) -> list[dict[str, Any]]:
    """Return what a query gives, as psycopg2 reads it: the truth."""
    connection = psycopg2.connect(
        host=postgres.host,
        port=postgres.port,
        dbname=postgres.database,
        user=postgres.user,
        password=postgres.password,
        options="-c TimeZone=UTC",
    )
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(query)
            names = [column.name for column in cursor.description]
            return [
                {
                    name: bytes(value) if isinstance(value, memoryview) else value
                    for name, value in zip(names, row, strict=True)
                }
                for row in cursor.fetchall()
            ]
    finally:
        connection.close()
