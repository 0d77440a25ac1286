"""Any value arrives, wherever a batch ends: tables made by Hypothesis.

`make test` tries the same tables each time; `make matrix` more, and other
ones each time.
"""

import math
import struct
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from decimal import Context, Decimal
from types import SimpleNamespace
from typing import Any

import psycopg2
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from runtime.sql import copy_binary
from runtime.sql.postgresql import PostgreSQL
from sourcewright.services import PostgreSQL as Server

from tests.runtime.sql import reload
from tests.sweeps import WHOLE

DATABASE = "properties"
EXACT = Context(prec=200_000)
IN_A_DAY = 86_400 * 10**6
FIRST_DAY, LAST_DAY = -2_440_588, 2_145_042_540  # of PostgreSQL, since 1970
BEFORE_2000 = 10_957  # days since 1970


@dataclass(frozen=True)
class Kind:
    """A type: its values, and how to write and read them.

    Attributes:
        type_name: As in CREATE TABLE.
        oid: For the decoder alone; None where only a server can send it.
        values: What Hypothesis draws.
        sent: The bytes of a value, by PostgreSQL's documentation.
        write: The text that PostgreSQL reads as a value.
        read: The values of a column that arrived, as they were drawn.
    """

    type_name: str
    oid: int | None
    values: st.SearchStrategy[Any]
    sent: Callable[[Any], bytes]
    write: Callable[[Any], str]
    read: Callable[[pa.ChunkedArray], list[Any]] = lambda column: column.to_pylist()


def integers(bits: int, *, signed: bool = True) -> st.SearchStrategy[int]:
    """Draw any integer of so many bits, and the extremes often."""
    first = -(2 ** (bits - 1)) if signed else 0
    last = first + 2**bits - 1
    edges = st.sampled_from([first, first + 1, last - 1, last, 0])
    return st.integers(first, last) | edges


def floats(wire: str, bits: str) -> st.SearchStrategy[float]:
    """Draw a float by its bits."""
    size = struct.calcsize(bits) * 8
    return integers(size, signed=False).map(
        lambda drawn: struct.unpack(wire, struct.pack(bits, drawn))[0]
    )


def packed(wire: str, shift: int = 0) -> Callable[[Any], bytes]:
    """Encode a number, counted from elsewhere."""
    return lambda value: struct.pack(wire, value - shift if shift else value)


def counted(kind: pa.DataType) -> Callable[[pa.ChunkedArray], list[Any]]:
    """Read the integers that are stored."""
    return lambda column: column.cast(kind).to_pylist()


def instants(type_name: str, oid: int) -> Kind:
    """Make a kind of timestamps."""
    return Kind(
        type_name,
        oid,
        st.integers(FIRST_DAY * IN_A_DAY, 2**63 - 1)
        | st.integers(-(10**6), 10**6)
        | st.sampled_from([2**63 - 1, FIRST_DAY * IN_A_DAY]),
        packed(">q", BEFORE_2000 * IN_A_DAY),
        reload.timestamp_text(IN_A_DAY),
        counted(pa.int64()),
    )


TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
KINDS = [
    Kind("boolean", 16, st.booleans(), packed(">?"), str),
    Kind("smallint", 21, integers(16), packed(">h"), str),
    Kind("integer", 23, integers(32), packed(">i"), str),
    Kind("bigint", 20, integers(64), packed(">q"), str),
    Kind("oid", 26, integers(32, signed=False), packed(">I"), str),
    Kind("real", 700, floats(">f", ">I"), packed(">f"), repr),
    Kind("double precision", 701, floats(">d", ">Q"), packed(">d"), repr),
    Kind("text", 25, TEXT, str.encode, str),
    Kind("varchar", 1043, TEXT, str.encode, str),
    Kind("bytea", 17, st.binary(), bytes, lambda value: rf"\x{value.hex()}"),
    Kind(
        "date",
        1082,
        st.integers(FIRST_DAY, LAST_DAY) | st.integers(-1000, 1000),
        packed(">i", BEFORE_2000),
        reload.date_text,
        counted(pa.int32()),
    ),
    Kind(
        "time",
        1083,
        st.integers(0, IN_A_DAY - 1),
        packed(">q"),
        reload.time_text(IN_A_DAY),
        counted(pa.int64()),
    ),
    instants("timestamp", 1114),
    instants("timestamptz", 1184),
]


@st.composite
def numerics(draw: st.DrawFn) -> Kind:
    """Draw a precision, a scale, and numbers that they hold."""
    precision = draw(st.integers(1, 90))
    scale = draw(st.integers(-20, 90))
    most = 10**precision - 1
    whole = st.integers(-most, most) | st.sampled_from([most, -most, 0, 1, -1])
    return Kind(
        f"numeric({precision}, {scale})",
        None,
        whole.map(lambda value: EXACT.scaleb(Decimal(value), -scale)),
        lambda _: b"",
        lambda value: format(value, "f"),
        lambda column: [v if v is None else Decimal(v) for v in column.to_pylist()],
    )


@st.composite
def tables(
    draw: st.DrawFn, kinds: st.SearchStrategy[Kind]
) -> tuple[list[Kind], list[tuple[Any, ...]]]:
    """Draw columns, and rows of them in which each value may be NULL."""
    columns = draw(st.lists(kinds, min_size=1, max_size=8))
    row = st.tuples(*(st.none() | kind.values for kind in columns))
    return columns, draw(st.lists(row, max_size=12))


def same(first: Any, second: Any) -> bool:
    """Return whether two values are the same: 0.0 isn't -0.0, any NaN is a NaN."""
    if isinstance(first, float) and isinstance(second, float):
        if math.isnan(first) or math.isnan(second):
            return math.isnan(first) and math.isnan(second)
        return struct.pack(">d", first) == struct.pack(">d", second)
    return type(first) is type(second) and bool(first == second)


def check(table: pa.Table, columns: list[Kind], rows: list[tuple[Any, ...]]) -> None:
    """Compare all values, in their order."""
    assert table.num_rows == len(rows), (table, rows)
    for position, kind in enumerate(columns):
        arrived = kind.read(table.column(position))
        stored = [row[position] for row in rows]
        assert all(map(same, arrived, stored)), (kind.type_name, arrived, stored)


def described(columns: list[Kind]) -> list[copy_binary.Column]:
    """Return the columns that the decoder is given."""
    return [
        copy_binary.Column.described(
            SimpleNamespace(
                name=f"c{i}", type_code=kind.oid, precision=None, scale=None
            )
        )
        for i, kind in enumerate(columns)
    ]


def encoded(columns: list[Kind], row: tuple[Any, ...]) -> bytes:
    """Return a row as the documentation of COPY describes it."""
    fields = [
        b"\xff\xff\xff\xff" if value is None else struct.pack(">i", len(sent)) + sent
        for value, sent in (
            (value, b"" if value is None else kind.sent(value))
            for kind, value in zip(columns, row, strict=True)
        )
    ]
    return struct.pack(">h", len(fields)) + b"".join(fields)


def examples(sample: int, whole: int) -> settings:
    """Return how many tables are tried."""
    return settings(
        max_examples=whole if WHOLE else sample,
        derandomize=not WHOLE,
        deadline=None,
        database=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )


@examples(80, 3000)
@given(tables(st.sampled_from(KINDS)), st.integers(0, 12))
def test_rows_encoded_by_the_documentation_are_decoded(
    table: tuple[list[Kind], list[tuple[Any, ...]]], border: int
) -> None:
    columns, rows = table
    sent = [encoded(columns, row) for row in rows]
    batches = [
        copy_binary.decode(part, described(columns))
        for part in (sent[:border], sent[border:])
    ]
    check(pa.Table.from_batches(batches), columns, rows)


@pytest.fixture(scope="module")
def credentials(postgres: Server, of_postgresql: dict[str, Any]) -> dict[str, Any]:
    postgres.create_database(DATABASE)
    return {**of_postgresql, "database": DATABASE}


@pytest.fixture(scope="module")
def connection(credentials: dict[str, Any]) -> Iterator[reload.Connection]:
    with closing(psycopg2.connect(**credentials)) as connection:
        connection.autocommit = True
        yield connection


@examples(80, 2000)
@given(
    table=tables(st.sampled_from(KINDS) | numerics()),
    batch_bytes=st.integers(1, 200) | st.just(2**20),
)
def test_stored_rows_arrive_in_batches_of_any_size(
    connection: reload.Connection,
    credentials: dict[str, Any],
    table: tuple[list[Kind], list[tuple[Any, ...]]],
    batch_bytes: int,
) -> None:
    columns, rows = table
    names = [f"c{number}" for number in range(len(columns))]
    store(connection, names, columns, rows)
    query = f"SELECT {', '.join(names)} FROM drawn ORDER BY row"
    source = PostgreSQL(credentials=credentials)
    batches = list(source.to_batches(query, batch_bytes=batch_bytes))
    if batch_bytes == 1:
        assert len(batches) == max(1, len(rows))
    arrived = pa.Table.from_batches(batches)
    assert arrived.column_names == names
    check(arrived, columns, rows)


def store(
    connection: reload.Connection,
    names: list[str],
    columns: list[Kind],
    rows: list[tuple[Any, ...]],
) -> None:
    """Make a table of rows, with their numbers."""
    pairs = zip(names, columns, strict=True)
    made = ", ".join(f"{name} {kind.type_name}" for name, kind in pairs)
    texts = [
        [
            None if value is None else kind.write(value)
            for kind, value in zip(columns, row, strict=True)
        ]
        for row in rows
    ]
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS drawn")
        cursor.execute(f"CREATE TABLE drawn (row int, {made})")
        numbered = ([str(number), *row] for number, row in enumerate(texts))
        cursor.copy_expert("COPY drawn FROM STDIN", reload.lines(numbered))
