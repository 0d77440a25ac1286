"""A server of MariaDB that is killed while it is read."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyarrow import parquet
from runtime.exceptions import SourceUnavailableError
from runtime.files.local import LocalFolder
from runtime.loading import load
from runtime.sql.mysql import MariaDB
from sourcewright.services import ports

from tests import mariadb
from tests.runtime.places import folder_that

MANY_ROWS = "SELECT seq AS number FROM seq_1_to_30000000"


@pytest.fixture
def server() -> Iterator[mariadb.MariaDB]:
    if lacking := mariadb.missing():
        pytest.skip(lacking)
    with mariadb.MariaDB() as server:
        yield server


def test_a_server_killed_in_the_middle_leaves_the_former_file(
    server: mariadb.MariaDB, tmp_path: Path
) -> None:
    source = MariaDB(credentials=server.credentials)
    load(
        source,
        LocalFolder(credentials={"root": tmp_path}),
        "SELECT 1 AS number",
        "a.parquet",
    )

    def kill() -> None:
        process = ports._listener_from_proc(server.port)
        os.kill(int(process or 0), signal.SIGKILL)

    folder = folder_that(kill, tmp_path, after=5)
    with pytest.raises(SourceUnavailableError):
        load(source, folder, MANY_ROWS, "a.parquet", overwrite=True)
    assert parquet.read_table(tmp_path / "a.parquet").to_pylist() == [{"number": 1}]
    assert [path.name for path in tmp_path.iterdir()] == ["a.parquet"]
