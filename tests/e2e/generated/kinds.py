"""Projects with one destination of a kind, and what each of them has to pass.

The rows that are moved come from PostgreSQL, and a reader that shares no code with the
generated project gives them back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
from sourcewright.services import PostgreSQL

from tests.e2e.generated.gates import TOOLS, report_of_tests, said_by
from tests.e2e.generated.parts import (
    Flows,
    postgresql_credentials,
    write_config,
)
from tests.golden import golden_of, render

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


@dataclass(frozen=True)
class Kind:
    """A rendered project, and where its parts run."""

    name: str
    project: Path
    config: Path
    servers: Mapping[str, str]

    def assert_gates_pass(self) -> None:
        """Run the formatter, the linter and the types' checker."""
        said = {tool: said_by(tool, self.project) for tool in TOOLS}
        assert not any(said.values()), said

    def assert_tests_pass(self, tmp_path: Path) -> None:
        """Run the tests of the destination and its flows, on real parts."""
        names = (f"test_{self.name}", f"test_postgresql_*to_{self.name}")
        patterns = [f"tests/**/{name}.py" for name in names]
        said = report_of_tests(
            self.project, tmp_path, patterns, config=self.config, servers=self.servers
        )
        assert " skipped" not in said, said[-3000:]

    def run_flows(self, *orders: tuple[str, Mapping[str, Any]]) -> str:
        """Run flows, each with its arguments; return what was said."""
        log = self.config.with_name("log")
        with Flows(self.project, self.config, self.servers, log) as flows:
            return flows.run(*orders)


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
