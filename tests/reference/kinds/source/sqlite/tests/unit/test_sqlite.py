from pathlib import Path
import sqlite3

import pytest

from acme.exceptions import (
    ConnectorError,
    CredentialError,
    FatalError,
    QueryRejectedError,
    SourceUnavailableError,
)
from acme.sources import SQLite


def test_the_address_opens_a_file_to_be_read_only() -> None:
    source = SQLite(
        credentials={"path": "data/100% #1?.sqlite"},
    )
    assert source.url.database == "file:data/100%25%20%231%3F.sqlite"
    assert source.url.query == {"mode": "ro", "uri": "true"}


def test_a_path_of_any_letters_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "100% #1?ø.sqlite"
    sqlite3.connect(path).close()
    source = SQLite(credentials={"path": path})
    assert source.to_arrow("SELECT 1 AS one").to_pylist() == [{"one": 1}]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (sqlite3.SQLITE_BUSY, SourceUnavailableError),
        (sqlite3.SQLITE_LOCKED, SourceUnavailableError),
        (sqlite3.SQLITE_INTERRUPT, SourceUnavailableError),
        (sqlite3.SQLITE_IOERR_READ, SourceUnavailableError),
        (sqlite3.SQLITE_PERM, CredentialError),
        (sqlite3.SQLITE_CANTOPEN, FatalError),
        (sqlite3.SQLITE_CORRUPT, FatalError),
        (sqlite3.SQLITE_NOTADB, FatalError),
        (sqlite3.SQLITE_ERROR, QueryRejectedError),
    ],
)
def test_an_error_is_told_apart_by_its_code(
    code: int, expected: type[ConnectorError]
) -> None:
    source = SQLite(
        credentials={"path": "shop.sqlite"},
    )
    said = sqlite3.OperationalError("it failed")
    said.sqlite_errorcode = code
    assert type(source.explain(said, connected=True)) is expected
