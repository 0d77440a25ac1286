from datetime import date, datetime, time
from decimal import Decimal
from importlib.util import find_spec
import time as time_module
from typing import Any

import pyarrow as pa
import pytest

from acme.config import get_source_credentials
from acme.exceptions import (
    CredentialError,
    FatalError,
    QueryRejectedError,
    SourceUnavailableError,
    UnsupportedTypeError,
)
from acme.utils import skip_test_on_missing_extra

if find_spec("pymysql") is None:
    skip_test_on_missing_extra(
        "MySQL",
        extra="mysql",
    )

from acme.sources import MySQL
from acme.sources.base import BATCH_BYTES
from ..contracts.queries import LiveSQLContract
from ..contracts.shown import everything_shown
from .live import mysql as live
from .live import skip_without

COUNTED = (
    "WITH RECURSIVE counted (number) AS "
    "(SELECT 1 UNION ALL SELECT number + 1 FROM counted WHERE number < 1000)"
)
LARGE = (
    f"{COUNTED} SELECT one.number FROM counted AS one, counted AS two, counted AS three"
)


@pytest.fixture
def source() -> MySQL:
    skip_without(live.CONFIG_KEY)
    return MySQL(config_key=live.CONFIG_KEY)


class TestMySQL(LiveSQLContract):
    rows_query = live.QUERY
    many_query = f"{COUNTED} SELECT number FROM counted"
    empty_query = f"{rows_query} LIMIT 0"
    rejected_query = "SELECT * FROM no_such_table"

    @pytest.fixture
    def live_source(
        self,
        source: MySQL,
    ) -> MySQL:
        return source


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("CAST(-1 AS UNSIGNED)", pa.uint64(), 2**64 - 1),
        ("CAST(1.10 AS DECIMAL(5, 2))", pa.decimal128(5, 2), Decimal("1.10")),
        ("0.1e0", pa.float64(), 0.1),
        ("''", pa.string(), ""),
        ("'\U0001d11e'", pa.string(), "\U0001d11e"),
        ("x'00ff'", pa.binary(), b"\x00\xff"),
        ("DATE '2024-02-29'", pa.date32(), date(2024, 2, 29)),
        ("TIME '23:59:59.999999'", pa.time64("us"), time(23, 59, 59, 999999)),
        (
            "TIMESTAMP '2024-03-31 02:30:00.000001'",
            pa.timestamp("us"),
            datetime(2024, 3, 31, 2, 30, 0, 1),
        ),
    ],
)
def test_a_value_keeps_its_type(
    source: MySQL,
    value: str,
    kind: pa.DataType,
    expected: Any,
) -> None:
    table = source.to_arrow(f"SELECT {value} AS value")
    assert table.schema.field("value").type == kind
    assert table.column("value").to_pylist() == [expected]


def test_null_has_the_type_of_its_column(
    source: MySQL,
) -> None:
    table = source.to_arrow("SELECT 1 AS number UNION ALL SELECT NULL")
    assert table.column("number").to_pylist() == [1, None]
    assert pa.types.is_integer(table.schema.field("number").type)


def test_a_session_is_in_utc(
    source: MySQL,
) -> None:
    found = source.to_arrow("SELECT NOW() = UTC_TIMESTAMP() AS same")
    assert found.to_pylist() == [{"same": 1}]


@pytest.mark.parametrize("value", ["838:59:59", "-00:00:01", "24:00:00"])
def test_a_time_beyond_a_day_names_its_column_and_the_cast(
    source: MySQL,
    value: str,
) -> None:
    cast = "CAST(`value` AS CHAR)"
    with pytest.raises(UnsupportedTypeError, match="'value'") as caught:
        source.to_arrow(f"SELECT TIME '{value}' AS value")
    assert cast in caught.value.next_step
    inner = f"(SELECT TIME '{value}' AS value) AS times"
    as_text = source.to_arrow(f"SELECT {cast} AS value FROM {inner}")
    assert as_text.column("value").to_pylist() == [value]


def test_a_percent_sign_and_a_colon_mean_nothing_in_a_query(
    source: MySQL,
) -> None:
    table = source.to_arrow("SELECT ':a' AS colon, '%s' AS percent")
    assert table.to_pylist() == [{"colon": ":a", "percent": "%s"}]


def test_the_session_can_not_write(
    source: MySQL,
) -> None:
    with pytest.raises(QueryRejectedError, match="READ ONLY"):
        source.to_arrow("CREATE TABLE should_not_be (number int)")


def test_who_stops_reading_does_not_read_the_rest(
    source: MySQL,
) -> None:
    batches = source.to_batches(LARGE)
    assert 0 < next(batches).nbytes < 2 * BATCH_BYTES
    assert 0 < next(batches).nbytes < 2 * BATCH_BYTES
    before = time_module.monotonic()
    batches.close()
    assert time_module.monotonic() - before < 2


def test_a_slow_query_is_given_up(
    source: MySQL,
) -> None:
    source.query_timeout = 1
    with pytest.raises(SourceUnavailableError):
        list(source.to_batches(LARGE))


def test_a_wrong_password_is_not_worth_a_retry(
    source: MySQL,
) -> None:
    credentials = {**get_source_credentials(live.CONFIG_KEY), "password": "canary"}
    refused = MySQL(credentials=credentials)
    with pytest.raises(CredentialError) as caught:
        refused.to_arrow(live.QUERY)
    assert "canary" not in everything_shown(caught.value)


def test_a_database_that_is_not_there_is_named(
    source: MySQL,
) -> None:
    credentials = {**get_source_credentials(live.CONFIG_KEY), "database": "no_such"}
    refused = MySQL(credentials=credentials)
    with pytest.raises(FatalError, match="no_such"):
        refused.to_arrow(live.QUERY)
