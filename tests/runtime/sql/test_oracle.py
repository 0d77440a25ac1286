"""Oracle Database without a server: none can be had for tests here."""

import socket
import threading
from datetime import datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import oracledb
import pyarrow as pa
import pytest
from runtime.exceptions import (
    ConnectorError,
    CredentialError,
    FatalError,
    QueryRejectedError,
    SourceUnavailableError,
    UnsupportedTypeError,
)
from runtime.sql import database
from runtime.sql.oracle import Oracle

from tests.runtime.shown import everything_shown

CREDENTIALS = {
    "host": "127.0.0.1",
    "port": 1,
    "service_name": "shop",
    "user": "reader",
    "password": "p@ss:/ %w",
}


@pytest.fixture
def source() -> Oracle:
    return Oracle(credentials=CREDENTIALS)


def described(
    kind: Any, precision: int | None = None, scale: int | None = None
) -> list[Any]:
    """Return the driver's description of one column."""
    field = {"name": "it", "precision": precision, "scale": scale, "type_code": kind}
    return [SimpleNamespace(**field)]


@pytest.mark.parametrize(
    ("kind", "precision", "scale", "expected"),
    [
        (oracledb.DB_TYPE_NUMBER, 10, 0, pa.int64()),
        (oracledb.DB_TYPE_NUMBER, 18, 0, pa.int64()),
        (oracledb.DB_TYPE_NUMBER, 19, 0, pa.decimal128(19, 0)),
        (oracledb.DB_TYPE_NUMBER, 5, 2, pa.decimal128(5, 2)),
        (oracledb.DB_TYPE_NUMBER, 2, 5, pa.decimal128(5, 5)),
        (oracledb.DB_TYPE_NUMBER, 5, -3, pa.int64()),
        (oracledb.DB_TYPE_NUMBER, 38, -2, pa.decimal256(40, 0)),
        (oracledb.DB_TYPE_NUMBER, 38, 10, pa.decimal128(38, 10)),
        (oracledb.DB_TYPE_NUMBER, 0, -127, pa.decimal128(38, 10)),
        (oracledb.DB_TYPE_NUMBER, 126, -127, pa.decimal128(38, 10)),
        (oracledb.DB_TYPE_BINARY_FLOAT, None, None, pa.float64()),
        (oracledb.DB_TYPE_BINARY_DOUBLE, None, None, pa.float64()),
        (oracledb.DB_TYPE_BOOLEAN, None, None, pa.bool_()),
        (oracledb.DB_TYPE_DATE, None, None, pa.timestamp("us")),
        (oracledb.DB_TYPE_TIMESTAMP, None, 0, pa.timestamp("us")),
        (oracledb.DB_TYPE_TIMESTAMP, None, 6, pa.timestamp("us")),
        (oracledb.DB_TYPE_VARCHAR, None, None, pa.string()),
        (oracledb.DB_TYPE_CLOB, None, None, pa.string()),
        (oracledb.DB_TYPE_LONG, None, None, pa.string()),
        (oracledb.DB_TYPE_ROWID, None, None, pa.string()),
        (oracledb.DB_TYPE_RAW, None, None, pa.binary()),
        (oracledb.DB_TYPE_BLOB, None, None, pa.binary()),
    ],
)
def test_a_type_follows_from_the_server_s_description(
    source: Oracle,
    kind: Any,
    precision: int | None,
    scale: int | None,
    expected: pa.DataType,
) -> None:
    schema = source.schema_of(described(kind, precision, scale))
    assert schema.field("it").type == expected


@pytest.mark.parametrize(
    ("kind", "scale", "cast"),
    [
        (oracledb.DB_TYPE_TIMESTAMP, 9, "FF9"),
        (oracledb.DB_TYPE_TIMESTAMP_TZ, 6, "TZH:TZM"),
        (oracledb.DB_TYPE_TIMESTAMP_LTZ, 6, "TZH:TZM"),
        (oracledb.DB_TYPE_INTERVAL_DS, None, 'TO_CHAR("it")'),
        (oracledb.DB_TYPE_INTERVAL_YM, None, 'TO_CHAR("it")'),
        (oracledb.DB_TYPE_JSON, None, "JSON_SERIALIZE"),
        (oracledb.DB_TYPE_XMLTYPE, None, "XMLSERIALIZE"),
        (oracledb.DB_TYPE_VECTOR, None, "FROM_VECTOR"),
        (oracledb.DB_TYPE_OBJECT, None, "TO_CHAR"),
    ],
)
def test_an_unsupported_type_names_its_column_and_a_cast(
    source: Oracle, kind: Any, scale: int | None, cast: str
) -> None:
    with pytest.raises(UnsupportedTypeError, match="'it'") as caught:
        source.schema_of(described(kind, None, scale))
    assert cast in caught.value.next_step
    assert '"it"' in caught.value.next_step


@pytest.mark.parametrize("kind", [n for n in dir(oracledb) if n[:8] == "DB_TYPE_"])
def test_every_type_of_the_driver_has_a_column_or_a_cast(
    source: Oracle, kind: str
) -> None:
    try:
        assert source.schema_of(described(getattr(oracledb, kind), 5, 2))
    except UnsupportedTypeError as err:
        assert err.next_step.startswith("write ")  # noqa: PT017 - either is right


def test_two_columns_of_one_name_are_refused(source: Oracle) -> None:
    twice = 2 * described(oracledb.DB_TYPE_NUMBER)
    with pytest.raises(QueryRejectedError, match="'it'"):
        source.schema_of(twice)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (pa.int64(), Decimal("1E+15"), 10**15),
        (pa.int64(), 7, 7),
        (pa.decimal128(5, 2), Decimal("-1.1"), Decimal("-1.10")),
        (pa.decimal128(38, 10), 7, Decimal(7)),
        (pa.timestamp("us"), datetime(4712, 1, 1, 23, 59, 59), None),
        (pa.string(), "\U0001d11e", "\U0001d11e"),
        (pa.binary(), b"\x00\xff", b"\x00\xff"),
    ],
)
def test_a_value_keeps_its_type(
    source: Oracle, kind: pa.DataType, value: Any, expected: Any
) -> None:
    batch = source.to_batch(["it"], [kind], [(None,), (value,)])
    assert batch.column(0).to_pylist() == [None, expected or value]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (pa.int64(), Decimal(2**63)),
        (pa.decimal128(38, 10), Decimal("1E-11")),
        (pa.decimal128(38, 10), Decimal("1E+28")),
        (pa.decimal128(5, 2), 1.1),
        (pa.string(), b"bytes"),
        (pa.timestamp("us"), "text"),
    ],
)
def test_an_unsupported_value_names_its_column_and_a_cast(
    source: Oracle, kind: pa.DataType, value: Any
) -> None:
    with pytest.raises(UnsupportedTypeError, match="'it'") as caught:
        source.to_batch(["it"], [kind], [(value,)])
    assert 'TO_CHAR("it")' in caught.value.next_step


@pytest.mark.parametrize(
    ("code", "connected", "expected"),
    [
        ("ORA-01017", False, CredentialError),
        ("ORA-28001", False, CredentialError),
        ("ORA-01031", True, CredentialError),
        ("DPY-6001", False, FatalError),
        ("DPY-6005", False, SourceUnavailableError),
        ("DPY-4011", True, SourceUnavailableError),
        ("DPY-4024", True, SourceUnavailableError),
        ("ORA-01555", True, SourceUnavailableError),
        ("ORA-00942", True, QueryRejectedError),
        ("", False, SourceUnavailableError),
    ],
)
def test_an_error_is_known_by_its_code(
    source: Oracle, code: str, *, connected: bool, expected: type[ConnectorError]
) -> None:
    error = oracledb.DatabaseError(SimpleNamespace(full_code=code))
    assert type(source.explain(error, connected=connected)) is expected


def test_a_silent_server_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "CONNECT_SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        source = Oracle(credentials={**CREDENTIALS, "port": port})
        with pytest.raises(SourceUnavailableError, match="1 seconds") as caught:
            source.to_arrow("SELECT 1 AS one FROM dual")
    assert str(CREDENTIALS["password"]) not in everything_shown(caught.value)


def test_a_server_that_hangs_up_is_worth_a_retry() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            connection, _ = server.accept()
            connection.close()

        hanging_up = threading.Thread(target=hang_up)
        hanging_up.start()
        port = server.getsockname()[1]
        source = Oracle(credentials={**CREDENTIALS, "port": port})
        with pytest.raises(SourceUnavailableError) as caught:
            source.to_arrow("SELECT 1 AS one FROM dual")
        hanging_up.join()
    assert str(CREDENTIALS["password"]) not in everything_shown(caught.value)


def test_names_and_values_are_written_in_the_dialect(source: Oracle) -> None:
    assert source.select("select", ["a]b", "c"]) == 'SELECT "a]b", "c" FROM "select"'
    bound = source.bind(":values", {"values": ["it's", True, b"\0"]})
    assert bound == "'it''s', 1, HEXTORAW('00')"
