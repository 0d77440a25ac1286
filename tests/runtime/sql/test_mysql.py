"""MariaDB, by both names: MySQL's own server is not installed here."""

import time as clock
from datetime import date, datetime, time
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import certifi
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
from runtime.sql.mysql import MariaDB, MySQL

from tests.mariadb import MariaDB as Server
from tests.runtime.sql.contract import QueryContract, ServerContract, counted
from tests.runtime.sql.databases import OnMariaDB, OnOtherMariaDB

CREDENTIALS = {
    "host": "db",
    "database": "shop",
    "user": "reader",
    "password": "p@ss:/ %w",
}


@pytest.fixture
def source(mariadb: Server) -> MariaDB:
    return MariaDB(credentials=mariadb.credentials)


class TestMariaDB(OnMariaDB, ServerContract):
    live = counted("SELECT seq AS number FROM seq_1_to_{rows}")

    @pytest.fixture
    def source(self, mariadb: Server) -> MariaDB:
        return MariaDB(credentials=mariadb.credentials)


class TestOtherModes(OnOtherMariaDB, QueryContract):
    @pytest.fixture
    def source(self, mariadb: Server) -> MariaDB:
        return MariaDB(credentials=mariadb.credentials)


@pytest.fixture
def offline() -> MySQL:
    return MySQL(credentials=CREDENTIALS)


def described(**fields: Any) -> SimpleNamespace:
    """Return a cursor of the driver, with a result of one column."""
    field = {"name": "it", "flags": 0, "charsetnr": 45, "length": 10, "scale": 0}
    result = SimpleNamespace(fields=[SimpleNamespace(**{**field, **fields})])
    return SimpleNamespace(_result=result)


def test_the_address_names_the_driver_and_hides_the_password(offline: MySQL) -> None:
    assert str(offline.url) == "mysql+pymysql://reader:***@db:3306/shop"
    assert offline.url.password == CREDENTIALS["password"]


def test_a_session_is_read_only_and_limited() -> None:
    source = MySQL(credentials=CREDENTIALS, query_timeout=30)
    options = source.engine_options()["connect_args"]
    assert "tx_read_only = 1, max_statement_time = 30 " in options["init_command"]
    assert "read_only = 1, max_execution_time = 30000 " in options["init_command"]
    assert options["read_timeout"] > 30


def test_a_password_is_sent_as_utf_8() -> None:
    source = MySQL(credentials={**CREDENTIALS, "password": "ø☃"})
    assert source.engine_options()["connect_args"]["password"] == "ø☃".encode()


def test_a_certificate_is_checked_if_its_authority_is_given() -> None:
    source = MySQL(credentials={**CREDENTIALS, "ssl_ca": certifi.where()})
    options = source.engine_options()["connect_args"]
    assert options["ssl_ca"] == certifi.where()
    assert options["ssl_verify_cert"]
    assert options["ssl_verify_identity"]


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"type_code": 1}, pa.int8()),
        ({"type_code": 1, "flags": 32}, pa.uint8()),
        ({"type_code": 8, "flags": 32}, pa.uint64()),
        ({"type_code": 246, "length": 7, "scale": 2}, pa.decimal128(5, 2)),
        ({"type_code": 246, "length": 6, "scale": 2, "flags": 32}, pa.decimal128(5, 2)),
        ({"type_code": 246, "length": 67, "scale": 30}, pa.decimal256(65, 30)),
        ({"type_code": 252, "charsetnr": 63}, pa.binary()),
        ({"type_code": 252}, pa.string()),
        ({"type_code": 245, "charsetnr": 63}, pa.string()),
        ({"type_code": 7}, pa.timestamp("us", tz="UTC")),
        ({"type_code": 12}, pa.timestamp("us")),
    ],
)
def test_a_type_follows_from_the_server_s_description(
    offline: MySQL, fields: dict[str, int], kind: pa.DataType
) -> None:
    assert offline.column_types(described(**fields), "") == [kind]


@pytest.mark.parametrize(
    ("code", "cast"),
    [(4, "CAST(`it` AS DOUBLE)"), (255, "ST_AsWKB(`it`)"), (99, "CAST(`it` AS CHAR)")],
)
def test_an_unsupported_type_names_its_column_and_a_cast(
    offline: MySQL, code: int, cast: str
) -> None:
    with pytest.raises(UnsupportedTypeError, match="'it'") as caught:
        offline.column_types(described(type_code=code), "")
    assert cast in caught.value.next_step


@pytest.mark.parametrize(
    ("number", "connected", "expected"),
    [
        (1045, False, CredentialError),
        (1049, False, FatalError),
        (2003, False, SourceUnavailableError),
        (None, False, SourceUnavailableError),
        (1064, True, QueryRejectedError),
        (1142, True, CredentialError),
        (1213, True, SourceUnavailableError),
        (1969, True, SourceUnavailableError),
        (2013, True, SourceUnavailableError),
        (3024, True, SourceUnavailableError),
        (3159, False, FatalError),
    ],
)
def test_an_error_is_known_by_its_number(
    offline: MySQL,
    number: int | None,
    *,
    connected: bool,
    expected: type[ConnectorError],
) -> None:
    error = Exception(number, "it failed") if number else Exception()
    explained = offline.explain(error, connected=connected)
    assert type(explained) is expected
    assert explained.what.startswith("MySQL said: ")


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("CAST(-1 AS UNSIGNED)", pa.uint64(), 2**64 - 1),
        ("CAST(1.10 AS DECIMAL(5, 2))", pa.decimal128(5, 2), Decimal("1.10")),
        ("0.1e0", pa.float64(), 0.1),
        ("b'101'", pa.binary(), b"\5"),
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
def test_the_value_of_an_expression_keeps_its_type(
    source: MariaDB, value: str, kind: pa.DataType, expected: Any
) -> None:
    table = source.to_arrow(f"SELECT {value} AS value")
    assert table.schema.field("value").type == kind
    assert table.column("value").to_pylist() == [expected]


def test_null_has_the_type_of_its_column(source: MariaDB) -> None:
    table = source.to_arrow("SELECT 1 AS number UNION ALL SELECT NULL")
    assert table.column("number").to_pylist() == [1, None]
    assert pa.types.is_integer(table.schema.field("number").type)


def test_the_rest_of_a_result_is_not_read(source: MariaDB) -> None:
    batches: Any = source.to_batches("SELECT seq AS number FROM seq_1_to_3000000")
    next(batches)
    before = clock.monotonic()
    batches.close()
    assert clock.monotonic() - before < 1


def test_a_session_is_in_utc(source: MariaDB) -> None:
    found = source.to_arrow("SELECT @@time_zone AS zone")
    assert found.column("zone").to_pylist() == ["+00:00"]
