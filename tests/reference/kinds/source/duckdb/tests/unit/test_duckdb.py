from importlib.util import find_spec

import pytest

from acme.exceptions import (
    ConnectorError,
    CredentialError,
    FatalError,
    QueryRejectedError,
    SourceUnavailableError,
)
from acme.utils import skip_test_on_missing_extra

if find_spec("duckdb") is None:
    skip_test_on_missing_extra(
        "DuckDB",
        extra="duckdb",
    )

from acme.sources import DuckDB


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("INTERRUPT Error: Interrupted!", SourceUnavailableError),
        ("IO Error: Could not set lock on file", SourceUnavailableError),
        ("IO Error: Cannot open database", FatalError),
        ("Permission Error: it is disabled", CredentialError),
        ("Parser Error: syntax error at or near", QueryRejectedError),
    ],
)
def test_an_error_is_told_apart_by_its_text(
    said: str, expected: type[ConnectorError]
) -> None:
    source = DuckDB(
        credentials={"path": "shop.duckdb"},
    )
    assert type(source.explain(Exception(said))) is expected
