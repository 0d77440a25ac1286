from importlib.util import find_spec
import struct

import pyarrow as pa
import pytest

from acme.copy_binary import (
    HEADER_BYTES,
    LAYOUTS,
    TRAILER,
    Column,
    decode,
)
from acme.exceptions import (
    ConnectorError,
    CredentialError,
    FatalError,
    QueryRejectedError,
    SourceUnavailableError,
)
from acme.utils import skip_test_on_missing_extra

if find_spec("psycopg2") is None:
    skip_test_on_missing_extra(
        "PostgreSQL",
        extra="postgresql",
    )

from acme.sources import PostgreSQL
from acme.sources.postgresql import (
    Receiver,
    as_subquery,
)

INTEGER = 23
CREDENTIALS = {
    "host": "db",
    "database": "shop",
    "user": "reader",
    "password": "p@ss/word",
}


@pytest.fixture
def source() -> PostgreSQL:
    return PostgreSQL(credentials=CREDENTIALS)


def test_the_address_names_the_driver_and_hides_the_password(
    source: PostgreSQL,
) -> None:
    assert str(source.url) == "postgresql+psycopg2://reader:***@db:5432/shop"
    assert source.url.password == "p@ss/word"


def test_the_session_is_read_only_and_ends_some_time() -> None:
    source = PostgreSQL(
        credentials=CREDENTIALS,
        query_timeout=30,
    )
    options = source.engine_options()["connect_args"]["options"]
    assert "-c default_transaction_read_only=on" in options
    assert "-c lock_timeout=60s" in options
    assert "-c statement_timeout=30s" in options


def test_a_root_certificate_is_passed_on() -> None:
    source = PostgreSQL(
        credentials={**CREDENTIALS, "sslrootcert": "ca.pem"},
    )
    assert source.engine_options()["connect_args"]["sslrootcert"] == "ca.pem"


@pytest.mark.parametrize("query", ["SELECT 1", " SELECT 1;\n"])
def test_a_query_can_stand_in_parentheses(query: str) -> None:
    assert as_subquery(query).string == "SELECT 1\n"


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
def test_an_error_while_connecting_is_told_apart(
    source: PostgreSQL,
    said: str,
    expected: type[ConnectorError],
) -> None:
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
def test_an_error_of_a_query_is_told_apart_by_its_state(
    source: PostgreSQL,
    state: str | None,
    expected: type[ConnectorError],
) -> None:
    said = Exception("it failed")
    said.pgcode = state  # type: ignore[attr-defined]
    assert type(source.explain(said, connected=True)) is expected
