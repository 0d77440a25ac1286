"""The memory of a load depends on its batches, not on its number of rows."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from runtime.files.local import LocalFolder
from runtime.loading import load
from runtime.sql.postgresql import PostgreSQL

from tests.runtime.forks import Forks
from tests.runtime.places import Warehouse

MIB = 1024 * 1024
MEBIBYTES = (48, 192)
SLACK = 40 * MIB  # of the allocators; the texts differ by much more
ROW_BYTES = 2048
ROWS = (
    "SELECT n AS id, repeat(md5(n::text), 64) AS body "
    "FROM generate_series(1, {rows}) AS n"
)


def peak_bytes(
    credentials: dict[str, Any], root: str, verify: Any, mebibytes: int
) -> int:
    """Load so much text into a file; return the peak above the memory before it."""
    from benchmarks.measured import measured  # noqa: PLC0415 - only a fork finds it

    source = PostgreSQL(credentials=credentials)
    folder = LocalFolder(credentials={"root": root})

    def load_rows(rows: int) -> None:
        options = {"overwrite": True, "verify": verify}
        load(source, folder, ROWS.format(rows=rows), "file.parquet", **options)

    load_rows(1)  # so that whatever is imported late doesn't count
    return measured(lambda: load_rows(mebibytes * MIB // ROW_BYTES)).peak_bytes


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    with Forks(__name__) as forks:
        yield forks


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("verify", ["bytes", "full"])
def test_four_times_the_rows_take_no_more_memory(
    forks: Forks, warehouse: Warehouse, tmp_path: Path, verify: str
) -> None:
    some, more = (
        forks.call(peak_bytes, warehouse.credentials, str(tmp_path), verify, size)
        for size in MEBIBYTES
    )
    assert more < some + SLACK
    assert more < 300 * MIB
