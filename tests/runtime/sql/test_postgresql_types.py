"""No value of any type changes on its way: it comes back the same, or it is refused.

What the source read is loaded into PostgreSQL again by `reload`, and the server
compares the texts that it writes for both.
"""

import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pyarrow as pa
import pytest
from pyarrow import parquet
from runtime.exceptions import QueryRejectedError, UnsupportedTypeError
from runtime.files.formats import write_batches
from runtime.sql.postgresql import PostgreSQL
from sourcewright.services import PostgreSQL as Server

from tests.runtime.sql.postgresql_types import (
    CASES,
    OPTIONAL,
    REFUSED,
    RESULTS,
    SETUP,
    Case,
    Refused,
)
from tests.runtime.sql.reload import (
    FORMS,
    PINNED,
    Connection,
    Texts,
    load,
    texts,
)

DATABASE = "types"
# The settings of a server far away, which must not matter.
UNUSUAL = """
ALTER DATABASE types SET DateStyle = 'German';
ALTER DATABASE types SET IntervalStyle = 'sql_standard';
ALTER DATABASE types SET TimeZone = 'America/St_Johns';
ALTER DATABASE types SET bytea_output = 'escape';
ALTER DATABASE types SET extra_float_digits = -5;
"""
# Polars' names for Arrow's types, but decimals.
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
DECIMAL = r"decimal\d+\((\d+), (\d+)\)"
NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def connection(postgres: Server, of_postgresql: dict[str, Any]) -> Iterator[Connection]:
    postgres.create_database(DATABASE)
    connection = psycopg2.connect(**{**of_postgresql, "database": DATABASE})
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(SETUP + UNUSUAL + PINNED)
    yield connection
    connection.close()


@pytest.fixture
def source(connection: Connection, of_postgresql: dict[str, Any]) -> PostgreSQL:
    return PostgreSQL(credentials={**of_postgresql, "database": DATABASE})


def new_table(connection: Connection, type_name: str, values: Texts) -> str:
    """Make a table of the values, and return its name."""
    name = f'types."{next(NUMBERS)}"'
    load(connection, name, type_name, values)
    return name


def write(source: PostgreSQL, query: str, path: Path, form: str) -> str:
    """Write the rows in a form; return the type of the column `value` in it."""
    if form == "df":
        df = source.to_df(query)
        parquet.write_table(pa.Table.from_pandas(df, preserve_index=False), path)
        return str(df["value"].dtype)
    if form == "polars":
        frame = source.to_polars(query)
        frame.write_parquet(path)
        return str(frame["value"].dtype)
    with path.open("wb") as sink:  # in several batches
        write_batches(source.to_batches(query, batch_bytes=100), sink, f"value.{form}")
    if form == "parquet":
        return str(parquet.read_schema(path).field("value").type)
    return ""  # a file of text has none


def type_in(form: str, arrow: str) -> str:
    """Return the name that a form has for an Arrow type."""
    if form == "polars":
        decimal = re.sub(DECIMAL, r"Decimal(precision=\1, scale=\2)", arrow)
        return POLARS.get(arrow, decimal)
    return {"parquet": arrow, "df": f"{arrow}[pyarrow]"}.get(form, "")


def check(case: Case, source: PostgreSQL, connection: Connection, folder: Path) -> None:
    """Read the values in every form, load them again, and compare."""
    table = new_table(connection, case.type_name, [*case.values, None])
    stored = texts(connection, table)
    assert len(stored) == len(case.values) + 1
    assert stored[-1][1] is None
    for form, read in FORMS.items():
        path = folder / f"value.{form}"
        if form in case.beyond:
            with pytest.raises(UnsupportedTypeError, match="column 'value'") as caught:
                write(source, f"TABLE {table}", path, form)
            assert case.arrow in str(caught.value)
            assert "cast the column to text" in caught.value.next_step
            continue
        found = write(source, f"TABLE {table}", path, form)
        assert found == type_in(form, case.arrow), form
        values = read(connection, path, case.arrow)
        again = new_table(connection, case.type_name, values)
        assert texts(connection, again) == stored, form


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.type_name)
def test_a_value_comes_back_unchanged_or_its_form_refuses_it(
    case: Case, source: PostgreSQL, connection: Connection, tmp_path: Path
) -> None:
    check(case, source, connection, tmp_path)


def test_types_of_extensions_come_back_unchanged(
    source: PostgreSQL, connection: Connection, tmp_path: Path
) -> None:
    tried = 0
    for statement, case in OPTIONAL.items():
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
        except psycopg2.Error:
            continue
        check(case, source, connection, tmp_path)
        tried += 1
    assert tried, "this server has no extension at all"


@pytest.mark.parametrize("case", RESULTS)
def test_a_type_that_only_a_query_has_arrives_as_postgresql_writes_it(
    case: str, source: PostgreSQL
) -> None:
    query, text = RESULTS[case]
    column = source.to_arrow(query).column("value")
    assert column.type == pa.string()
    assert column.to_pylist() == [text]


@pytest.mark.parametrize(
    "refused", REFUSED, ids=lambda refused: f"{refused.type_name} {refused.value}"
)
def test_an_unsupported_value_is_refused_in_every_form_and_arrives_by_a_cast(
    refused: Refused, source: PostgreSQL, connection: Connection, tmp_path: Path
) -> None:
    table = new_table(connection, refused.type_name, [refused.value, None])
    cast = '"value"::text AS "value"'
    for form in FORMS:
        with pytest.raises(UnsupportedTypeError) as caught:
            write(source, f"TABLE {table}", tmp_path / f"value.{form}", form)
        assert f"column 'value' ({refused.called})" in caught.value.what
        assert f"holds {refused.says}," in caught.value.what
        assert cast in caught.value.next_step
    found = source.to_arrow(f"SELECT {cast} FROM {table} ORDER BY number")
    stored = [value for _, value in texts(connection, table)]
    assert found.column("value").to_pylist() == stored


# A database in SQL_ASCII has no encoding: text is any bytes.
AS_BYTES = "convert_to(value, 'SQL_ASCII')"
ENCODED: dict[str, tuple[str, str, str, str | bytes | None]] = {
    "text in LATIN1": ("LATIN1", "value", "\\xe9", "é"),
    "text in EUC_JP": ("EUC_JP", "value", "\\x8fabb1", "é"),
    "text that is UTF-8 by chance": ("SQL_ASCII", "value", "\\xc3a9", "é"),
    "the bytes of text": ("SQL_ASCII", AS_BYTES, "\\xc3a9", b"\xc3\xa9"),
    "the bytes of text that is not UTF-8": ("SQL_ASCII", AS_BYTES, "\\xe9", b"\xe9"),
    "text that is not UTF-8": ("SQL_ASCII", "value", "\\xe9", None),
}


@pytest.fixture(scope="module")
def encodings(postgres: Server) -> None:
    """Make a database of each encoding, called like it."""
    for name in {encoding for encoding, *_ in ENCODED.values()}:
        postgres.psql(
            f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{name}' "
            "LOCALE_PROVIDER libc LOCALE 'C'"
        )


@pytest.mark.usefixtures("encodings")
@pytest.mark.parametrize("case", ENCODED)
def test_text_of_any_encoding_arrives_if_it_is_text(
    case: str, of_postgresql: dict[str, Any]
) -> None:
    encoding, selected, stored, expected = ENCODED[case]
    source = PostgreSQL(credentials={**of_postgresql, "database": encoding.lower()})
    text = f"SELECT convert_from('{stored}', '{encoding}') AS value"
    query = f"SELECT {selected} AS value FROM ({text}) AS v"
    if expected is None:
        with pytest.raises(QueryRejectedError, match="invalid byte sequence") as caught:
            source.to_arrow(query)
        assert AS_BYTES.replace("value", "<column>") in caught.value.next_step
    else:
        assert source.to_arrow(query).to_pylist() == [{"value": expected}]
