"""Local destinations on a full disk: all or nothing, and said."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pyarrow as pa
import pytest
from runtime.destination import Destination
from runtime.exceptions import ConnectorError
from runtime.files.local import LocalFolder
from runtime.tables.duckdb import DuckDBTables

from tests.disk import Disk, disk_at
from tests.runtime import places

OLD = pa.record_batch({"number": [1, 2], "text": ["a", "b"]})
NEW = pa.record_batch(
    {
        "number": list(range(50_000)),
        "text": [f"{n * 2654435761 % 2**64:016x}" for n in range(50_000)],
    }
)
TARGETS = ["a.parquet", "a.csv", "a.jsonl", "main.a"]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with disk_at(tmp_path / "disk", "24m") as disk:
        yield disk


@pytest.fixture
def folder(disk: Disk) -> Path:
    path = disk.path / "landing"
    path.mkdir()
    return path


def destination(folder: Path, target: str) -> tuple[Destination, dict[str, object]]:
    """Return what writes the target, and the option that replaces it."""
    if target == "main.a":
        tables = DuckDBTables(credentials={"path": folder / "a.duckdb"})
        return tables, {"mode": "replace"}
    return LocalFolder(credentials={"root": folder}), {"overwrite": True}


@pytest.mark.parametrize("target", TARGETS)
def test_a_full_disk_leaves_the_former_rows_and_nothing_else(
    disk: Disk, folder: Path, target: str
) -> None:
    to, replacing = destination(folder, target)
    to.from_batches([OLD], target)
    names = sorted(path.name for path in folder.iterdir())
    former = stored(folder, target)
    said = []
    for step in count():
        disk.leave("pages", 2**step // 2)
        try:
            to.from_batches([NEW], target, **replacing)
        except ConnectorError as err:
            said.append(str(err))
            disk.empty()
            assert stored(folder, target) == former
            assert sorted(path.name for path in folder.iterdir()) == names
        else:
            break
    disk.empty()
    assert len(said) > 1
    assert all("no space left" in each.lower() for each in said), said
    assert stored(folder, target) != former
    assert sorted(path.name for path in folder.iterdir()) == names


def stored(folder: Path, target: str) -> object:
    """Return what a reader sees."""
    if target == "main.a":
        return places.DatabaseFile(folder / "a.duckdb").rows(target)
    return (folder / target).read_bytes()
