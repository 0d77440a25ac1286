from datetime import UTC, date, datetime, time
from decimal import Decimal
from importlib.util import find_spec
import time as time_module
from typing import Any
from uuid import UUID

import pyarrow as pa
import pytest

from acme.checksums import sum_up
from acme.config import get_source_credentials
from acme.exceptions import (
    CredentialError,
    FatalError,
    QueryRejectedError,
    SourceUnavailableError,
    UnsupportedTypeError,
)
from acme.utils import skip_test_on_missing_extra

if find_spec("psycopg2") is None:
    skip_test_on_missing_extra(
        "PostgreSQL",
        extra="postgresql",
    )

from acme.sources import PostgreSQL
from acme.sources.base import BATCH_BYTES
from ..contracts.queries import LiveSQLContract
from ..contracts.shown import everything_shown
from .live import postgresql as live
from .live import skip_without


@pytest.fixture
def source() -> PostgreSQL:
    skip_without(live.CONFIG_KEY)
    return PostgreSQL(config_key=live.CONFIG_KEY)


class TestPostgreSQL(LiveSQLContract):
    rows_query = "SELECT generate_series(1, 3) AS number"
    many_query = "SELECT generate_series(1, 1000) AS number"
    empty_query = f"{rows_query} LIMIT 0"
    rejected_query = "SELECT * FROM no_such_table"

    @pytest.fixture
    def live_source(
        self,
        source: PostgreSQL,
    ) -> PostgreSQL:
        return source


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
    source: PostgreSQL,
    type_name: str,
    text: str,
    kind: pa.DataType,
    expected: Any,
) -> None:
    table = source.to_arrow(
        f"SELECT text::{type_name} AS value FROM (VALUES ('{text}'), (NULL)) AS v (text)"
    )
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
def test_a_value_that_no_type_holds_names_its_column_and_the_cast(
    source: PostgreSQL,
    type_name: str,
    text: str,
) -> None:
    value = f"'{text}'::{type_name}"
    with pytest.raises(UnsupportedTypeError, match='"value"::text'):
        source.to_arrow(f"SELECT {value} AS value")
    as_text = source.to_arrow(f"SELECT {value}::text AS value")
    assert as_text.column("value").to_pylist() == [text]


@pytest.mark.parametrize("query", ["SELECT 1 AS one;", "TABLE one -- its end"])
def test_a_query_is_taken_as_people_write_it(
    source: PostgreSQL,
    query: str,
) -> None:
    with_one = f"WITH one AS (SELECT 1 AS one) {query}"
    assert source.to_arrow(with_one).to_pylist() == [{"one": 1}]


def test_all_queries_of_a_snapshot_see_one_state(
    source: PostgreSQL,
) -> None:
    now = "SELECT pg_current_snapshot()::text AS state"
    with source.snapshot() as snapshot:
        first, second = list(snapshot.to_batches(now)), list(snapshot.to_batches(now))
    assert first == second


def test_who_stops_reading_stops_the_query(
    source: PostgreSQL,
) -> None:
    marked = "SELECT generate_series(1, 1000000000) AS number /* stopped early */"
    batches = source.to_batches(marked)
    next(batches)
    batches.close()
    running = (
        "SELECT count(*) AS count FROM pg_stat_activity WHERE state = 'active' "
        "AND query LIKE '%stopped ' || 'early%' AND query NOT LIKE '%pg_stat%'"
    )
    deadline = time_module.monotonic() + 10
    while source.to_arrow(running).to_pylist() != [{"count": 0}]:
        assert time_module.monotonic() < deadline
        time_module.sleep(0.1)


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
def test_what_a_text_looks_like_does_not_hang_on_the_server(
    source: PostgreSQL,
    name: str,
    setting: str,
) -> None:
    found = source.to_arrow(
        f"SELECT split_part(setting, ',', 1) AS setting, source FROM pg_settings "
        f"WHERE name = '{name}'"
    )
    assert found.to_pylist() == [{"setting": setting, "source": "client"}]


def test_a_nullable_integer_stays_an_integer(
    source: PostgreSQL,
) -> None:
    df = source.to_df("SELECT 1 AS number UNION ALL SELECT NULL")
    assert str(df["number"].dtype) == "int32[pyarrow]"


def test_the_session_can_not_write(
    source: PostgreSQL,
) -> None:
    with pytest.raises(QueryRejectedError):
        source.to_arrow("CREATE TABLE should_not_be (number int)")


def test_a_large_result_is_not_fetched_at_once(
    source: PostgreSQL,
) -> None:
    source.query_timeout = 2  # for all rows; a batch of them takes no time
    batches = source.to_batches("SELECT generate_series(1, 1000000000) AS number")
    assert 0 < next(batches).nbytes < 2 * BATCH_BYTES
    assert 0 < next(batches).nbytes < 2 * BATCH_BYTES


def test_a_slow_query_is_given_up(
    source: PostgreSQL,
) -> None:
    source.query_timeout = 1
    with pytest.raises(SourceUnavailableError, match="timeout"):
        source.to_arrow("SELECT pg_sleep(30)::text AS slept")


def test_a_wrong_password_is_not_worth_a_retry(
    source: PostgreSQL,
) -> None:
    credentials = {**get_source_credentials(live.CONFIG_KEY), "password": "canary"}
    refused = PostgreSQL(credentials=credentials)
    with pytest.raises(CredentialError) as caught:
        refused.to_arrow(live.QUERY)
    assert "canary" not in everything_shown(caught.value)


def test_a_database_that_is_not_there_is_named(
    source: PostgreSQL,
) -> None:
    credentials = {**get_source_credentials(live.CONFIG_KEY), "database": "no_such"}
    refused = PostgreSQL(credentials=credentials)
    with pytest.raises(FatalError, match='"no_such" does not exist'):
        refused.to_arrow(live.QUERY)


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
def test_the_server_sums_up_what_is_read(
    source: PostgreSQL,
    value: str,
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
