from collections.abc import Iterator
from datetime import timedelta
from importlib.util import find_spec
import os
import random

import pandas as pd
from prefect import flow
import pyarrow as pa
import pytest

from acme.exceptions import (
    DestinationRejectedError,
    RetriableError,
    VerificationError,
)
from acme.utils import skip_test_on_missing_extra

if find_spec("adlfs") is None:
    skip_test_on_missing_extra(
        "AzureDataLake",
        extra="adls",
    )

from acme.orchestration.prefect.tasks import df_to_adls
from acme.sources import AzureDataLake
from acme.sources.azure_data_lake import BLOCK_BYTES
from ..contracts.destination import (
    BATCH,
    NEW,
    OLD,
    LiveFileDestinationContract,
)
from .live import adls as live

STALE_AFTER = "acme.sources.base.STALE_AFTER"


@pytest.fixture
def destination() -> AzureDataLake:
    return live.connect()


class TestAzureDataLake(LiveFileDestinationContract):
    @pytest.fixture
    def live_destination(
        self,
        destination: AzureDataLake,
    ) -> AzureDataLake:
        return destination

    @pytest.fixture
    def path(self) -> str:
        return live.fresh_target()

    def read(
        self,
        destination: AzureDataLake,
        path: str,
    ) -> pa.Table:
        return live.read(path)


def test_a_retry_replaces_what_its_own_load_wrote(
    destination: AzureDataLake,
) -> None:
    path = live.fresh_target()
    destination.from_df(OLD, path, load_id="monday")
    destination.from_df(NEW, path, load_id="monday")
    assert live.read(path).num_rows == len(NEW)


@pytest.mark.usefixtures("prefect_server", "destination")
def test_a_flow_that_is_retried_replaces_what_it_wrote_itself() -> None:
    path = live.fresh_target()
    frames = iter([OLD, NEW])

    @flow(retries=1)
    def load() -> None:
        df_to_adls(
            df=next(frames),
            path=path,
            config_key=live.CONFIG_KEY,
        )
        if live.read(path).num_rows == len(OLD):
            msg = "something else failed"
            raise RetriableError(msg)

    load()
    assert live.read(path).num_rows == len(NEW)


def test_a_file_of_several_blocks_arrives_whole(
    destination: AzureDataLake,
) -> None:
    path = live.fresh_target()
    noise = pa.array([os.urandom(1024 * 1024) for _ in range(20)])
    batch = pa.RecordBatch.from_arrays([noise], names=["noise"])
    destination.from_batches([batch], path)
    assert destination.filesystem.size(path) > 2 * BLOCK_BYTES
    assert live.read(path).column("noise").combine_chunks() == noise


def test_an_error_after_several_blocks_leaves_the_former_file(
    destination: AzureDataLake,
) -> None:
    def broken_off() -> Iterator[pa.RecordBatch]:
        for _ in range(20):
            yield pa.RecordBatch.from_pydict({"noise": [os.urandom(1024 * 1024)]})
        msg = "the source broke off"
        raise ConnectionError(msg)

    path = live.fresh_target()
    destination.from_df(OLD, path)
    with pytest.raises(ConnectionError):
        destination.from_batches(broken_off(), path, overwrite=True)
    assert live.read(path).to_pylist() == OLD.to_dict("records")


def test_a_container_that_is_not_there_is_said(
    destination: AzureDataLake,
) -> None:
    with pytest.raises(DestinationRejectedError, match="no such container"):
        destination.from_df(pd.DataFrame({"a": [1]}), "no-such-container/a.parquet")


def test_a_checked_load_leaves_nothing_beside_its_file(
    destination: AzureDataLake,
) -> None:
    path = live.fresh_target()
    batch = pa.RecordBatch.from_pydict({"number": [1]})
    destination.from_batches([batch], path, check=lambda batches: None)
    assert destination.filesystem.ls(path.rpartition("/")[0], detail=False) == [path]


def test_what_a_killed_load_left_a_day_ago_is_deleted(
    destination: AzureDataLake,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def names() -> set[str]:
        listing = destination.filesystem
        return {*listing.ls(path.rpartition("/")[0], detail=False)}

    path = live.fresh_target()
    hidden = path.replace("file.", "_file.")
    kept = [path, f"{hidden}.partial", f"{hidden}.{'0' * 31}.partial"]
    left = f"{hidden}.{'0' * 32}.partial"
    for each in (*kept, left):
        destination.filesystem.pipe_file(each, b"left")
    destination.from_batches([BATCH], path, overwrite=True, check=list)
    assert names() == {*kept, left}
    # As if a day had passed.
    monkeypatch.setattr(STALE_AFTER, timedelta(minutes=-1))
    destination.from_batches([BATCH], path, overwrite=True, check=list)
    assert names() == {*kept}


def test_a_flipped_byte_in_the_lake_is_noticed(
    destination: AzureDataLake,
) -> None:
    path = live.fresh_target()
    batch = pa.RecordBatch.from_pydict({"number": [*range(1000)]})
    written = destination.from_batches([batch], path)
    filesystem = destination.filesystem
    whole = filesystem.cat_file(path)
    places = random.Random(4).sample(range(len(whole)), 30)
    for place in (0, len(whole) - 1, *places):
        flipped = bytes([whole[place] ^ 1])
        filesystem.pipe_file(path, whole[:place] + flipped + whole[place + 1 :])
        with pytest.raises(VerificationError, match="SHA-256"):
            destination.verify(written)
