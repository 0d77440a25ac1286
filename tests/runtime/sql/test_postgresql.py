import struct
import time as clock
import tracemalloc
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import pyarrow as pa
import pytest
from runtime.checksums import sum_up
from runtime.exceptions import (
    ConnectorError,
    CredentialError,
    FatalError,
    QueryRejectedError,
    SourceUnavailableError,
    UnsupportedTypeError,
)
from runtime.source import BATCH_BYTES, LONGEST_BATCH_BYTES
from runtime.sql.copy_binary import HEADER_BYTES, LAYOUTS, TRAILER, Column, decode
from runtime.sql.postgresql import BYTES_AHEAD, PostgreSQL, Receiver, as_subquery
from sourcewright.services import PostgreSQL as Server

from tests.runtime.sql.contract import QueryContract, ServerContract, counted
from tests.runtime.sql.databases import OnEscapingPostgreSQL, OnPostgreSQL

INTEGER = 23
CREDENTIALS = {
    "host": "db",
    "database": "shop",
    "user": "reader",
    "password": "p@ss/word",
}


@pytest.fixture
def source(of_postgresql: dict[str, Any]) -> PostgreSQL:
    return PostgreSQL(credentials=of_postgresql)


class TestPostgreSQL(OnPostgreSQL, ServerContract):
    live = counted("SELECT generate_series(1, {rows}) AS number")

    @pytest.fixture
    def source(self, of_postgresql: dict[str, Any]) -> PostgreSQL:
        return PostgreSQL(credentials=of_postgresql)


class TestBackslashesThatEscape(OnEscapingPostgreSQL, QueryContract):
    @pytest.fixture
    def source(self, credentials: dict[str, Any]) -> PostgreSQL:
        return PostgreSQL(credentials=credentials)


def test_the_address_names_the_driver_and_hides_the_password() -> None:
    url = PostgreSQL(credentials=CREDENTIALS).url
    assert str(url) == "postgresql+psycopg2://reader:***@db:5432/shop"
    assert url.password == "p@ss/word"


def test_a_session_has_a_name_limits_and_certificates() -> None:
    source = PostgreSQL(
        credentials={**CREDENTIALS, "sslrootcert": "system"}, query_timeout=30
    )
    options = source.engine_options()["connect_args"]
    assert options["application_name"] == "runtime"  # the package that holds it
    assert options["sslrootcert"] == "system"
    assert "-c lock_timeout=60s" in options["options"]
    assert "-c statement_timeout=30s" in options["options"]


@pytest.mark.parametrize(
    ("type_name", "text", "kind", "expected"),
    [
        ("bool", "true", pa.bool_(), True),
        ("int2", "32767", pa.int16(), 32767),
        ("int4", "2147483647", pa.int32(), 2147483647),
        ("int8", "9223372036854775807", pa.int64(), 9223372036854775807),
        ("float8", "0.1", pa.float64(), 0.1),
        ("numeric(5, 2)", "1.10", pa.decimal128(5, 2), Decimal("1.10")),
        ("numeric", "1e-15", pa.string(), "0.000000000000001"),
        ("numeric", "NaN", pa.string(), "NaN"),
        ("text", "", pa.string(), ""),
        ("bytea", r"\x00ff", pa.binary(), b"\x00\xff"),
        ("date", "2024-02-29", pa.date32(), date(2024, 2, 29)),
        ("time", "23:59:59.999999", pa.time64("us"), time(23, 59, 59, 999999)),
        (
            "timestamp",
            "2024-03-31 02:30",
            pa.timestamp("us"),
            datetime(2024, 3, 31, 2, 30),
        ),
        (
            "timestamptz",
            "2024-03-31 02:30+02",
            pa.timestamp("us", tz="UTC"),
            datetime(2024, 3, 31, 0, 30, tzinfo=UTC),
        ),
        ("json", '{"b": 1,"a":2, "b":3}', pa.string(), '{"b": 1,"a":2, "b":3}'),
        ("uuid", f"{UUID(int=10)}", pa.string(), f"{UUID(int=10)}"),
        ("interval", "1 mon 2 days 3.5 s", pa.string(), "P1M2DT3.5S"),
        ("int[]", "{1,NULL,2}", pa.string(), "{1,NULL,2}"),
    ],
)
def test_a_value_keeps_its_type(
    source: PostgreSQL, type_name: str, text: str, kind: pa.DataType, expected: Any
) -> None:
    given = f"(VALUES ('{text}'), (NULL)) AS given (text)"
    table = source.to_arrow(f"SELECT text::{type_name} AS value FROM {given}")
    assert table.schema.field("value").type == kind
    assert table.column("value").to_pylist() == [expected, None]


@pytest.mark.parametrize(
    ("type_name", "text"),
    [
        ("date", "infinity"),
        ("time", "24:00:00"),
        ("timestamp", "-infinity"),
        ("timestamptz", "294276-12-31 23:59:59+00"),
        ("numeric(3, 1)", "NaN"),
    ],
)
def test_an_unsupported_value_names_its_column_and_a_cast(
    source: PostgreSQL, type_name: str, text: str
) -> None:
    value = f"'{text}'::{type_name}"
    with pytest.raises(UnsupportedTypeError, match='"value"::text') as caught:
        source.to_arrow(f"SELECT {value} AS value")
    assert source.address in caught.value.where
    as_text = source.to_arrow(f"SELECT {value}::text AS value")
    assert as_text.column("value").to_pylist() == [text]


@pytest.mark.parametrize("query", ["SELECT 1", " SELECT 1;\n"])
def test_a_query_can_be_put_in_parentheses(query: str) -> None:
    assert as_subquery(query) == "SELECT 1\n"


def test_all_queries_of_a_snapshot_see_one_state(
    source: PostgreSQL, postgres: Server
) -> None:
    postgres.psql("CREATE TABLE growing (number int)")
    query = "SELECT count(*) AS count, pg_current_snapshot()::text AS id FROM growing"
    with source.snapshot() as snapshot:
        (before,) = snapshot.to_batches(query)
        postgres.psql("INSERT INTO growing VALUES (1)")
        (after,) = snapshot.to_batches(query)
        assert after == before
        assert after.to_pylist() == [{"count": 0, "id": snapshot.id}]
    assert source.to_arrow(query).column("count").to_pylist() == [1]


def test_a_function_can_not_write(source: PostgreSQL) -> None:
    with pytest.raises(QueryRejectedError, match="read-only"):
        source.to_arrow("SELECT lo_create(0) AS made")


def test_the_server_stops_a_query_that_is_no_longer_read(source: PostgreSQL) -> None:
    marked = "SELECT generate_series(1, 1000000000) AS number /* stopped early */"
    batches: Any = source.to_batches(marked)
    next(batches)
    batches.close()
    running = (
        "SELECT count(*) AS count FROM pg_stat_activity WHERE state = 'active' "
        "AND query LIKE '%stopped ' || 'early%' AND query NOT LIKE '%pg_stat%'"
    )
    deadline = clock.monotonic() + 10
    while source.to_arrow(running).to_pylist() != [{"count": 0}]:
        assert clock.monotonic() < deadline
        clock.sleep(0.1)


def test_a_query_that_waits_is_stopped_at_once(source: PostgreSQL) -> None:
    waiting = "CASE number WHEN 5000 THEN pg_sleep(30) END::text AS slept"
    query = f"SELECT number, {waiting} FROM generate_series(1, 9000) AS number"
    batches: Any = source.to_batches(query, batch_bytes=10_000)
    while next(batches)["number"][-1].as_py() < 4000:
        pass
    clock.sleep(0.2)  # the reader takes the rest, and waits too
    before = clock.monotonic()
    batches.close()
    assert clock.monotonic() - before < 3


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("DateStyle", "ISO"),
        ("IntervalStyle", "iso_8601"),
        ("TimeZone", "UTC"),
        ("bytea_output", "hex"),
        ("extra_float_digits", "3"),
    ],
)
def test_texts_do_not_depend_on_the_server_s_settings(
    source: PostgreSQL, name: str, setting: str
) -> None:
    found = source.to_arrow(
        f"SELECT split_part(setting, ',', 1) AS setting, source FROM pg_settings "
        f"WHERE name = '{name}'"
    )
    assert found.to_pylist() == [{"setting": setting, "source": "client"}]


@pytest.mark.parametrize(
    ("columns", "longest"), [(2, 2 * BATCH_BYTES), (400, 5 * BATCH_BYTES)]
)
def test_a_wide_table_has_longer_batches(
    source: PostgreSQL, columns: int, longest: int
) -> None:
    wide = ", ".join(f"number AS c{column}" for column in range(columns))
    rows = 5_000_000 // columns
    query = f"SELECT {wide} FROM generate_series(1, {rows}::int) AS number"
    first = next(source.to_batches(query))
    assert first.nbytes < longest
    assert (first.nbytes > BATCH_BYTES) == (columns > 50)


@pytest.mark.parametrize("columns", [2, 400])
def test_reading_ahead_takes_bounded_memory(source: PostgreSQL, columns: int) -> None:
    wide = ", ".join(f"number AS c{column}" for column in range(columns))
    query = f"SELECT {wide} FROM generate_series(1, 2000000) AS number"
    tracemalloc.start()
    batches: Any = source.to_batches(query)
    next(batches)
    before, held = -1, 0
    while before < held:
        clock.sleep(0.5)
        before, held = held, tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    batches.close()
    assert BATCH_BYTES < held < BYTES_AHEAD + 3 * LONGEST_BATCH_BYTES


@pytest.mark.parametrize(
    ("numbers", "batch_bytes", "lengths"),
    [
        ([], 1, [0]),
        ([1, 2, 3], 1, [1, 1, 1]),
        ([1, 2, 3], 52, [2, 1]),  # a row has 10 bytes
        ([1, 2, 3], 1000, [3]),
    ],
)
def test_the_header_and_the_trailer_of_a_stream_are_no_rows(
    numbers: list[int], batch_bytes: int, lengths: list[int]
) -> None:
    parts: list[list[bytes]] = []
    receiver = Receiver(batch_bytes, parts.append)
    sent = [struct.pack(">hii", 1, 4, number) for number in numbers] + [TRAILER]
    for row in [bytes(HEADER_BYTES) + sent[0], *sent[1:]]:
        receiver.write(row)
    receiver.end()
    column = Column("number", LAYOUTS[INTEGER])
    batches = [decode(rows, [column]) for rows in parts]
    table = pa.Table.from_batches(batches)
    assert table.column("number").to_pylist() == numbers
    assert receiver.count == len(numbers)
    assert [batch.num_rows for batch in batches] == lengths


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ('FATAL:  password authentication failed for user "reader"', CredentialError),
        ('FATAL:  role "reader" does not exist', CredentialError),
        ('FATAL:  database "shop" does not exist', FatalError),
        ("connection refused", SourceUnavailableError),
        ("SSL SYSCALL error: Connection reset by peer", SourceUnavailableError),
        ("SSL connection has been closed unexpectedly", SourceUnavailableError),
        ("SSL error: certificate verify failed", FatalError),
        ("server does not support SSL, but SSL was required", FatalError),
        ("FATAL:  the database system is starting up", SourceUnavailableError),
    ],
)
def test_an_error_while_connecting_is_known_by_its_text(
    said: str, expected: type[ConnectorError]
) -> None:
    source = PostgreSQL(credentials=CREDENTIALS)
    assert type(source.explain(Exception(said), connected=False)) is expected


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("42P01", QueryRejectedError),
        ("42501", CredentialError),
        ("40P01", SourceUnavailableError),
        ("57014", SourceUnavailableError),
        (None, SourceUnavailableError),
    ],
)
def test_an_error_of_a_query_is_known_by_its_state(
    state: str | None, expected: type[ConnectorError]
) -> None:
    said = Exception("it failed")
    said.pgcode = state  # type: ignore[attr-defined]
    source = PostgreSQL(credentials=CREDENTIALS)
    assert type(source.explain(said, connected=True)) is expected


@pytest.mark.parametrize(
    "value",
    [
        "true",
        "-1::int2",
        "2147483647",
        "-9223372036854775807",
        "4294967295::oid",
        "'-0'::float8",
        "'nan'::float4",
        "''::text",
        "repeat('\u00fc', 5000)",
        "'padded'::char(20)",
        "'varied'::varchar",
        "repeat('byte', 1000)::bytea",
        '\'{"b":1, "b":2}\'::json',
        "'{1,NULL}'::int[]",
        "'1 mon'::interval",
        "date '1066-10-14'",
        "time '23:59:59.999999'",
        "timestamp '1066-10-14 12:00'",
        "timestamptz '2024-03-31 02:30+02'",
        "-0.05::numeric(5, 2)",
        "1e-15::numeric(38, 20)",
        "1e50::numeric(76, 10)",
        "1.50::numeric",
    ],
)
def test_the_server_computes_the_checksums_of_what_is_read(
    source: PostgreSQL, value: str
) -> None:
    query = (
        f"SELECT number, CASE WHEN number > 2 THEN {value} END AS value, "
        "number AS again FROM generate_series(1, 5) AS number"
    )
    with source.snapshot() as snapshot:
        expected = snapshot.checksums(query)
        assert sum_up(snapshot.to_batches(query)) == expected
        assert snapshot.checksums(f"{query} LIMIT 0") == sum_up(
            snapshot.to_batches(f"{query} LIMIT 0")
        )
    assert (expected.rows, expected.columns["value"].nulls) == (5, 2)
    assert expected.columns["number"] != expected.columns["again"]


@pytest.mark.parametrize("columns", [799, 800, 801, 1600])
def test_checksums_have_room_for_any_number_of_columns(
    of_postgresql: dict[str, Any], columns: int
) -> None:
    selected = ", ".join(f"number + {place} AS c{place}" for place in range(columns))
    query = f"SELECT {selected} FROM generate_series(1, 3) AS number"
    with PostgreSQL(credentials=of_postgresql).snapshot() as snapshot:
        assert snapshot.checksums(query) == sum_up(snapshot.to_batches(query))
