from datetime import datetime
from decimal import Decimal
from importlib.util import find_spec
from typing import Any

import pyarrow as pa
import pytest

from acme.config import get_source_credentials
from acme.exceptions import (
    CredentialError,
    FatalError,
    SourceUnavailableError,
    UnsupportedTypeError,
)
from acme.utils import skip_test_on_missing_extra

if find_spec("mssql_python") is None:
    skip_test_on_missing_extra(
        "MSSQL",
        extra="mssql",
    )

from acme.sources import MSSQL
from acme.sources.base import BATCH_BYTES
from ..contracts.shown import everything_shown
from ..contracts.source import LiveSourceContract
from .live import mssql as live
from .live import skip_without

COUNTED = (
    "SELECT TOP ({rows}) ROW_NUMBER() OVER (ORDER BY (SELECT NULL)) AS number "
    "FROM sys.all_columns AS one, sys.all_columns AS two, sys.all_columns AS three"
)


@pytest.fixture
def source() -> MSSQL:
    skip_without(live.CONFIG_KEY)
    return MSSQL(
        config_key=live.CONFIG_KEY,
    )


class TestMSSQL(LiveSourceContract):
    rows_query = live.QUERY
    many_query = COUNTED.format(rows=1000)
    empty_query = f"{live.QUERY} WHERE number > 3"
    rejected_query = "SELECT * FROM no_such_table"

    @pytest.fixture
    def live_source(
        self,
        source: MSSQL,
    ) -> MSSQL:
        return source


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("CAST(255 AS TINYINT)", pa.uint8(), 255),
        ("CAST(-9223372036854775808 AS BIGINT)", pa.int64(), -(2**63)),
        ("CAST(1.1 AS DECIMAL(5, 2))", pa.decimal128(5, 2), Decimal("1.10")),
        ("CAST(1.1 AS MONEY)", pa.decimal128(19, 4), Decimal("1.1000")),
        ("CAST(0.1 AS FLOAT)", pa.float64(), 0.1),
        ("N''", pa.string(), ""),
        ("N'\U0001d11e'", pa.string(), "\U0001d11e"),
        ("0x00FF", pa.binary(), b"\x00\xff"),
        (
            "CAST('2024-03-31 02:30:00.000001' AS DATETIME2(6))",
            pa.timestamp("us"),
            datetime(2024, 3, 31, 2, 30, 0, 1),
        ),
        (
            "CAST('2024-03-31 23:59:59.997' AS DATETIME)",
            pa.timestamp("us"),
            datetime(2024, 3, 31, 23, 59, 59, 997000),
        ),
    ],
)
def test_a_value_keeps_its_type(
    source: MSSQL,
    value: str,
    kind: pa.DataType,
    expected: Any,
) -> None:
    table = source.to_arrow(f"SELECT {value} AS value")
    assert table.schema.field("value").type == kind
    assert table.column("value").to_pylist() == [expected]


@pytest.mark.parametrize(
    "value",
    [
        "SYSDATETIME()",
        "SYSDATETIMEOFFSET()",
        "CAST(SYSDATETIME() AS TIME)",
        "CAST(1 AS SQL_VARIANT)",
        "CAST('/1/' AS HIERARCHYID)",
    ],
)
def test_what_does_not_arrive_names_its_column_and_the_cast(
    source: MSSQL,
    value: str,
) -> None:
    with pytest.raises(UnsupportedTypeError, match="'value'") as caught:
        source.to_arrow(f"SELECT {value} AS value")
    cast = caught.value.next_step.removeprefix("write ").removesuffix(" in the query.")
    inner = f"(SELECT {value} AS value) AS inner_one"
    as_text = source.to_arrow(f"SELECT {cast} AS value FROM {inner}")
    assert as_text.schema.field("value").type == pa.string()


def test_who_stops_reading_does_not_read_the_rest(
    source: MSSQL,
) -> None:
    batches = source.to_batches(COUNTED.format(rows=1_000_000))
    assert 0 < next(batches).nbytes < 2 * BATCH_BYTES
    assert 0 < next(batches).nbytes < 2 * BATCH_BYTES
    batches.close()


def test_a_slow_query_is_given_up(
    source: MSSQL,
) -> None:
    source.query_timeout = 1
    slow = COUNTED.format(rows=100_000_000)
    with pytest.raises(SourceUnavailableError):
        source.to_arrow(f"SELECT COUNT_BIG(*) AS number FROM ({slow}) AS counted")


def test_a_wrong_password_is_not_worth_a_retry(
    source: MSSQL,
) -> None:
    credentials = {**get_source_credentials(live.CONFIG_KEY), "password": "canary"}
    refused = MSSQL(
        credentials=credentials,
    )
    with pytest.raises(CredentialError) as caught:
        refused.to_arrow(live.QUERY)
    assert "canary" not in everything_shown(caught.value)


def test_a_database_that_is_not_there_is_named(
    source: MSSQL,
) -> None:
    credentials = {**get_source_credentials(live.CONFIG_KEY), "database": "no_such"}
    refused = MSSQL(
        credentials=credentials,
    )
    with pytest.raises(FatalError, match="no_such"):
        refused.to_arrow(live.QUERY)
