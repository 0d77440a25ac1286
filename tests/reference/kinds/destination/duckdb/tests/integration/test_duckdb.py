from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
import errno
from importlib.util import find_spec
import os
from pathlib import Path
import subprocess
import sys
import time
from typing import Any

import pandas as pd
from prefect import flow
import pyarrow as pa
import pytest

from acme.exceptions import (
    DestinationRejectedError,
    DestinationUnavailableError,
    RetriableError,
)
from acme.utils import skip_test_on_missing_extra

if find_spec("duckdb") is None:
    skip_test_on_missing_extra(
        "DuckDBTables",
        extra="duckdb",
    )

import duckdb

from acme.orchestration.prefect.tasks import df_to_duckdb
from acme.sources import DuckDBTables
from acme.sources.duckdb_tables import STALE_SECONDS
from ..contracts.destination import (
    BATCH,
    NEW,
    OLD,
    LiveTableDestinationContract,
)
from .live import duckdb as live


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "it's a [warehouse].duckdb"


@pytest.fixture
def destination(file: Path) -> DuckDBTables:
    return DuckDBTables(credentials={"path": file})


class TestDuckDBTables(LiveTableDestinationContract):
    @pytest.fixture
    def live_destination(
        self,
        destination: DuckDBTables,
    ) -> DuckDBTables:
        return destination

    @pytest.fixture
    def path(self, file: Path) -> str:
        live.execute(file, "CREATE SCHEMA landing")
        return "landing.example"

    def read(
        self,
        destination: DuckDBTables,
        path: str,
    ) -> pa.Table:
        return live.read_from(destination.credentials.path, path)

    def execute(
        self,
        destination: DuckDBTables,
        statement: str,
    ) -> None:
        live.execute(destination.credentials.path, statement)


def test_a_file_is_made_and_nothing_else_is_left_beside_it(
    destination: DuckDBTables,
    file: Path,
) -> None:
    destination.from_df(OLD, "example")
    assert live.read_from(file, "example").to_pylist() == OLD.to_dict("records")
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_file_system_without_hard_links_takes_a_file_that_is_there(
    destination: DuckDBTables,
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(DestinationRejectedError, match=r"no hard links.*connect"):
        destination.from_df(OLD, "example")
    assert [*file.parent.iterdir()] == []
    duckdb.connect(file).close()
    destination.from_df(OLD, "example")
    assert live.read_from(file, "example").to_pylist() == OLD.to_dict("records")


def test_a_load_that_fails_makes_no_file(
    destination: DuckDBTables,
    file: Path,
) -> None:
    def broken_off() -> Iterator[pa.RecordBatch]:
        yield BATCH
        msg = "the source broke off"
        raise ConnectionError(msg)

    with pytest.raises(ConnectionError):
        destination.from_batches(broken_off(), "example")
    assert [*file.parent.iterdir()] == []


def test_what_a_killed_load_left_a_day_ago_is_deleted(
    destination: DuckDBTables,
    file: Path,
) -> None:
    old, new, other = (
        file.with_name(f".{name}.partial")
        for name in (f"{file.name}.old", f"{file.name}.new", "others.duckdb.old")
    )
    for left in (old, new, other):
        left.mkdir()
        (left / "spool").touch()
        last = time.time() - (0 if left == new else STALE_SECONDS + 60)
        os.utime(left, (last, last))
    destination.from_df(OLD, "example")
    assert [left.exists() for left in (old, new, other)] == [False, True, True]


def test_others_have_the_file_until_the_end(
    destination: DuckDBTables,
    file: Path,
) -> None:
    seen = []

    def watched() -> Iterator[pa.RecordBatch]:
        yield BATCH
        seen.append(live.read_from(file, "example").to_pylist())
        yield BATCH

    destination.from_df(OLD, "example")
    destination.from_batches(watched(), "example", mode="replace")
    assert seen == [OLD.to_dict("records")]
    assert live.read_from(file, "example").num_rows == 2 * BATCH.num_rows


@pytest.mark.parametrize("mode", ["fail", "append"])
def test_a_file_that_another_process_has_open_is_worth_a_retry(
    destination: DuckDBTables,
    file: Path,
    mode: str,
) -> None:
    program = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print(); input()"
    with subprocess.Popen(
        [sys.executable, "-c", program, file],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout
        other.stdout.readline()
        with pytest.raises(DestinationUnavailableError, match="lock") as caught:
            destination.from_df(OLD, "example", mode=mode)
        other.communicate("\n")
    assert str(file) in caught.value.where
    destination.from_df(OLD, "example", mode=mode)
    assert live.read_from(file, "example").num_rows == len(OLD)


def test_a_file_that_this_process_has_open_is_worth_a_retry(
    destination: DuckDBTables,
    file: Path,
) -> None:
    with duckdb.connect(file), pytest.raises(DestinationUnavailableError):
        destination.from_df(OLD, "example")
    destination.from_df(OLD, "example")


def test_values_keep_their_types(
    destination: DuckDBTables,
    file: Path,
) -> None:
    exact: dict[str, tuple[pa.DataType, list[Any]]] = {
        "UBIGINT": (pa.uint64(), [2**64 - 1, None]),
        "DECIMAL(38,10)": (
            pa.decimal128(38, 10),
            [Decimal("-9999999999999999999999999999.9999999999"), None],
        ),
        "VARCHAR": (pa.string(), ["", "a\0\U0010ffff"]),
        "BLOB": (pa.binary(), [b"\x00\xff", None]),
        "TIMESTAMP_NS": (pa.timestamp("ns"), [1, None]),
        "TIMESTAMP WITH TIME ZONE": (
            pa.timestamp("us", tz="Asia/Tokyo"),
            [datetime(1, 1, 1, tzinfo=UTC), None],
        ),
    }
    batch = pa.RecordBatch.from_pydict(
        {name: pa.array(values, kind) for name, (kind, values) in exact.items()}
    )
    seen = []
    destination.from_batches(
        [batch],
        "example",
        check=lambda batches: seen.append(pa.Table.from_batches(batches)),
    )
    assert seen == [pa.Table.from_batches([batch])]
    described, _ = live.execute(file, "DESCRIBE example")
    assert [kind for _, kind, *_ in described] == [*exact]
    rows, _ = live.execute(
        file, "SELECT * REPLACE (epoch_ns(TIMESTAMP_NS) AS TIMESTAMP_NS) FROM example"
    )
    assert rows == [*zip(*(values for _, values in exact.values()), strict=True)]


def test_names_and_texts_mean_nothing_in_sql(
    destination: DuckDBTables,
    file: Path,
) -> None:
    text = "'; DROP TABLE x; -- \\N \\. \t\r\n,\"%s {}"
    df = pd.DataFrame({'a "b" %s {}': [text], "select": ["\U0010ffff\ud7ff"]})
    destination.from_df(df, 'the "table"', mode="upsert", key=["select"])
    key = ['a "b" %s {}']
    destination.from_df(df, 'The "TABLE"', mode="replace", load_id="it's")
    live.execute(file, 'CREATE UNIQUE INDEX i ON "the ""table""" ("a ""b"" %s {}")')
    destination.from_df(df, 'the "table"', mode="upsert", key=key)
    found = live.read_from(file, '"the ""table"""')
    assert found.to_pylist() == df.to_dict("records")


def test_a_name_in_other_letters_is_the_same_table_to_a_retry(
    destination: DuckDBTables,
    file: Path,
) -> None:
    for table in ("example", "main.Example"):
        destination.from_df(OLD, table, mode="append", load_id="monday")
    assert live.read_from(file, "example").num_rows == len(OLD)


def test_replacing_keeps_the_table_s_indexes(
    destination: DuckDBTables,
    file: Path,
) -> None:
    upsert = {"mode": "upsert", "key": ["number"]}
    destination.from_df(OLD, "example", **upsert)
    again = pa.RecordBatch.from_pydict({"number": [1], "text": ["again"]})
    destination.from_batches([again], "example", mode="replace")
    destination.from_batches([again], "example", **upsert)
    assert live.read_from(file, "example").to_pylist() == again.to_pylist()


def test_rows_that_an_index_alone_keeps_from_being_replaced_stay(
    destination: DuckDBTables,
    file: Path,
) -> None:
    destination.from_df(OLD, "example")
    live.execute(file, "CREATE UNIQUE INDEX i ON example (text)")
    with pytest.raises(DestinationRejectedError, match="constraint of the table") as no:
        destination.from_df(OLD, "example", mode="replace")
    assert "old" not in str(no.value)
    assert live.read_from(file, "example").to_pylist() == OLD.to_dict("records")


@pytest.mark.parametrize(
    ("table", "named"),
    [("no_such_schema.example", "no_such_schema"), ("a.b.c", "schema.table")],
)
def test_a_schema_that_is_not_there_is_said(
    destination: DuckDBTables,
    table: str,
    named: str,
) -> None:
    with pytest.raises(DestinationRejectedError, match=named):
        destination.from_df(OLD, table)


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "warehouse.duckdb"
    destination = DuckDBTables(
        credentials={"path": path},
    )
    with pytest.raises(DestinationRejectedError, match="folder"):
        destination.from_df(OLD, "example")
    assert not path.parent.exists()


def test_a_file_that_is_no_database_stays_as_it_is(
    destination: DuckDBTables,
    file: Path,
) -> None:
    file.write_bytes(b"no database")
    for mode in ("fail", "append"):
        with pytest.raises(DestinationRejectedError, match="not a valid"):
            destination.from_df(OLD, "example", mode=mode)
    assert file.read_bytes() == b"no database"


@pytest.mark.usefixtures("prefect_server")
def test_a_flow_that_is_retried_appends_once() -> None:
    live.connect()
    table = live.fresh_target()
    attempts = []

    @flow(retries=1)
    def load() -> None:
        attempts.append(1)
        df_to_duckdb(
            df=NEW,
            table=table,
            config_key=live.CONFIG_KEY,
            mode="append",
        )
        if len(attempts) == 1:
            msg = "something else failed"
            raise RetriableError(msg)

    load()
    assert len(attempts) == 2
    assert live.read(table).num_rows == len(NEW)
