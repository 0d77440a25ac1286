from importlib.util import find_spec
from typing import Any

import pytest

from acme.exceptions import (
    ConnectorError,
    CredentialError,
    DestinationRejectedError,
    DestinationUnavailableError,
    FatalError,
    RetriableError,
)
from acme.utils import skip_test_on_missing_extra

if find_spec("adlfs") is None:
    skip_test_on_missing_extra(
        "AzureDataLake",
        extra="adls",
    )

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceNotFoundError,
    ServiceRequestError,
)
import pandas as pd

from acme.sources import AzureDataLake
from ..contracts.shown import everything_shown

ACCOUNT = {"account_name": "account"}
KEY = "Y2FuYXJ5"
UNREACHABLE = (
    "DefaultEndpointsProtocol=http;AccountName=account;"
    f"AccountKey={KEY};BlobEndpoint=http://127.0.0.1:1/account;"
)


WAYS_IN = {
    "identity": {"account_name": "account"},
    "key": {"account_name": "account", "account_key": KEY},
    "sas": {"account_name": "account", "sas_token": f"sv=1&sig={KEY}"},
    "principal": {
        "account_name": "account",
        "tenant_id": "tenant",
        "client_id": "client",
        "client_secret": KEY,
    },
    "connection string": {"connection_string": UNREACHABLE},
}


@pytest.mark.parametrize("credentials", WAYS_IN.values(), ids=WAYS_IN)
def test_no_way_in_shows_its_secret(credentials: dict[str, Any]) -> None:
    destination = AzureDataLake(credentials=credentials)
    assert KEY not in f"{destination!r} {destination.credentials!r}"


@pytest.mark.parametrize("credentials", WAYS_IN.values(), ids=WAYS_IN)
def test_each_way_in_is_accepted(credentials: dict[str, Any]) -> None:
    destination = AzureDataLake(credentials=credentials)
    account = destination.filesystem.account_name
    assert account == "account" or "connection_string" in credentials


@pytest.mark.parametrize(
    ("credentials", "problem"),
    [
        ({}, "either account_name or connection_string"),
        ({"account_name": "a", "connection_string": UNREACHABLE}, "either"),
        ({"account_name": "a", "account_key": KEY, "sas_token": "s"}, "one of"),
        ({"account_name": "a", "client_id": "c"}, "a service principal needs"),
    ],
)
def test_incomplete_or_contradictory_credentials_are_refused(
    credentials: dict[str, Any], problem: str
) -> None:
    with pytest.raises(CredentialError, match=problem):
        AzureDataLake(credentials=credentials)


def test_a_malformed_connection_string_is_refused_without_showing_it() -> None:
    destination = AzureDataLake(
        credentials={"connection_string": "canary"},
    )
    with pytest.raises(CredentialError, match="malformed") as caught:
        _ = destination.filesystem
    assert "canary" not in everything_shown(caught.value)


def test_a_variable_that_adlfs_would_follow_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", UNREACHABLE)
    destination = AzureDataLake(credentials=ACCOUNT)
    with pytest.raises(CredentialError, match="AZURE_STORAGE_CONNECTION_STRING"):
        _ = destination.filesystem


def test_an_account_that_can_not_be_reached_is_worth_a_retry() -> None:
    destination = AzureDataLake(
        credentials={"connection_string": UNREACHABLE},
    )
    with pytest.raises(DestinationUnavailableError) as caught:
        destination.from_df(pd.DataFrame({"a": [1]}), "container/file.parquet")
    assert KEY not in everything_shown(caught.value)


@pytest.mark.parametrize("path", ["file.parquet", "container/.parquet/"])
def test_a_path_without_container_or_name_is_refused(path: str) -> None:
    destination = AzureDataLake(credentials=ACCOUNT)
    with pytest.raises(FatalError):
        destination.from_df(pd.DataFrame({"a": [1]}), path)


def _with_status(status: int, code: str | None = None) -> HttpResponseError:
    error = HttpResponseError("it failed")
    error.status_code = status
    error.error_code = code  # type: ignore[attr-defined]
    return error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ClientAuthenticationError("no"), CredentialError),
        (ResourceNotFoundError("no"), DestinationRejectedError),
        (ServiceRequestError("no"), DestinationUnavailableError),
        (_with_status(429), RetriableError),
        (_with_status(503), RetriableError),
        (_with_status(400), DestinationRejectedError),
        (_with_status(403), CredentialError),
        (_with_status(400, "InvalidBlockList"), DestinationUnavailableError),
    ],
)
def test_errors_of_azure_are_told_apart(
    error: AzureError, expected: type[ConnectorError]
) -> None:
    destination = AzureDataLake(credentials=ACCOUNT)
    with (
        pytest.raises(expected) as caught,
        destination._explained("container/file.parquet"),
    ):
        raise error
    assert caught.value.what
    assert "container/file.parquet" in caught.value.where
    assert caught.value.next_step


def test_a_refusal_is_not_quoted_since_it_may_hold_a_signature() -> None:
    destination = AzureDataLake(credentials=ACCOUNT)
    refusal = HttpResponseError("canary")
    refusal.status_code = 403
    with (
        pytest.raises(CredentialError) as caught,
        destination._explained("container/file.parquet"),
    ):
        raise refusal
    assert "canary" not in everything_shown(caught.value)
