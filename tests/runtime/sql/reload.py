"""Load what a source read into PostgreSQL again, by independent code.

It shares nothing with the runtime, reads dates and times as the integers that are
stored, and counts days itself: Python's `datetime` ends at the year 1.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa
from pyarrow import parquet

Connection: TypeAlias = Any  # psycopg2 has no types
Texts: TypeAlias = list[str | None]

# The settings that texts depend on, as they are while we compare.
PINNED = """
SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'iso_8601';
SET extra_float_digits = 1; SET bytea_output = 'hex';
"""

DAYS_BEFORE_1970 = date(1970, 1, 1).toordinal()
DAYS_IN_400_YEARS = 146_097
IN_A_DAY = {
    "s": 86_400,
    "ms": 86_400 * 10**3,
    "us": 86_400 * 10**6,
    "ns": 86_400 * 10**9,
}


def lines(rows: Iterable[Sequence[str | None]]) -> StringIO:
    """Return rows in the form that COPY reads."""
    escaped = str.maketrans({"\\": r"\\", "\n": r"\n", "\r": r"\r", "\t": r"\t"})
    file = StringIO()
    for row in rows:
        fields = [r"\N" if text is None else text.translate(escaped) for text in row]
        file.write("\t".join(fields) + "\n")
    file.seek(0)
    return file


def load(connection: Connection, table: str, type_name: str, values: Texts) -> None:
    """Make a table of values, numbered from 0."""
    rows = lines((str(number), value) for number, value in enumerate(values))
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {table} (number int, value {type_name}\n)")
        cursor.copy_expert(f"COPY {table} FROM STDIN", rows)


def texts(connection: Connection, table: str) -> list[tuple[int, str | None]]:
    """Return the values of a table as PostgreSQL writes them."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT number, value::text FROM {table} ORDER BY number")
        rows: list[tuple[int, str | None]] = cursor.fetchall()
        return rows


def from_parquet(_: Connection, path: Path, __: str) -> Texts:
    """Return the values of a Parquet file in the order of their numbers."""
    table = parquet.read_table(path)
    assert table.column_names == ["number", "value"]
    assert table["number"].to_pylist() == [*range(table.num_rows)]
    return [*written(table["value"])]


def from_csv(connection: Connection, path: Path, arrow: str) -> Texts:
    """Return the values of a CSV file, as PostgreSQL reads it."""
    with connection.cursor() as cursor, path.open("rb") as file:
        cursor.execute("CREATE TEMPORARY TABLE csv (number int, value text)")
        cursor.copy_expert("COPY csv FROM STDIN (FORMAT csv, HEADER match)", file)
        cursor.execute("SELECT value FROM csv ORDER BY number")
        values = [value for (value,) in cursor]
        cursor.execute("DROP TABLE csv")
    return [_in_postgresql(value, arrow) for value in values]


def from_jsonl(_: Connection, path: Path, arrow: str) -> Texts:
    """Return the values of JSON lines. Numbers are taken as they are written."""
    with path.open(encoding="utf-8", newline="\n") as file:
        rows = [json.loads(line, parse_float=str, parse_int=str) for line in file]
    assert [row["number"] for row in rows] == [str(i) for i in range(len(rows))]
    return [_in_postgresql(row["value"], arrow) for row in rows]


def _in_postgresql(value: str | bool | None, arrow: str) -> str | None:  # noqa: FBT001
    """Return the text that PostgreSQL reads, for one in a file of text."""
    if value is None or isinstance(value, bool):
        return None if value is None else str(value)
    if arrow == "binary":
        return rf"\x{value}"
    if arrow.startswith(("date", "timestamp")):
        # ISO 8601 counts years through zero; PostgreSQL has BC.
        year, rest = (
            value[:1] + value[1:].partition("-")[0],
            value[1:].partition("-")[2],
        )
        if int(year) <= 0:
            return f"{1 - int(year):04}-{rest} BC"
    return value


FORMS: dict[str, Callable[[Connection, Path, str], Texts]] = {
    "parquet": from_parquet,
    "df": from_parquet,
    "polars": from_parquet,
    "csv": from_csv,
    "jsonl": from_jsonl,
}


def written(column: pa.ChunkedArray) -> Iterator[str | None]:
    """Yield each value of a column as PostgreSQL reads it."""
    kind = column.type
    write: Callable[[Any], str] = _scalar
    if pa.types.is_date32(kind):
        values, write = column.cast(pa.int32()).to_pylist(), date_text
    elif pa.types.is_timestamp(kind):
        size = IN_A_DAY[kind.unit]
        values, write = column.cast(pa.int64()).to_pylist(), timestamp_text(size)
    elif pa.types.is_time(kind):
        values = column.cast(pa.int64()).to_pylist()
        write = time_text(IN_A_DAY[kind.unit])
    else:
        values = column.to_pylist()
    for value in values:
        yield None if value is None else write(value)


def _scalar(value: object) -> str:
    if isinstance(value, bytes):
        return rf"\x{value.hex()}"
    if isinstance(value, Decimal):
        return format(value, "f")
    return value if isinstance(value, str) else repr(value)


def _day(days: int) -> tuple[str, str]:
    """Return a date and its era, from the days since 1970."""
    cycle, rest = divmod(days + DAYS_BEFORE_1970 - 1, DAYS_IN_400_YEARS)
    day = date.fromordinal(rest + 1)
    year = day.year + 400 * cycle
    era = "" if year > 0 else " BC"
    return f"{year if year > 0 else 1 - year:04}-{day:%m-%d}", era


def date_text(days: int) -> str:
    return "".join(_day(days))


def time_text(size: int) -> Callable[[int], str]:
    def write(since_midnight: int) -> str:
        seconds, rest = divmod(since_midnight * 86_400 * 10**9 // size, 10**9)
        hours, minutes = seconds // 3600, seconds // 60 % 60
        return f"{hours:02}:{minutes:02}:{seconds % 60:02}.{rest:09}".removesuffix(
            "000"
        )

    return write


def timestamp_text(size: int) -> Callable[[int], str]:
    def write(since_1970: int) -> str:
        days, rest = divmod(since_1970, size)
        day, era = _day(days)
        return f"{day} {time_text(size)(rest)}{era}"

    return write
