from collections.abc import Iterator
from datetime import timedelta
from importlib.util import find_spec
import os
import random
from typing import Any

import pandas as pd
from prefect import flow
import pyarrow as pa
import pytest

from acme.exceptions import (
    DestinationExistsError,
    DestinationRejectedError,
    DestinationUnavailableError,
    RetriableError,
    VerificationError,
)
from acme.utils import skip_test_on_missing_extra

if find_spec("boto3") is None:
    skip_test_on_missing_extra(
        "S3",
        extra="s3",
    )

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError

from acme.orchestration.prefect.tasks import df_to_s3
from acme.sources import S3
from acme.sources.s3 import PART_BYTES
from ..contracts.destination import (
    BATCH,
    NEW,
    OLD,
    LiveFileDestinationContract,
)
from .live import s3 as live

STALE_AFTER = "acme.sources.base.STALE_AFTER"


@pytest.fixture
def destination() -> S3:
    return live.connect()


class TestS3(LiveFileDestinationContract):
    @pytest.fixture
    def live_destination(
        self,
        destination: S3,
    ) -> S3:
        return destination

    @pytest.fixture
    def path(self) -> str:
        return live.fresh_target()

    def read(
        self,
        destination: S3,
        path: str,
    ) -> pa.Table:
        return live.read(path)


def _unfinished(path: str) -> list[str]:
    """Return the uploads to this path that are neither committed nor ended."""
    bucket, _, key = path.partition("/")
    found = live.connect().client.list_multipart_uploads(Bucket=bucket, Prefix=key)
    return [upload["Key"] for upload in found.get("Uploads", [])]


def _noise(mebibytes: int) -> Iterator[pa.RecordBatch]:
    for _ in range(mebibytes):
        yield pa.RecordBatch.from_pydict({"noise": [os.urandom(1024 * 1024)]})


def test_a_retry_replaces_what_its_own_load_wrote(
    destination: S3,
) -> None:
    path = live.fresh_target()
    destination.from_df(OLD, path, load_id="monday")
    destination.from_df(NEW, path, load_id="monday")
    assert live.read(path).num_rows == len(NEW)


def test_a_retry_does_not_replace_what_came_in_its_place(
    destination: S3,
) -> None:
    def overtaken() -> Iterator[pa.RecordBatch]:
        yield pa.RecordBatch.from_pydict({"number": [2]})
        destination.from_df(NEW, path, overwrite=True)

    path = live.fresh_target()
    destination.from_df(OLD, path, load_id="monday")
    with pytest.raises(DestinationExistsError):
        destination.from_batches(overtaken(), path, load_id="monday")
    assert live.read(path).num_rows == len(NEW)


@pytest.mark.usefixtures("prefect_server", "destination")
def test_a_flow_that_is_retried_replaces_what_it_wrote_itself() -> None:
    path = live.fresh_target()
    frames = iter([OLD, NEW])

    @flow(retries=1)
    def load() -> None:
        df_to_s3(
            df=next(frames),
            path=path,
            config_key=live.CONFIG_KEY,
        )
        if live.read(path).num_rows == len(OLD):
            msg = "something else failed"
            raise RetriableError(msg)

    load()
    assert live.read(path).num_rows == len(NEW)


def test_a_file_of_several_parts_arrives_whole(
    destination: S3,
) -> None:
    path = live.fresh_target()
    batches = list(_noise(40))
    written = destination.from_batches(batches, path, verify_bytes=True)
    assert written.bytes > 2 * PART_BYTES
    assert live.read(path) == pa.Table.from_batches(batches)
    assert _unfinished(path) == []
    destination.verify(written)


def test_a_file_of_several_parts_that_appears_meanwhile_is_refused_and_stays(
    destination: S3,
) -> None:
    def overtaken() -> Iterator[pa.RecordBatch]:
        yield from _noise(40)
        destination.from_df(OLD, path)

    path = live.fresh_target()
    with pytest.raises(DestinationExistsError, match="overwrite"):
        destination.from_batches(overtaken(), path)
    assert live.read(path).to_pylist() == OLD.to_dict("records")
    assert _unfinished(path) == []


def test_an_error_after_several_parts_leaves_the_former_file_and_no_upload(
    destination: S3,
) -> None:
    def broken_off() -> Iterator[pa.RecordBatch]:
        yield from _noise(40)
        assert _unfinished(path)
        msg = "the source broke off"
        raise ConnectionError(msg)

    path = live.fresh_target()
    destination.from_df(OLD, path)
    with pytest.raises(ConnectionError):
        destination.from_batches(broken_off(), path, overwrite=True)
    assert live.read(path).to_pylist() == OLD.to_dict("records")
    assert _unfinished(path) == []


class _Answer:
    """The body of an answer that the store never gave."""

    def stream(self, *_: Any) -> Iterator[bytes]:
        yield b""


@pytest.fixture
def requests(
    destination: S3,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[list[Any]]:
    """Note each request; those of part 2 are answered by `answers`, not by the store."""
    noted: list[Any] = []
    client = destination.client

    def note(request: Any, **_: Any) -> AWSResponse | None:
        noted.append(request)
        if not answers or "partNumber=2" not in request.url:
            return None
        return AWSResponse(request.url, answers[-1], {"ETag": '"none"'}, _Answer())

    client.meta.events.register("before-send.s3", note)
    monkeypatch.setattr(type(destination), "client", client)
    yield noted
    answers.clear()


answers: list[int] = []


def test_each_request_with_bytes_carries_their_checksum(
    destination: S3,
    requests: list[Any],
) -> None:
    for path, batches in (
        (live.fresh_target(), [BATCH]),
        (live.fresh_target(), _noise(40)),
    ):
        destination.from_batches(batches, path, verify_bytes=True)
    sent = [each for each in requests if each.method == "PUT"]
    assert len(sent) > 3
    assert all("Content-MD5" in each.headers for each in sent)


def test_a_part_that_does_not_arrive_stops_the_load(
    destination: S3,
    requests: list[Any],
) -> None:
    path = live.fresh_target()
    answers.append(503)
    with pytest.raises(DestinationUnavailableError):
        destination.from_batches(_noise(40), path)
    with pytest.raises(FileNotFoundError):
        live.read(path)
    assert _unfinished(path) == []


def test_a_part_that_the_store_does_not_have_stops_the_load(
    destination: S3,
    requests: list[Any],
) -> None:
    path = live.fresh_target()
    answers.append(200)
    with pytest.raises(VerificationError, match="arrived"):
        destination.from_batches(_noise(40), path, verify_bytes=True)
    with pytest.raises(FileNotFoundError):
        live.read(path)
    assert _unfinished(path) == []


def test_an_empty_file_is_a_file(
    destination: S3,
) -> None:
    path = live.fresh_target().replace(".parquet", ".jsonl")
    written = destination.from_df(NEW.head(0), path)
    assert (written.bytes, live.content(path)) == (0, b"")
    destination.verify(written)


def test_a_bucket_that_is_not_there_is_said(
    destination: S3,
) -> None:
    with pytest.raises(DestinationRejectedError, match="no such bucket"):
        destination.from_df(pd.DataFrame({"a": [1]}), "no-such-bucket/a.parquet")


def test_an_archived_object_is_said_and_can_be_replaced(
    destination: S3,
) -> None:
    path = live.fresh_target()
    bucket, _, key = path.partition("/")
    try:
        destination.client.put_object(
            Bucket=bucket, Key=key, Body=b"old", StorageClass="GLACIER"
        )
    except ClientError as err:
        pytest.skip(f"The store has no archive: {err}")
    with pytest.raises(DestinationRejectedError, match="archived"):
        list(destination.blocks(path))
    with pytest.raises(DestinationExistsError):
        destination.from_df(NEW, path)
    destination.from_df(NEW, path, overwrite=True)
    assert live.read(path).num_rows == len(NEW)


def test_a_checked_load_leaves_nothing_beside_its_file(
    destination: S3,
) -> None:
    path = live.fresh_target()
    batch = pa.RecordBatch.from_pydict({"number": [1]})
    destination.from_batches([batch], path, check=lambda batches: None)
    bucket, _, key = path.partition("/")
    folder = key.rpartition("/")[0]
    listed = destination.client.list_objects_v2(Bucket=bucket, Prefix=folder)
    assert [each["Key"] for each in listed["Contents"]] == [key]


def test_what_a_killed_load_left_a_day_ago_is_deleted(
    destination: S3,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = live.fresh_target()
    hidden = path.replace("file.", "_file.")
    kept = [path, f"{hidden}.partial", f"{hidden}.{'0' * 31}.partial"]
    left = f"{hidden}.{'0' * 32}.partial"
    for each in (*kept, left):
        bucket, _, key = each.partition("/")
        destination.client.put_object(Bucket=bucket, Key=key, Body=b"")

    def names() -> set[str]:
        folder = path.partition("/")[2].rpartition("/")[0]
        listed = destination.client.list_objects_v2(Bucket=bucket, Prefix=folder)
        return {f"{bucket}/{each['Key']}" for each in listed["Contents"]}

    destination.from_batches([BATCH], path, overwrite=True, check=list)
    assert names() == {*kept, left}
    # As if a day had passed.
    monkeypatch.setattr(STALE_AFTER, timedelta(minutes=-1))
    destination.from_batches([BATCH], path, overwrite=True, check=list)
    assert names() == {*kept}


def test_a_flipped_byte_in_the_store_is_noticed(
    destination: S3,
) -> None:
    path = live.fresh_target()
    batch = pa.RecordBatch.from_pydict({"number": [*range(1000)]})
    written = destination.from_batches([batch], path)
    whole = live.content(path)
    bucket, _, key = path.partition("/")
    places = random.Random(4).sample(range(len(whole)), 30)
    for place in (0, len(whole) - 1, *places):
        flipped = bytes([whole[place] ^ 1])
        body = whole[:place] + flipped + whole[place + 1 :]
        destination.client.put_object(Bucket=bucket, Key=key, Body=body)
        with pytest.raises(VerificationError, match="SHA-256"):
            destination.verify(written)
