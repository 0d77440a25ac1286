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

if find_spec("boto3") is None:
    skip_test_on_missing_extra(
        "S3",
        extra="s3",
    )

from botocore import exceptions
import pandas as pd

from acme.sources import S3
from ..contracts.shown import everything_shown

SECRET = "canary"
KEY = {"access_key_id": "key", "secret_access_key": SECRET}
NOWHERE = {**KEY, "region": "us-east-1", "endpoint_url": "http://127.0.0.1:1"}
WAYS_IN = {
    "identity": {"region": "us-east-1"},
    "key": KEY,
    "temporary key": {**KEY, "session_token": SECRET},
}


@pytest.mark.parametrize("credentials", WAYS_IN.values(), ids=WAYS_IN)
def test_no_way_in_shows_its_secret(credentials: dict[str, Any]) -> None:
    destination = S3(
        credentials=credentials,
    )
    assert SECRET not in f"{destination!r} {destination.credentials!r}"


@pytest.mark.parametrize("credentials", WAYS_IN.values(), ids=WAYS_IN)
def test_each_way_in_gives_a_client(credentials: dict[str, Any]) -> None:
    destination = S3(
        credentials=credentials,
    )
    assert SECRET not in repr(destination.client)


@pytest.mark.parametrize(
    ("credentials", "problem"),
    [
        ({"access_key_id": "key"}, "belong together"),
        ({"secret_access_key": "secret"}, "belong together"),
        ({"session_token": "token"}, "session_token needs"),
    ],
)
def test_incomplete_credentials_are_refused(
    credentials: dict[str, Any], problem: str
) -> None:
    with pytest.raises(CredentialError, match=problem):
        S3(credentials=credentials)


def test_a_malformed_endpoint_is_refused() -> None:
    destination = S3(
        credentials={**KEY, "endpoint_url": "nowhere"},
    )
    with pytest.raises(CredentialError, match="malformed") as caught:
        _ = destination.client
    assert SECRET not in everything_shown(caught.value)


def test_a_variable_of_amazon_s_tools_leads_nowhere_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
    destination = S3(
        credentials={**KEY, "region": "us-east-1"},
    )
    assert "127.0.0.1" not in destination.client.meta.endpoint_url


def test_a_store_that_can_not_be_reached_is_worth_a_retry() -> None:
    destination = S3(
        credentials=NOWHERE,
    )
    with pytest.raises(DestinationUnavailableError) as caught:
        destination.from_df(pd.DataFrame({"a": [1]}), "bucket/file.parquet")
    assert SECRET not in everything_shown(caught.value)


@pytest.mark.parametrize("path", ["file.parquet", "/file.parquet", "bucket/.parquet/"])
def test_a_path_without_bucket_or_name_is_refused(path: str) -> None:
    destination = S3(
        credentials=KEY,
    )
    with pytest.raises(FatalError):
        destination.from_df(pd.DataFrame({"a": [1]}), path)


def _answer(status: int, code: str) -> exceptions.ClientError:
    answer = {
        "Error": {"Code": code, "Message": SECRET},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return exceptions.ClientError(answer, "PutObject")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (_answer(403, "SignatureDoesNotMatch"), CredentialError),
        (_answer(400, "ExpiredToken"), CredentialError),
        (_answer(403, "InvalidObjectState"), DestinationRejectedError),
        (_answer(404, "NoSuchBucket"), DestinationRejectedError),
        (_answer(400, "EntityTooLarge"), DestinationRejectedError),
        (_answer(429, "TooManyRequests"), RetriableError),
        (_answer(503, "SlowDown"), RetriableError),
        (_answer(400, "RequestTimeout"), RetriableError),
        (_answer(409, "ConditionalRequestConflict"), RetriableError),
        (_answer(404, "NoSuchUpload"), RetriableError),
        (exceptions.NoCredentialsError(), CredentialError),
        (exceptions.ParamValidationError(report="bad"), DestinationRejectedError),
        (exceptions.ReadTimeoutError(endpoint_url="there"), RetriableError),
        (exceptions.EndpointConnectionError(endpoint_url="there"), RetriableError),
    ],
)
def test_errors_of_the_store_are_told_apart(
    error: Exception, expected: type[ConnectorError]
) -> None:
    destination = S3(
        credentials=KEY,
    )
    with pytest.raises(expected) as caught, destination._explained("bucket/a.parquet"):
        raise error
    assert caught.value.what
    assert "bucket/a.parquet" in caught.value.where
    assert caught.value.next_step


def test_a_refusal_is_not_quoted_since_it_may_hold_what_was_signed() -> None:
    destination = S3(
        credentials=KEY,
    )
    with (
        pytest.raises(CredentialError) as caught,
        destination._explained("bucket/a.parquet"),
    ):
        raise _answer(403, "SignatureDoesNotMatch")
    assert SECRET not in everything_shown(caught.value)
