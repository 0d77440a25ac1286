from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

import certifi
import pyarrow as pa
import pytest

from acme.exceptions import (
    ConnectorError,
    CredentialError,
    FatalError,
    QueryRejectedError,
    SourceUnavailableError,
    UnsupportedTypeError,
)
from acme.utils import skip_test_on_missing_extra

if find_spec("pymysql") is None:
    skip_test_on_missing_extra(
        "MariaDB",
        extra="mariadb",
    )

from acme.sources import MariaDB

CREDENTIALS = {
    "host": "db",
    "database": "shop",
    "user": "reader",
    "password": "p@ss:/ %w",
}


@pytest.fixture
def source() -> MariaDB:
    return MariaDB(credentials=CREDENTIALS)


def described(**fields: Any) -> SimpleNamespace:
    """Return what the driver tells of a result with one column."""
    field = {"name": "it", "flags": 0, "charsetnr": 45, "length": 10, "scale": 0}
    result = SimpleNamespace(fields=[SimpleNamespace(**{**field, **fields})])
    return SimpleNamespace(_result=result)


def test_the_address_names_the_driver_and_hides_the_password(
    source: MariaDB,
) -> None:
    assert str(source.url) == "mysql+pymysql://reader:***@db:3306/shop"
    assert source.url.password == CREDENTIALS["password"]


def test_the_session_is_read_only_and_ends_some_time() -> None:
    source = MariaDB(
        credentials=CREDENTIALS,
        query_timeout=30,
    )
    options = source.engine_options()["connect_args"]
    assert "tx_read_only = 1, max_statement_time = 30 " in options["init_command"]
    assert "read_only = 1, max_execution_time = 30000 " in options["init_command"]
    assert options["read_timeout"] > 30


def test_a_password_of_any_letters_is_sent() -> None:
    source = MariaDB(
        credentials={**CREDENTIALS, "password": "ø☃"},
    )
    options = source.engine_options()["connect_args"]
    assert options["password"] == "ø☃".encode()


def test_a_certificate_is_asked_for_where_its_authority_is_known() -> None:
    source = MariaDB(
        credentials={**CREDENTIALS, "ssl_ca": certifi.where()},
    )
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
def test_a_type_follows_from_what_the_server_tells(
    source: MariaDB,
    fields: dict[str, int],
    kind: pa.DataType,
) -> None:
    assert source.column_types(described(**fields), "") == [kind]


@pytest.mark.parametrize(
    ("code", "cast"),
    [(4, "CAST(`it` AS DOUBLE)"), (255, "ST_AsWKB(`it`)"), (99, "CAST(`it` AS CHAR)")],
)
def test_a_type_that_does_not_arrive_names_its_column_and_the_cast(
    source: MariaDB,
    code: int,
    cast: str,
) -> None:
    with pytest.raises(UnsupportedTypeError, match="'it'") as caught:
        source.column_types(described(type_code=code), "")
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
def test_an_error_is_told_apart_by_its_number(
    source: MariaDB,
    number: int | None,
    connected: bool,
    expected: type[ConnectorError],
) -> None:
    error = Exception(number, "it failed") if number else Exception()
    assert type(source.explain(error, connected=connected)) is expected
