"""Compare a table of the database with a Parquet file, value by value.

This is the demo's judge, so it shares no code with the connectors: psql reads the
database, pyarrow the file. Both sides become columns that compare exactly:

    integer, smallint, bigint   int64; a float in the file counts if it is whole
    double precision            int64, the float's own 64 bits
    text, varchar               string; NULL is not ''
    timestamptz                 int64, microseconds since 1970 in UTC

The order of rows doesn't matter, how often a row is there does.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from sourcewright.errors import SourcewrightError
from sourcewright.services import PostgreSQL

# No value is this text, but for one that says so in quotes.
NULL = "\\N"


@dataclass(frozen=True)
class Mismatch:
    """One way in which the file is not the table. `column` is empty for the whole."""

    table: str
    column: str
    what: str

    def __str__(self) -> str:
        """Name table and column, then what is wrong."""
        place = f"{self.table}.{self.column}" if self.column else self.table
        return f"{place}: {self.what}"


@dataclass(frozen=True)
class Comparison:
    """What a comparison found. The file is the table where `mismatches` is empty."""

    rows: int
    columns: int
    mismatches: tuple[Mismatch, ...]


def compare(
    postgres: PostgreSQL, database: str, table: str, file: Path, *, scratch: Path
) -> Comparison:
    """Compare `table` with `file`; `scratch` is a folder for what psql writes."""
    types = _types(postgres, database, table)
    expected = _from_database(postgres, database, table, types, scratch)
    found = pq.read_table(file)
    return Comparison(
        rows=expected.num_rows,
        columns=expected.num_columns,
        mismatches=tuple(_mismatches(table, types, expected, found)),
    )


def _types(postgres: PostgreSQL, database: str, table: str) -> dict[str, str]:
    """Return each column's SQL type, in the table's order."""
    lines = postgres.psql(
        "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute"
        " WHERE attrelid = format('%I', :'table')::regclass"
        " AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        f"--set=table={table}",
        database=database,
    ).splitlines()
    types = dict(line.split("|") for line in lines)
    if unknown := {type_name for type_name in types.values() if type_name not in READ}:
        message = f"no comparison is written for the type {min(unknown)}"
        raise SourcewrightError(message, where=f"table {table}", files="")
    return types


def _from_database(
    postgres: PostgreSQL,
    database: str,
    table: str,
    types: dict[str, str],
    scratch: Path,
) -> pa.Table:
    file = scratch / f"{table}.expected.csv"
    values = ", ".join(
        SELECT.get(type_name, '"{0}"').format(name) for name, type_name in types.items()
    )
    postgres.psql(
        f"\\copy (SELECT {values} FROM \"{table}\") TO '{file}'"  # noqa: S608 - ours
        f" (FORMAT csv, NULL '{NULL}')",
        database=database,
    )
    options = pyarrow.csv.ConvertOptions(
        column_types={name: READ[type_name] for name, type_name in types.items()},
        null_values=[NULL],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    read = pyarrow.csv.ReadOptions(column_names=list(types))
    parse = pyarrow.csv.ParseOptions(newlines_in_values=True)
    try:
        raw = pyarrow.csv.read_csv(file, read, parse, options)
    finally:
        file.unlink()
    columns = {name: exact(raw[name], type_name) for name, type_name in types.items()}
    return pa.table(columns)


def _mismatches(
    table: str, types: dict[str, str], expected: pa.Table, found: pa.Table
) -> list[Mismatch]:
    if found.column_names != list(types):
        what = f"has the columns {', '.join(found.column_names)}"
        return [Mismatch(table, "", f"{what}, not {', '.join(types)}")]
    mismatches = []
    if expected.num_rows != found.num_rows:
        what = f"has {found.num_rows:,} rows, not {expected.num_rows:,}"
        mismatches.append(Mismatch(table, "", what))
    columns = {}
    for name, type_name in types.items():
        try:
            columns[name] = exact(found[name], type_name)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as err:
            what = f"is {found[name].type}, which does not hold {type_name}: {err}"
            mismatches.append(Mismatch(table, name, what))
            continue
        if what := _difference(expected[name], columns[name]):
            mismatches.append(Mismatch(table, name, what))
    if mismatches:
        return mismatches
    # Every column holds the right values. Now the rows: sorted whole, they must agree.
    return [
        Mismatch(table, name, "has the right values, but in other rows")
        for name, ours, theirs in zip(
            types,
            _sorted(expected).columns,
            _sorted(pa.table(columns)).columns,
            strict=True,
        )
        if not ours.equals(theirs)
    ]


def _difference(expected: pa.ChunkedArray, found: pa.ChunkedArray) -> str:
    """Say how two columns differ as multisets of values; nothing where they don't."""
    if expected.null_count != found.null_count:
        return f"has {found.null_count:,} NULL, not {expected.null_count:,}"
    if _sorted(pa.table({"": expected})).equals(_sorted(pa.table({"": found}))):
        return ""
    missing = pc.sum(pc.invert(pc.is_in(expected, value_set=_distinct(found)))).as_py()
    foreign = pc.sum(pc.invert(pc.is_in(found, value_set=_distinct(expected)))).as_py()
    if missing or foreign:
        return f"misses {missing or 0:,} values and has {foreign or 0:,} others"
    return "has the right values, but not as often"


def _sorted(table: pa.Table) -> pa.Table:
    order = pc.sort_indices(table, [(name, "ascending") for name in table.column_names])
    return table.take(order).combine_chunks()


def _distinct(column: pa.ChunkedArray) -> pa.Array:
    return pc.unique(column)


def exact(column: pa.ChunkedArray, type_name: str) -> pa.ChunkedArray:
    """Bring a column, of the database's text or of a file, into the form that compares.

    Raises:
        pa.ArrowInvalid: a value has no such form: 1.5 as an integer, say.
    """
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return EXACT[type_name](column)


def _integer(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_integer(column.type):
        return column.cast(pa.int64())
    return _refuse("no integer")


def _float_bits(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if not pa.types.is_float64(column.type):
        return _refuse("not 64 bits of a float")
    # Parsed and stored NaN may differ in bits that nobody means.
    nan = pa.scalar(float("nan"))
    one_nan = pc.if_else(pc.is_nan(column), nan, column)
    return pa.chunked_array(
        [chunk.view(pa.int64()) for chunk in one_nan.chunks], pa.int64()
    )


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return column.cast(pa.large_string())
    return _refuse("no text")


def _instant(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_int64(column.type):
        return column  # from the database, see SELECT
    if pa.types.is_timestamp(column.type) and column.type.tz:
        return column.cast(pa.timestamp("us", column.type.tz)).cast(pa.int64())
    return _refuse("no timestamp with a zone")


def _refuse(reason: str) -> pa.ChunkedArray:
    raise pa.ArrowInvalid(reason)


# By SQL type: what psql selects, what its text is read as, and the form that compares.
SELECT = {
    "timestamp with time zone": '(extract(epoch FROM "{0}") * 1000000)::bigint',
}
READ = {
    "smallint": pa.int64(),
    "integer": pa.int64(),
    "bigint": pa.int64(),
    "double precision": pa.float64(),
    "text": pa.large_string(),
    "character varying": pa.large_string(),
    "timestamp with time zone": pa.int64(),
}
EXACT: dict[str, Callable[[pa.ChunkedArray], pa.ChunkedArray]] = {
    "smallint": _integer,
    "integer": _integer,
    "bigint": _integer,
    "double precision": _float_bits,
    "text": _text,
    "character varying": _text,
    "timestamp with time zone": _instant,
}
