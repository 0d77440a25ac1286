"""Microsoft SQL Server without a server: none can be had for tests here."""

import socket
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import mssql_python
import pyarrow as pa
import pytest
from mssql_python.constants import ConstantsDDBC as Code
from runtime.exceptions import (
    ConnectorError,
    CredentialError,
    FatalError,
    MissingExtraError,
    QueryRejectedError,
    SourceUnavailableError,
    UnsupportedTypeError,
)
from runtime.sql import mssql as module
from runtime.sql.mssql import MSSQL

from tests.runtime.shown import everything_shown

EAST = timezone(timedelta(hours=5, minutes=30))
CREDENTIALS = {
    "host": "127.0.0.1",
    "port": 1,
    "database": "shop",
    "user": "reader",
    "password": "p@s{;}=s",
}


@pytest.fixture
def source() -> MSSQL:
    return MSSQL(credentials=CREDENTIALS)


def schema(source: MSSQL, code: Any, precision: int = 0, scale: int = 0) -> pa.Schema:
    """Return the schema of one column, by the driver's description."""
    description = [("it", str, None, precision, precision, scale, True)]
    return source.schema_of(description, [code.value])


def test_a_setting_may_have_any_characters(source: MSSQL) -> None:
    text = source.connection_string
    assert "PWD={p@s{;}}=s};" in text
    assert "Server={127.0.0.1,1};" in text
    assert "Encrypt={yes};TrustServerCertificate={no};" in text


@pytest.mark.parametrize(
    ("code", "precision", "scale", "expected"),
    [
        (Code.SQL_TINYINT, 3, 0, pa.uint8()),
        (Code.SQL_SMALLINT, 5, 0, pa.int16()),
        (Code.SQL_INTEGER, 10, 0, pa.int32()),
        (Code.SQL_BIGINT, 19, 0, pa.int64()),
        (Code.SQL_BIT, 1, 0, pa.bool_()),
        (Code.SQL_DECIMAL, 19, 4, pa.decimal128(19, 4)),
        (Code.SQL_NUMERIC, 38, 38, pa.decimal128(38, 38)),
        (Code.SQL_REAL, 24, 0, pa.float64()),
        (Code.SQL_FLOAT, 53, 0, pa.float64()),
        (Code.SQL_TYPE_DATE, 10, 0, pa.date32()),
        (Code.SQL_TYPE_TIMESTAMP, 23, 3, pa.timestamp("us")),
        (Code.SQL_TYPE_TIMESTAMP, 26, 6, pa.timestamp("us")),
        (Code.SQL_DATETIMEOFFSET, 33, 6, pa.timestamp("us", tz="UTC")),
        (Code.SQL_SS_TIME2, 15, 6, pa.time64("us")),
        (Code.SQL_GUID, 36, 0, pa.string()),
        (Code.SQL_VARCHAR, 20, 0, pa.string()),
        (Code.SQL_WVARCHAR, 20, 0, pa.string()),
        (Code.SQL_WLONGVARCHAR, 0, 0, pa.string()),
        (Code.SQL_SS_XML, 0, 0, pa.string()),
        (Code.SQL_VARBINARY, 20, 0, pa.binary()),
        (Code.SQL_LONGVARBINARY, 0, 0, pa.binary()),
    ],
)
def test_a_type_follows_from_the_server_s_description(
    source: MSSQL, code: Any, precision: int, scale: int, expected: pa.DataType
) -> None:
    assert schema(source, code, precision, scale).field("it").type == expected


@pytest.mark.parametrize(
    ("code", "scale", "cast"),
    [
        (Code.SQL_TYPE_TIMESTAMP, 7, "CONVERT(NVARCHAR(27), [it], 121)"),
        (Code.SQL_DATETIMEOFFSET, 7, "CONVERT(NVARCHAR(34), [it], 121)"),
        (Code.SQL_SS_TIME2, 7, "CONVERT(NVARCHAR(16), [it], 121)"),
        (Code.SQL_SS_VARIANT, 0, "CAST([it] AS NVARCHAR(MAX))"),
        (Code.SQL_SS_UDT, 0, "[it].ToString()"),
    ],
)
def test_an_unsupported_type_names_its_column_and_a_cast(
    source: MSSQL, code: Any, scale: int, cast: str
) -> None:
    with pytest.raises(UnsupportedTypeError, match="'it'") as caught:
        schema(source, code, 0, scale)
    assert cast in caught.value.next_step


@pytest.mark.parametrize("names", [["it", "it"], [""]])
def test_columns_need_names_of_their_own(source: MSSQL, names: list[str]) -> None:
    description = [(name, int, None, 10, 10, 0, True) for name in names]
    with pytest.raises(QueryRejectedError, match="column"):
        source.schema_of(description, [4] * len(names))


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (pa.uint8(), 255, None),
        (pa.int64(), -(2**63), None),
        (pa.bool_(), True, None),
        (pa.decimal128(19, 4), Decimal("-1.1"), Decimal("-1.1000")),
        (pa.date32(), date(9999, 12, 31), None),
        (pa.time64("us"), time(23, 59, 59, 999999), None),
        (pa.timestamp("us"), datetime(1, 1, 1), None),
        (pa.timestamp("us", tz="UTC"), datetime(2024, 1, 1, 5, 30, tzinfo=EAST), None),
        (pa.string(), UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (pa.binary(), b"\x00\xff", None),
    ],
)
def test_a_value_keeps_its_type(
    source: MSSQL, kind: pa.DataType, value: Any, expected: Any
) -> None:
    batch = source.to_batch(["it"], [kind], [(None,), (value,)])
    assert batch.column(0).to_pylist() == [None, expected or value]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (pa.uint8(), -1),
        (pa.int32(), 2**31),
        (pa.decimal128(5, 2), Decimal("1.111")),
        (pa.timestamp("us"), datetime(2024, 1, 1, tzinfo=EAST)),
        (pa.timestamp("us", tz="UTC"), datetime(2024, 1, 1)),
        (pa.string(), 1),
    ],
)
def test_an_unsupported_value_names_its_column_and_a_cast(
    source: MSSQL, kind: pa.DataType, value: Any
) -> None:
    with pytest.raises(UnsupportedTypeError, match="'it'") as caught:
        source.to_batch(["it"], [kind], [(value,)])
    assert "CAST([it] AS NVARCHAR(MAX))" in caught.value.next_step


@pytest.mark.parametrize(
    ("said", "connected", "expected"),
    [
        ("Login failed for user 'reader'.", False, CredentialError),
        ('Cannot open database "no" requested by the login.', False, FatalError),
        ("TCP Provider: Timeout error [258].", False, SourceUnavailableError),
        ("SSL Provider: certificate verify failed", False, FatalError),
        ("Failed to load the driver.", False, MissingExtraError),
        ("anything else", False, SourceUnavailableError),
        ("The SELECT permission was denied on it", True, CredentialError),
        ("Transaction was deadlocked: deadlock victim", True, SourceUnavailableError),
        ("Invalid object name 'no_such_table'.", True, QueryRejectedError),
        ("Invalid column name 'Timeout'.", True, QueryRejectedError),
    ],
)
def test_an_error_is_known_by_its_text(
    source: MSSQL, said: str, *, connected: bool, expected: type[ConnectorError]
) -> None:
    error = mssql_python.OperationalError("it failed", said)
    assert type(source.explain(error, connected=connected)) is expected


def test_a_silent_server_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CONNECT_SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        source = MSSQL(credentials={**CREDENTIALS, "port": port})
        with pytest.raises(ConnectorError) as caught:
            source.to_arrow("SELECT 1 AS one")
    assert str(CREDENTIALS["password"]) not in everything_shown(caught.value)
    if isinstance(caught.value, MissingExtraError):
        pytest.skip(str(caught.value))
    assert isinstance(caught.value, SourceUnavailableError)


def test_names_and_values_are_written_in_the_dialect(source: MSSQL) -> None:
    assert source.select("select", ["a]b", "c"]) == "SELECT [a]]b], [c] FROM [select]"
    bound = source.bind(":values", {"values": ["it's", True, b"\0"]})
    assert bound == "N'it''s', CAST(1 AS BIT), 0x00"
