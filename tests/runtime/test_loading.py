"""Loads from a source in memory into a destination in memory."""

import dataclasses
import io
import json
import pickle
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import pyarrow as pa
import pytest
from pyarrow import parquet
from runtime.checksums import Checksums, sum_up
from runtime.connector import Credentials
from runtime.destination import Check, Written
from runtime.exceptions import (
    SourceUnavailableError,
    UnsupportedFormatError,
    UnsupportedVerificationError,
    VerificationError,
)
from runtime.files.destination import FileDestination
from runtime.files.formats import read_batches, write_batches
from runtime.loading import Manifest, load
from runtime.source import Reading, Source

MAGIC_BYTES = 4  # before the first column of a Parquet file
ROWS = pa.RecordBatch.from_pydict({"number": [1, 2, 2], "text": ["", None, "b"]})


class Rows(Source):
    """Yields the same rows for any query."""

    credentials_model: ClassVar[type[Credentials]] = Credentials

    def to_batches(
        self, query: str, *, batch_bytes: int | None = None
    ) -> Iterator[pa.RecordBatch]:
        yield ROWS.slice(0, 0 if query == "nothing" else None)


class SummedRows(Rows):
    """Computes checksums, too."""

    has_checksums = True

    @contextmanager
    def snapshot(self) -> Iterator[Reading]:
        yield SummedReading(self)


class SummedReading(Reading):
    """One state of the rows."""

    @property
    def id(self) -> str:
        return "monday"

    def checksums(self, query: str) -> Checksums:
        if query == "broken":
            msg = "the connection broke"
            raise SourceUnavailableError(msg)
        return sum_up(self.to_batches(query))


class Memory(FileDestination):
    """Keeps one file, which `damage` changes before it is read back."""

    credentials_model: ClassVar[type[Credentials]] = Credentials
    content: bytes | None = None

    def damage(self, content: bytes) -> bytes:
        """Change nothing."""
        return content

    def from_batches(
        self,
        batches: Iterable[pa.RecordBatch],
        path: str,
        *,
        overwrite: bool = False,
        load_id: str | None = None,
        verify_bytes: bool = False,
        check: Check | None = None,
    ) -> Written:
        sink = io.BytesIO()
        written = write_batches(batches, sink, path)
        content = self.damage(sink.getvalue())
        if check:
            check(read_batches(io.BytesIO(content), path))
        self.verify_bytes, self.content = verify_bytes, content
        return written

    def blocks(self, path: str) -> Iterator[bytes]:
        yield from (self.content or b"").splitlines(keepends=True)


class Damaging(Memory):
    """Writes other rows than it was given."""

    def damage(self, content: bytes) -> bytes:
        sink = io.BytesIO()
        write_batches([ROWS.slice(1)], sink, "file.parquet")
        return sink.getvalue()


class Flipping(Memory):
    """Flips a bit of the first column's last page."""

    def damage(self, content: bytes) -> bytes:
        metadata = parquet.ParquetFile(io.BytesIO(content)).metadata
        column = metadata.row_group(0).column(0)
        place = MAGIC_BYTES + column.total_compressed_size - 1
        return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


@pytest.mark.parametrize("verify", ["none", "bytes", "full"])
def test_a_manifest_records_the_load(verify: Any) -> None:
    memory = Memory(credentials={})
    source = SummedRows(credentials={})
    manifest = load(source, memory, "all", "file.parquet", verify=verify)
    assert (manifest.path, manifest.rows) == ("file.parquet", ROWS.num_rows)
    assert manifest.bytes == len(memory.content or b"")
    assert (manifest.snapshot, manifest.verify) == ("monday", verify)
    assert manifest.checksums == (sum_up([ROWS]) if verify == "full" else None)
    assert memory.verify_bytes == (verify != "none")
    memory.verify(manifest)


def test_a_manifest_is_small_and_can_be_stored() -> None:
    source = SummedRows(credentials={})
    memory = Memory(credentials={})
    manifest = load(source, memory, "all", "file.parquet", verify="full")
    assert pickle.loads(pickle.dumps(manifest)) == manifest
    assert len(json.dumps(dataclasses.asdict(manifest))) < 1000


def test_without_checksums_of_the_source_there_is_no_full_verification() -> None:
    source, memory = Rows(credentials={}), Memory(credentials={})
    assert load(source, memory, "all", "file.csv").snapshot is None
    with pytest.raises(UnsupportedVerificationError, match="Rows can't"):
        load(source, memory, "all", "file.parquet", verify="full")
    with (
        source.snapshot() as reading,
        pytest.raises(NotImplementedError),
    ):
        reading.checksums("all")


def test_without_types_in_the_format_there_is_no_full_verification() -> None:
    source, memory = SummedRows(credentials={}), Memory(credentials={})
    with pytest.raises(UnsupportedFormatError, match="Only a Parquet file"):
        load(source, memory, "all", "file.csv", verify="full")
    assert memory.content is None


@pytest.mark.parametrize("destination", [Damaging, Flipping])
def test_a_full_verification_notices_changed_data(
    destination: type[Memory],
) -> None:
    memory = destination(credentials={})
    with pytest.raises(VerificationError, match=r"file\.parquet"):
        load(SummedRows(credentials={}), memory, "all", "file.parquet", verify="full")
    assert memory.content is None


def test_a_failing_source_writes_nothing() -> None:
    memory = Memory(credentials={})
    source = SummedRows(credentials={})
    with pytest.raises(SourceUnavailableError):
        load(source, memory, "broken", "file.parquet", verify="full")
    assert memory.content is None


def test_a_load_without_rows_warns(caplog: pytest.LogCaptureFixture) -> None:
    source, memory = SummedRows(credentials={}), Memory(credentials={})
    manifest = load(source, memory, "nothing", "file.parquet", verify="full")
    assert manifest.rows == 0
    assert "no rows" in caplog.text


def test_a_changed_byte_is_noticed_at_any_later_time() -> None:
    memory = Memory(credentials={})
    manifest: Manifest = load(Rows(credentials={}), memory, "all", "file.parquet")
    whole = memory.content or b""
    for place in range(len(whole)):
        flipped = bytes([whole[place] ^ 1])
        memory.content = whole[:place] + flipped + whole[place + 1 :]
        with pytest.raises(VerificationError, match="SHA-256"):
            memory.verify(manifest)
