"""Files and folders that are closed to the user who runs a load, who isn't root."""

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pytest
from runtime.config import PATH_VARIABLE, get_source_config
from runtime.exceptions import (
    ConfigError,
    ConnectorError,
    DestinationExistsError,
    DestinationRejectedError,
    FatalError,
    VerificationError,
)
from runtime.files.local import LocalFolder
from runtime.sql.duckdb import DuckDB
from runtime.sql.sqlite import SQLite
from runtime.tables.duckdb import DuckDBTables

NOBODY = 65_534
OLD = pa.record_batch({"number": [1]})
NEW = pa.record_batch({"number": [2]})
CLOSED, READABLE, OPEN = 0o000, 0o555, 0o755
TARGETS = ["a.parquet", "a.csv", "a.jsonl"]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder of the user who isn't root; until the end, we are that user."""
    # Pytest's own folders are closed to others.
    with tempfile.TemporaryDirectory(prefix="sourcewright-", dir="/tmp") as name:
        root = os.geteuid() == 0
        if root:
            os.chown(name, NOBODY, NOBODY)
            os.seteuid(NOBODY)
        try:
            yield Path(name)
        finally:
            if root:
                os.seteuid(0)
            Path(name).chmod(OPEN)


@pytest.mark.parametrize("mode", [CLOSED, READABLE])
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_that_may_not_be_written_stays_as_it_is(
    folder: Path, target: str, mode: int, *, overwrite: bool
) -> None:
    to = LocalFolder(credentials={"root": folder})
    to.from_batches([OLD], target)
    former = (folder / target).read_bytes()
    folder.chmod(mode)
    expected: tuple[type[ConnectorError], ...] = (DestinationRejectedError,)
    if not overwrite:
        expected = (DestinationRejectedError, DestinationExistsError)
    with pytest.raises(expected):
        to.from_batches([NEW], target, overwrite=overwrite)
    for path in (f"new-{target}", f"below/{target}"):
        with pytest.raises(DestinationRejectedError, match="Permission denied"):
            to.from_batches([NEW], path, overwrite=overwrite)
    folder.chmod(OPEN)
    assert [path.name for path in folder.iterdir()] == [target]
    assert (folder / target).read_bytes() == former


def test_a_root_in_a_closed_folder_is_told(folder: Path) -> None:
    root = folder / "closed" / "root"
    root.mkdir(parents=True)
    to = LocalFolder(credentials={"root": root})
    to.from_batches([OLD], "a.csv")
    root.parent.chmod(CLOSED)
    try:
        with pytest.raises(DestinationRejectedError, match="Permission denied"):
            to.from_batches([NEW], "a.csv", overwrite=True)
        with pytest.raises(VerificationError, match="Permission denied"):
            list(to.blocks("a.csv"))
    finally:
        root.parent.chmod(OPEN)


def test_a_file_that_may_not_be_written_is_replaced_where_the_folder_may(
    folder: Path,
) -> None:
    to = LocalFolder(credentials={"root": folder})
    to.from_batches([OLD], "a.csv")
    (folder / "a.csv").chmod(0o444)
    to.from_batches([NEW], "a.csv", overwrite=True)
    assert "2" in (folder / "a.csv").read_text()


@pytest.mark.parametrize("mode", [CLOSED, READABLE])
def test_a_database_in_such_a_folder_stays_as_it_is(folder: Path, mode: int) -> None:
    path = folder / "a.duckdb"
    tables = DuckDBTables(credentials={"path": path})
    frame = pd.DataFrame({"number": [1]})
    tables.from_df(frame, "main.a")
    former = path.read_bytes()
    path.chmod(0o444)
    folder.chmod(mode)
    with pytest.raises(ConnectorError) as caught:
        tables.from_df(frame, "main.a", mode="append")
    assert caught.value.next_step
    folder.chmod(OPEN)
    assert path.read_bytes() == former
    assert [each.name for each in folder.iterdir()] == ["a.duckdb"]


@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_database_that_may_not_be_read_is_told(folder: Path, what: str) -> None:
    sqlite3.connect(folder / "a.sqlite").close()
    duckdb.connect(folder / "a.duckdb").close()
    for source in (
        SQLite(credentials={"path": folder / "a.sqlite"}),
        DuckDB(credentials={"path": folder / "a.duckdb"}),
    ):
        path = Path(source.credentials.path) if what == "file" else folder
        path.chmod(CLOSED)
        with pytest.raises(FatalError) as caught:
            source.to_arrow("SELECT 1 AS number")
        path.chmod(OPEN)
        assert str(folder) in caught.value.where


def test_a_configuration_that_may_not_be_read_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "config.yaml"
    path.write_text("sources: []\n")
    path.chmod(CLOSED)
    monkeypatch.setenv(PATH_VARIABLE, str(path))
    with pytest.raises(ConfigError, match="can't be read"):
        get_source_config("a")
