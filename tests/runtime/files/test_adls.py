import os
import threading
from collections.abc import Iterator
from concurrent import futures
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceNotFoundError,
    ServiceRequestError,
)
from runtime.exceptions import (
    ConnectorError,
    CredentialError,
    DestinationExistsError,
    DestinationRejectedError,
    DestinationUnavailableError,
    RetriableError,
)
from runtime.files.adls import BLOCK_BYTES, AzureDataLake

from tests.proxy import Fate, Proxy, Request
from tests.runtime.frames import OLD, OLD_ROWS, read_all
from tests.runtime.places import Files
from tests.runtime.shown import everything_shown

FRAME = pd.DataFrame({"a": [1]})
ACCOUNT = {"account_name": "account"}
KEY = "Y2FuYXJ5"
UNREACHABLE = (
    "DefaultEndpointsProtocol=http;AccountName=account;"
    f"AccountKey={KEY};BlobEndpoint=http://127.0.0.1:1/account;"
)
WAYS_IN: dict[str, dict[str, Any]] = {
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
def test_each_way_in_is_accepted_and_shows_no_secret(
    credentials: dict[str, Any],
) -> None:
    destination = AzureDataLake(credentials=credentials)
    assert KEY not in f"{destination!r} {destination.credentials!r} {vars(destination)}"
    assert destination.filesystem.service_client.account_name == "account"


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
    with pytest.raises(CredentialError, match=problem) as caught:
        AzureDataLake(credentials=credentials)
    assert KEY not in everything_shown(caught.value)


def test_a_malformed_connection_string_is_refused_and_not_shown() -> None:
    destination = AzureDataLake(credentials={"connection_string": "canary"})
    with pytest.raises(CredentialError, match="malformed") as caught:
        _ = destination.filesystem
    assert "canary" not in everything_shown(caught.value)


def test_a_variable_that_adlfs_would_use_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", UNREACHABLE)
    destination = AzureDataLake(credentials=ACCOUNT)
    with pytest.raises(CredentialError, match="AZURE_STORAGE_CONNECTION_STRING"):
        _ = destination.filesystem


def test_an_unreachable_account_can_be_retried() -> None:
    destination = AzureDataLake(credentials={"connection_string": UNREACHABLE})
    with pytest.raises(DestinationUnavailableError) as caught:
        destination.from_df(FRAME, "container/file.parquet")
    assert KEY not in everything_shown(caught.value)


def test_a_path_without_a_container_is_refused() -> None:
    destination = AzureDataLake(credentials=ACCOUNT)
    with pytest.raises(DestinationRejectedError, match="no file in a container"):
        destination.from_df(FRAME, "file.parquet")


def with_status(status: int, code: str | None = None) -> HttpResponseError:
    error = HttpResponseError("canary")
    error.status_code = status
    error.error_code = code  # type: ignore[attr-defined]
    return error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ClientAuthenticationError("canary"), CredentialError),
        (ResourceNotFoundError("no"), DestinationRejectedError),
        (ServiceRequestError("no"), DestinationUnavailableError),
        (with_status(429), RetriableError),
        (with_status(503), RetriableError),
        (with_status(400), DestinationRejectedError),
        (with_status(403), CredentialError),
        (with_status(400, "InvalidBlockList"), DestinationUnavailableError),
    ],
)
def test_errors_of_azure_are_translated(
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
    if expected is CredentialError:  # the answer may quote a signature
        assert "canary" not in everything_shown(caught.value)


def test_a_missing_container_is_named(lake: Files) -> None:
    with pytest.raises(DestinationRejectedError, match="no such container"):
        lake.destination.from_df(FRAME, "no-such-container/a.parquet")


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_a_file_as_long_as_two_blocks_arrives_whole(lake: Files, more: int) -> None:
    text = "x" * (2 * BLOCK_BYTES + more - len('{"a":""}\n'))
    path = lake.fresh().replace(".parquet", ".jsonl")
    batch = pa.RecordBatch.from_pydict({"a": [text]})
    written = lake.destination.from_batches([batch], path, verify_bytes=True)
    assert written.bytes == 2 * BLOCK_BYTES + more
    assert lake.content(path).decode() == f'{{"a":"{text}"}}\n'


def noise(mebibytes: int, writer: str = "") -> Iterator[pa.RecordBatch]:
    """Yield rows of one MiB, which no compression shrinks."""
    for _ in range(mebibytes):
        columns = {"writer": [writer], "noise": [os.urandom(1024 * 1024)]}
        yield pa.RecordBatch.from_pydict(columns)


def test_a_file_of_several_blocks_appears_by_one_commit(lake: Files) -> None:
    path = lake.fresh()
    with Proxy(lake.port) as proxy:
        destination = AzureDataLake(credentials=lake.through(proxy.port))
        destination.from_batches(noise(20), path)
    assert sum(request.is_block for request in proxy.seen) == 3
    assert sum(request.is_commit for request in proxy.seen) == 1
    assert lake.read(path).num_rows == 20


@pytest.mark.parametrize(
    ("overwrite", "loser"),
    [(False, DestinationExistsError), (True, DestinationUnavailableError)],
)
def test_of_two_writers_at_once_exactly_one_wins(
    lake: Files, *, overwrite: bool, loser: type[ConnectorError]
) -> None:
    def meet(request: Request) -> Fate:
        if request.is_commit:  # when both have sent all blocks
            meeting.wait()
        return "pass"

    def write(writer: str) -> str:
        destination = AzureDataLake(credentials=lake.through(proxy.port))
        try:
            destination.from_batches(noise(20, writer), path, overwrite=overwrite)
        except loser:
            return "lost"
        return writer

    meeting = threading.Barrier(2, timeout=60)
    path = lake.fresh()
    with Proxy(lake.port, meet) as proxy, futures.ThreadPoolExecutor() as pool:
        winner, lost = sorted(pool.map(write, ["Ada", "Bob"]))
    assert lost == "lost"
    assert lake.read(path).column("writer").to_pylist() == [winner] * 20
    assert lake.beside(path) == {path}


@pytest.mark.parametrize("verified", [False, True], ids=["unverified", "verified"])
def test_a_lost_answer_to_the_commit_is_no_failure(
    lake: Files, *, verified: bool
) -> None:
    def lose(request: Request) -> Fate:
        if request.is_commit and "/_" not in request.path and not lost:
            lost.append(request.path)
            return "lose the answer"
        return "pass"

    lost: list[str] = []
    path = lake.fresh()
    with Proxy(lake.port, lose) as proxy:
        destination = AzureDataLake(credentials=lake.through(proxy.port))
        written = destination.from_df(OLD, path, check=read_all if verified else None)
    assert len(lost) == 1
    assert lake.rows(path) == OLD_ROWS
    lake.destination.verify(written)
