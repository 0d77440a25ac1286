from importlib.util import find_spec

import pytest

from acme.exceptions import (
    ConnectorError,
    CredentialError,
    DestinationRejectedError,
    DestinationUnavailableError,
    FatalError,
)
from acme.utils import skip_test_on_missing_extra

if find_spec("psycopg2") is None:
    skip_test_on_missing_extra(
        "Warehouse",
        extra="warehouse",
    )

import pandas as pd

from acme.sources import Warehouse
from acme.sources.warehouse import _explained
from ..contracts.shown import everything_shown

NOWHERE = {
    "host": "127.0.0.1",
    "port": 1,
    "database": "warehouse",
    "user": "loader",
    "password": "canary",
}


def test_a_server_that_is_not_there_is_worth_a_retry() -> None:
    destination = Warehouse(credentials=NOWHERE)
    with pytest.raises(DestinationUnavailableError) as caught:
        destination.from_df(pd.DataFrame({"a": [1]}), "landing.example")
    assert "canary" not in everything_shown(caught.value)


class Said(Exception):  # noqa: N818 - it stands for an error of the driver
    """What the server said, with its SQLSTATE."""

    def __init__(self, state: str | None, text: str = "no") -> None:
        super().__init__(text)
        self.pgcode = state


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (None, DestinationUnavailableError),
        ("08006", DestinationUnavailableError),
        ("40P01", DestinationUnavailableError),
        ("55P03", DestinationUnavailableError),
        ("57014", DestinationUnavailableError),
        ("42501", CredentialError),
        ("23505", DestinationRejectedError),
        ("3F000", DestinationRejectedError),
    ],
)
def test_errors_of_the_server_are_told_apart(
    state: str | None, expected: type[ConnectorError]
) -> None:
    error = _explained(Said(state), "landing.example", connected=True)
    assert type(error) is expected
    assert error.where == "landing.example"
    assert error.next_step


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("password authentication failed", CredentialError),
        ('database "a" does not exist', FatalError),
        ("connection refused", DestinationUnavailableError),
        (
            'connection to server at "there" failed: '
            "SSL SYSCALL error: Connection reset by peer",
            DestinationUnavailableError,
        ),
        ("SSL SYSCALL error: EOF detected", DestinationUnavailableError),
        (
            "SSL connection has been closed unexpectedly",
            DestinationUnavailableError,
        ),
        ("SSL error: certificate verify failed", FatalError),
        ("server does not support SSL, but SSL was required", FatalError),
    ],
)
def test_errors_while_connecting_are_told_apart(
    text: str, expected: type[ConnectorError]
) -> None:
    assert type(_explained(Said(None, text), "there", connected=False)) is expected
