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

if find_spec("oracledb") is None:
    skip_test_on_missing_extra(
        "Oracle",
        extra="oracle",
    )

from acme.sources import Oracle
from acme.sources.base import BATCH_BYTES
from ..contracts.shown import everything_shown
from ..contracts.source import LiveSourceContract
from .live import oracle as live
from .live import skip_without

COUNTED = 'SELECT LEVEL AS "number" FROM dual CONNECT BY LEVEL <= {rows}'


@pytest.fixture
def source() -> Oracle:
    skip_without(live.CONFIG_KEY)
    return Oracle(
        config_key=live.CONFIG_KEY,
    )


class TestOracle(LiveSourceContract):
    rows_query = live.QUERY
    many_query = COUNTED.format(rows=1000)
    empty_query = f"SELECT * FROM ({live.QUERY}) WHERE 1 = 0"
    rejected_query = "SELECT * FROM no_such_table"

    @pytest.fixture
    def live_source(
        self,
        source: Oracle,
    ) -> Oracle:
        return source


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("CAST(-1 AS NUMBER(18))", pa.int64(), -1),
        ("CAST(1.1 AS NUMBER(5, 2))", pa.decimal128(5, 2), Decimal("1.10")),
        ("CAST(1.1 AS NUMBER)", pa.decimal128(38, 10), Decimal("1.1")),
        ("CAST(0.1 AS BINARY_DOUBLE)", pa.float64(), 0.1),
        ("''", pa.string(), None),
        ("UNISTR('\\D834\\DD1E')", pa.string(), "\U0001d11e"),
        ("TO_CLOB('ø')", pa.string(), "ø"),
        ("HEXTORAW('00FF')", pa.binary(), b"\x00\xff"),
        (
            "TO_DATE('2024-02-29 23:59:59', 'YYYY-MM-DD HH24:MI:SS')",
            pa.timestamp("us"),
            datetime(2024, 2, 29, 23, 59, 59),
        ),
        (
            "CAST(TIMESTAMP '2024-03-31 02:30:00.000001' AS TIMESTAMP(6))",
            pa.timestamp("us"),
            datetime(2024, 3, 31, 2, 30, 0, 1),
        ),
    ],
)
def test_a_value_keeps_its_type(
    source: Oracle,
    value: str,
    kind: pa.DataType,
    expected: Any,
) -> None:
    table = source.to_arrow(f'SELECT {value} AS "value" FROM dual')
    assert table.schema.field("value").type == kind
    assert table.column("value").to_pylist() == [expected]


@pytest.mark.parametrize(
    "value",
    [
        "CAST(SYSTIMESTAMP AS TIMESTAMP(9))",
        "SYSTIMESTAMP",
        "INTERVAL '1' MONTH",
        "INTERVAL '1' DAY",
    ],
)
def test_what_does_not_arrive_names_its_column_and_the_cast(
    source: Oracle,
    value: str,
) -> None:
    with pytest.raises(UnsupportedTypeError, match="'value'") as caught:
        source.to_arrow(f'SELECT {value} AS "value" FROM dual')
    cast = caught.value.next_step.removeprefix("write ").removesuffix(" in the query.")
    inner = f'(SELECT {value} AS "value" FROM dual)'
    as_text = source.to_arrow(f'SELECT {cast} AS "value" FROM {inner}')
    assert as_text.schema.field("value").type == pa.string()


def test_who_stops_reading_does_not_read_the_rest(
    source: Oracle,
) -> None:
    batches = source.to_batches(COUNTED.format(rows=1_000_000))
    assert 0 < next(batches).nbytes < 2 * BATCH_BYTES
    assert 0 < next(batches).nbytes < 2 * BATCH_BYTES
    batches.close()


def test_a_slow_query_is_given_up(
    source: Oracle,
) -> None:
    source.query_timeout = 1
    slow = COUNTED.format(rows=100_000_000)
    with pytest.raises(SourceUnavailableError):
        source.to_arrow(f'SELECT COUNT(*) AS "number" FROM ({slow})')


def test_a_wrong_password_is_not_worth_a_retry(
    source: Oracle,
) -> None:
    credentials = {**get_source_credentials(live.CONFIG_KEY), "password": "canary"}
    refused = Oracle(
        credentials=credentials,
    )
    with pytest.raises(CredentialError) as caught:
        refused.to_arrow(live.QUERY)
    assert "canary" not in everything_shown(caught.value)


def test_a_service_that_is_not_there_is_named(
    source: Oracle,
) -> None:
    credentials = {**get_source_credentials(live.CONFIG_KEY), "service_name": "no_such"}
    refused = Oracle(
        credentials=credentials,
    )
    with pytest.raises(FatalError, match="no_such"):
        refused.to_arrow(live.QUERY)
