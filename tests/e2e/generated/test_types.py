"""No value of any type changes on its way: it comes back the same, or it is refused.

What the connector wrote is loaded into PostgreSQL by `reload`, and the server says
whether it is what it was, by the text that it writes for both.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import pytest
from sourcewright.services import PostgreSQL

from tests.e2e.generated.parts import (
    HERE,
    environment,
    postgresql_credentials,
    run,
)
from tests.e2e.generated.reload import FORMS, PINNED, Connection, load, texts
from tests.e2e.generated.type_cases import (
    CASES,
    OPTIONAL,
    REFUSED,
    RESULTS,
    SETUP,
    Case,
    Refused,
)

DATABASE = "types"
# What the connector must not hang on: the settings of a server far away.
UNUSUAL = """
ALTER DATABASE types SET DateStyle = 'German';
ALTER DATABASE types SET IntervalStyle = 'sql_standard';
ALTER DATABASE types SET TimeZone = 'America/St_Johns';
ALTER DATABASE types SET bytea_output = 'escape';
ALTER DATABASE types SET extra_float_digits = -5;
"""
# Data frames have types of their own names for Arrow's.
POLARS = {
    "bool": "Boolean",
    "binary": "Binary",
    "date32[day]": "Date",
    "double": "Float64",
    "float": "Float32",
    "int16": "Int16",
    "int32": "Int32",
    "int64": "Int64",
    "string": "String",
    "time64[us]": "Time",
    "timestamp[us]": "Datetime(time_unit='us', time_zone=None)",
    "timestamp[us, tz=UTC]": "Datetime(time_unit='us', time_zone='UTC')",
    "uint32": "UInt32",
}


@dataclass(frozen=True)
class Arrived:
    """A table of a case, and what the connector made of it."""

    table: str
    folder: Path
    forms: dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def connection(postgres: PostgreSQL) -> Iterator[Connection]:
    postgres.create_database(DATABASE)
    server = postgresql_credentials(postgres, database=DATABASE)
    connection = psycopg2.connect(**server)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(SETUP)
        cursor.execute(UNUSUAL)
        cursor.execute(PINNED)
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def optional(connection: Connection) -> list[Case]:
    """Give the cases of types that this server has."""
    found = []
    for statement, case in OPTIONAL.items():
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
        except psycopg2.Error:
            continue
        found.append(case)
    return found


@pytest.fixture(scope="module")
def arrived(
    tmp_path_factory: pytest.TempPathFactory,
    golden: Path,
    postgres: PostgreSQL,
    connection: Connection,
    optional: list[Case],
) -> dict[str, Arrived]:
    """Make all tables, and read them all, in one process."""
    queries: dict[str, str] = {}
    tables: dict[str, str] = {}

    def table(name: str, type_name: str, *values: str) -> None:
        key = str(len(queries))
        tables[name] = f'types."{key}"'
        load(connection, tables[name], type_name, [*values, None])
        queries[key] = f"TABLE {tables[name]}"

    for case in [*CASES, *optional]:
        table(case.type_name, case.type_name, *case.values)
    for refused in REFUSED:
        name = f"{refused.type_name} {refused.value}"
        table(name, refused.type_name, refused.value)
    for name, (query, _) in RESULTS.items():
        tables[name] = ""
        queries[str(len(queries))] = query
    folder = tmp_path_factory.mktemp("arrived")
    results = read(golden, postgres, folder, queries, [*FORMS])
    return {
        name: Arrived(tables[name], folder / key, results[key])
        for name, key in zip(tables, queries, strict=True)
    }


def read(
    golden: Path,
    server: PostgreSQL,
    folder: Path,
    queries: dict[str, str],
    forms: list[str],
    *,
    database: str = DATABASE,
) -> dict[str, dict[str, dict[str, str]]]:
    """Give what becomes of each query in each form."""
    order = {
        "credentials": postgresql_credentials(server, database=database),
        "queries": queries,
        "forms": forms,
    }
    done = run(
        [sys.executable, HERE / "type_driver.py"],
        env=environment(golden),
        cwd=folder,
        stdin=json.dumps(order),
    )
    assert done.returncode == 0, done.stdout
    results: dict[str, dict[str, dict[str, str]]]
    results = json.loads(done.stdout.splitlines()[-1])
    return results


def assert_unchanged(
    connection: Connection, case: Case, form: str, arrived: dict[str, Arrived]
) -> None:
    """Load what arrived, and have the server compare."""
    there = arrived[case.type_name]
    assert "error" not in there.forms[form], there.forms[form]
    path = there.folder / f"value.{form}"
    values = FORMS[form](connection, path, case.arrow)
    again = f'{there.table.removesuffix(chr(34))} {form}"'
    load(connection, again, case.type_name, values)
    expected = texts(connection, there.table)
    assert len(expected) == len(case.values) + 1
    assert expected[-1][1] is None
    assert texts(connection, again) == expected


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.type_name)
def test_a_value_comes_back_as_it_was_or_its_form_refuses_it(
    case: Case, form: str, arrived: dict[str, Arrived], connection: Connection
) -> None:
    if form not in case.beyond:
        assert_unchanged(connection, case, form, arrived)
        return
    error = arrived[case.type_name].forms[form]
    assert error["error"] == "UnsupportedTypeError", error
    assert "column 'value'" in error["message"]
    assert case.arrow in error["message"]
    assert "cast the column to text" in error["message"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.type_name)
def test_a_type_has_the_arrow_type_of_the_table(
    case: Case, arrived: dict[str, Arrived]
) -> None:
    forms = arrived[case.type_name].forms
    assert forms["parquet"]["type"] == case.arrow
    assert forms["df"]["type"] == f"{case.arrow}[pyarrow]"
    if "polars" not in case.beyond and not case.arrow.startswith("decimal"):
        assert forms["polars"]["type"] == POLARS[case.arrow]


def test_types_that_a_server_may_lack_come_back_where_it_has_them(
    optional: list[Case], arrived: dict[str, Arrived], connection: Connection
) -> None:
    assert optional, "this server has no extension at all"
    for case in optional:
        for form in FORMS:
            assert_unchanged(connection, case, form, arrived)


@pytest.mark.parametrize("case", RESULTS)
def test_what_only_a_query_gives_arrives_as_postgresql_writes_it(
    case: str, arrived: dict[str, Arrived], connection: Connection
) -> None:
    there = arrived[case]
    values = FORMS["parquet"](connection, there.folder / "value.parquet", "string")
    assert values == [RESULTS[case][1]]


@pytest.mark.parametrize(
    "refused", REFUSED, ids=lambda refused: f"{refused.type_name} {refused.value}"
)
def test_a_value_without_a_counterpart_is_refused_with_column_type_and_cast(
    refused: Refused, arrived: dict[str, Arrived]
) -> None:
    for form in FORMS:
        there = arrived[f"{refused.type_name} {refused.value}"].forms[form]
        assert there["error"] == "UnsupportedTypeError", there
        assert f"column 'value' ({refused.called})" in there["message"]
        assert f"holds {refused.says}," in there["message"]
        assert '"value"::text AS "value"' in there["message"]


def test_a_value_that_was_refused_arrives_by_the_cast(
    tmp_path: Path,
    golden: Path,
    postgres: PostgreSQL,
    connection: Connection,
    arrived: dict[str, Arrived],
) -> None:
    tables = [arrived[f"{r.type_name} {r.value}"].table for r in REFUSED]
    queries = {
        str(number): f'SELECT number, "value"::text AS "value" FROM {table}'  # noqa: S608
        for number, table in enumerate(tables)
    }
    read(golden, postgres, tmp_path, queries, ["parquet"])
    for number, table in enumerate(tables):
        path = tmp_path / str(number) / "value.parquet"
        values = FORMS["parquet"](connection, path, "string")
        assert values == [value for _, value in texts(connection, table)]


# In a database without an encoding, text is any bytes.
BYTES_OF_TEXT = "convert_to(value, 'SQL_ASCII')"
ENCODED = {
    "text in LATIN1": ("LATIN1", "value", "é"),
    "text in EUC_JP": ("EUC_JP", "value", "é"),
    "text that is UTF-8 by chance": ("SQL_ASCII", "value", "é"),
    "the bytes of text": ("SQL_ASCII", BYTES_OF_TEXT, r"\xc3a9"),
    "the bytes of text that is not UTF-8": ("SQL_ASCII", BYTES_OF_TEXT, r"\xe9"),
    "text that is not UTF-8": ("SQL_ASCII", "value", None),
}


@pytest.fixture(scope="module")
def encoded(
    tmp_path_factory: pytest.TempPathFactory, golden: Path, postgres: PostgreSQL
) -> dict[str, tuple[Path, dict[str, str]]]:
    """Read text from a database of each encoding."""
    found = {}
    for encoding in ("LATIN1", "EUC_JP", "SQL_ASCII"):
        database = f"types_{encoding.lower()}"
        postgres.psql(
            f"CREATE DATABASE {database} TEMPLATE template0 ENCODING '{encoding}' "
            "LOCALE_PROVIDER libc LOCALE 'C'"
        )
        folder = tmp_path_factory.mktemp(encoding)
        queries = {}
        for name, (where, selected, _) in ENCODED.items():
            if where == encoding:
                stored = "'\\xc3a9'::bytea, 'UTF8'"
                if encoding == "SQL_ASCII":
                    stored = stored.replace("UTF8", encoding)
                if "not UTF-8" in name:
                    stored = stored.replace("c3a9", "e9")
                text = f"SELECT convert_from({stored}) AS value"
                queries[name] = (
                    f"SELECT 0 AS number, {selected} AS value FROM ({text}) AS v"  # noqa: S608
                )
        results = read(
            golden, postgres, folder, queries, ["parquet"], database=database
        )
        for name, result in results.items():
            found[name] = folder / name / "value.parquet", result["parquet"]
    return found


@pytest.mark.parametrize("case", ENCODED)
def test_text_of_any_encoding_arrives_and_the_server_refuses_what_is_no_text(
    case: str, encoded: dict[str, tuple[Path, dict[str, str]]], connection: Connection
) -> None:
    path, result = encoded[case]
    expected = ENCODED[case][2]
    if expected is None:
        assert result["error"] == "QueryRejectedError", result
        assert "invalid byte sequence" in result["message"]
    else:
        assert FORMS["parquet"](connection, path, "") == [expected]


def test_enough_types_are_tried_and_enough_load() -> None:
    assert len({case.type_name for case in CASES}) == len(CASES)
    assert len({*CASES, *REFUSED}) >= 60
    assert len(CASES) >= 50
