import os
import time
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from botocore import exceptions
from botocore.awsrequest import AWSResponse
from runtime.exceptions import (
    ConnectorError,
    CredentialError,
    DestinationExistsError,
    DestinationRejectedError,
    DestinationUnavailableError,
    RetriableError,
    VerificationError,
)
from runtime.files import blocks
from runtime.files.s3 import S3

from tests.proxy import Fate, Proxy, Request
from tests.runtime.frames import BATCH, NEW, OLD, OLD_ROWS
from tests.runtime.places import Files
from tests.runtime.shown import everything_shown

SECRET = "canary"
FRAME = pd.DataFrame({"a": [1]})
KEY = {"access_key_id": "key", "secret_access_key": SECRET}
NOWHERE = {**KEY, "region": "us-east-1", "endpoint_url": "http://127.0.0.1:1"}
WAYS_IN: dict[str, dict[str, Any]] = {
    "identity": {"region": "us-east-1"},
    "key": KEY,
    "temporary key": {**KEY, "session_token": SECRET},
}


@pytest.mark.parametrize("credentials", WAYS_IN.values(), ids=WAYS_IN)
def test_each_way_in_is_accepted_and_shows_no_secret(
    credentials: dict[str, Any],
) -> None:
    destination = S3(credentials=credentials)
    assert SECRET not in repr(destination.client)
    assert SECRET not in f"{destination!r} {destination.credentials!r}"


@pytest.mark.parametrize(
    ("credentials", "problem"),
    [
        ({"access_key_id": "key"}, "belong together"),
        ({"secret_access_key": SECRET}, "belong together"),
        ({"session_token": SECRET}, "session_token needs"),
        ({**KEY, "ca_file": "/no/such/file"}, "ca_file: .*No such file"),
    ],
)
def test_incomplete_credentials_are_refused(
    credentials: dict[str, Any], problem: str
) -> None:
    with pytest.raises(CredentialError, match=problem) as caught:
        S3(credentials=credentials)
    assert SECRET not in everything_shown(caught.value)


def test_a_malformed_endpoint_is_refused() -> None:
    with pytest.raises(CredentialError, match="give http:// or https://") as caught:
        S3(credentials={**KEY, "endpoint_url": "nowhere"})
    assert SECRET not in everything_shown(caught.value)


def test_an_impossible_region_is_refused() -> None:
    destination = S3(credentials={**KEY, "region": "no region"})
    with pytest.raises(CredentialError, match="malformed") as caught:
        _ = destination.client
    assert SECRET not in everything_shown(caught.value)


def test_a_variable_of_amazon_s_tools_does_not_change_the_endpoint(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
    destination = S3(credentials={**KEY, "region": "us-east-1"})
    assert "127.0.0.1" not in destination.client.meta.endpoint_url


def test_an_unreachable_store_can_be_retried() -> None:
    with pytest.raises(DestinationUnavailableError) as caught:
        S3(credentials=NOWHERE).from_df(FRAME, "bucket/file.parquet")
    assert SECRET not in everything_shown(caught.value)


@pytest.mark.parametrize("path", ["file.parquet", "/file.parquet"])
def test_a_path_without_a_bucket_is_refused(path: str) -> None:
    with pytest.raises(DestinationRejectedError, match="no file in a bucket"):
        S3(credentials=KEY).from_df(FRAME, path)


def answer(status: int, code: str) -> exceptions.ClientError:
    said = {
        "Error": {"Code": code, "Message": SECRET},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return exceptions.ClientError(said, "PutObject")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (answer(403, "SignatureDoesNotMatch"), CredentialError),
        (answer(400, "ExpiredToken"), CredentialError),
        (answer(403, "InvalidObjectState"), DestinationRejectedError),
        (answer(404, "NoSuchBucket"), DestinationRejectedError),
        (answer(400, "EntityTooLarge"), DestinationRejectedError),
        (answer(429, "TooManyRequests"), RetriableError),
        (answer(503, "SlowDown"), RetriableError),
        (answer(400, "RequestTimeout"), RetriableError),
        (answer(409, "ConditionalRequestConflict"), RetriableError),
        (answer(404, "NoSuchUpload"), RetriableError),
        (exceptions.NoCredentialsError(), CredentialError),
        (exceptions.ParamValidationError(report="bad"), DestinationRejectedError),
        (exceptions.ReadTimeoutError(endpoint_url="there"), RetriableError),
        (exceptions.EndpointConnectionError(endpoint_url="there"), RetriableError),
    ],
)
def test_errors_of_the_store_are_translated(
    error: Exception, expected: type[ConnectorError]
) -> None:
    destination = S3(credentials=KEY)
    with pytest.raises(expected) as caught, destination._explained("bucket/a.parquet"):
        raise error
    assert caught.value.what
    assert "bucket/a.parquet" in caught.value.where
    assert caught.value.next_step
    if expected is CredentialError:  # the answer may quote what was signed
        assert SECRET not in everything_shown(caught.value)


def noise(mebibytes: int) -> Iterator[pa.RecordBatch]:
    for _ in range(mebibytes):
        yield pa.RecordBatch.from_pydict({"noise": [os.urandom(1024 * 1024)]})


def client(store: Files) -> Any:
    assert isinstance(store.destination, S3)
    return store.destination.client


def unfinished(store: Files, path: str) -> list[str]:
    """Return the uploads to this path that are neither committed nor aborted."""
    bucket, _, key = path.partition("/")
    found = client(store).list_multipart_uploads(Bucket=bucket, Prefix=key)
    return [upload["Key"] for upload in found.get("Uploads", [])]


def test_a_missing_bucket_is_named(store: Files) -> None:
    with pytest.raises(DestinationRejectedError, match="no such bucket"):
        store.destination.from_df(FRAME, "no-such-bucket/a.parquet")


def test_a_retry_does_not_replace_the_file_of_another_load(store: Files) -> None:
    def overtaken() -> Iterator[pa.RecordBatch]:
        yield BATCH
        store.destination.from_df(NEW, path, overwrite=True)

    path = store.fresh()
    store.destination.from_df(OLD, path, load_id="monday")
    with pytest.raises(DestinationExistsError):
        store.destination.from_batches(overtaken(), path, load_id="monday")
    assert store.read(path).num_rows == len(NEW)


def test_an_upload_of_several_parts_leaves_nothing_unfinished(store: Files) -> None:
    path = store.fresh()
    store.destination.from_batches(noise(40), path)
    assert unfinished(store, path) == []


def test_a_file_that_appears_during_an_upload_is_refused_and_stays(
    store: Files,
) -> None:
    def overtaken() -> Iterator[pa.RecordBatch]:
        yield from noise(40)
        store.destination.from_df(OLD, path)

    path = store.fresh()
    with pytest.raises(DestinationExistsError, match="overwrite"):
        store.destination.from_batches(overtaken(), path)
    assert store.rows(path) == OLD_ROWS
    assert unfinished(store, path) == []


def test_an_error_after_several_parts_aborts_the_upload(store: Files) -> None:
    def broken_off() -> Iterator[pa.RecordBatch]:
        yield from noise(40)
        assert unfinished(store, path)
        msg = "the source broke off"
        raise ConnectionError(msg)

    path = store.fresh()
    with pytest.raises(ConnectionError, match="the source broke off"):
        store.destination.from_batches(broken_off(), path)
    assert unfinished(store, path) == []


def test_an_upload_is_aborted_once_its_slow_part_has_arrived(store: Files) -> None:
    def slowly(request: Request) -> Fate:
        if "partNumber" in request.query:
            time.sleep(blocks.CLEAN_SECONDS + 1)
        return "pass"

    def broken_off() -> Iterator[pa.RecordBatch]:
        yield from noise(40)
        raise ConnectionError

    path = store.fresh()
    with Proxy(store.port, slowly) as proxy:
        destination = S3(credentials=store.through(proxy.port))
        with pytest.raises(ConnectionError):
            destination.from_batches(broken_off(), path)
        deadline = time.monotonic() + 60
        while unfinished(store, path):
            assert time.monotonic() < deadline, "the upload stays"
            time.sleep(0.1)


def test_no_attempt_begins_after_a_request_was_given_up(
    store: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "ANSWER_SECONDS", 1)
    path, commits = store.fresh(), []

    def busy(request: Request) -> Fate:
        if request.method == "PUT":
            commits.append(request)
            time.sleep(2)
            return "break off"
        return "pass"

    with Proxy(store.port, busy) as proxy:
        destination = S3(credentials=store.through(proxy.port))
        with pytest.raises(DestinationUnavailableError, match="within 1 seconds"):
            destination.from_df(OLD, path)
        time.sleep(5)  # a second attempt would begin after the first one's answer
    assert len(commits) == 1


class NoBody:
    """The body of an answer that the store never gave."""

    def stream(self, *_: Any) -> Iterator[bytes]:
        yield b""


@pytest.fixture
def answers() -> list[int]:
    """Statuses that answer a request with part 2 instead of the store."""
    return []


@pytest.fixture
def requests(store: Files, answers: list[int]) -> Iterator[list[Any]]:
    """Record each request."""

    def record(request: Any, **_: Any) -> AWSResponse | None:
        recorded.append(request)
        if not answers or "partNumber=2" not in request.url:
            return None
        return AWSResponse(request.url, answers[-1], {"ETag": '"none"'}, NoBody())

    recorded: list[Any] = []
    events = client(store).meta.events
    events.register("before-send.s3", record)
    yield recorded
    events.unregister("before-send.s3", record)


def test_each_request_with_bytes_carries_their_checksum(
    store: Files, requests: list[Any]
) -> None:
    for batches in ([BATCH], noise(40)):
        store.destination.from_batches(batches, store.fresh(), verify_bytes=True)
    sent = [each for each in requests if each.method == "PUT"]
    assert len(sent) > 3
    assert all("Content-MD5" in each.headers for each in sent)


@pytest.mark.usefixtures("requests")
@pytest.mark.parametrize(
    ("status", "expected"),
    [(503, DestinationUnavailableError), (200, VerificationError)],
)
def test_a_part_that_does_not_arrive_stops_the_load(
    store: Files, answers: list[int], status: int, expected: type[ConnectorError]
) -> None:
    path = store.fresh()
    answers.append(status)
    with pytest.raises(expected):
        store.destination.from_batches(noise(40), path, verify_bytes=True)
    with pytest.raises(FileNotFoundError):
        store.read(path)
    assert unfinished(store, path) == []


def test_an_archived_object_is_reported_and_can_be_replaced(store: Files) -> None:
    path = store.fresh()
    bucket, _, key = path.partition("/")
    client(store).put_object(
        Bucket=bucket, Key=key, Body=b"old", StorageClass="GLACIER"
    )
    with pytest.raises(DestinationRejectedError, match="archived"):
        list(store.destination.blocks(path))
    with pytest.raises(DestinationExistsError):
        store.destination.from_df(NEW, path)
    store.destination.from_df(NEW, path, overwrite=True)
    assert store.read(path).num_rows == len(NEW)


@pytest.mark.parametrize("mebibytes", [1, 40])
def test_a_lost_answer_to_the_commit_is_no_failure(
    store: Files, mebibytes: int
) -> None:
    def lose(request: Request) -> Fate:
        one_part = request.method == "PUT" and not request.query
        several = request.method == "POST" and "uploadId" in request.query
        if (one_part or several) and not lost:
            lost.append(request.path)
            return "lose the answer"
        return "pass"

    lost: list[str] = []
    path = store.fresh()
    batches = list(noise(mebibytes))
    with Proxy(store.port, lose) as proxy:
        destination = S3(credentials=store.through(proxy.port))
        written = destination.from_batches(batches, path)
    assert len(lost) == 1
    assert store.read(path) == pa.Table.from_batches(batches)
    store.destination.verify(written)
