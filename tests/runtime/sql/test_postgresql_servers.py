"""Servers of PostgreSQL that crash, that follow another, that store other text."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pandas as pd
import psycopg2
import pyarrow as pa
import pytest
from pyarrow import parquet
from runtime.exceptions import (
    DestinationRejectedError,
    DestinationUnavailableError,
    RetriableError,
    SourceUnavailableError,
)
from runtime.files.local import LocalFolder
from runtime.loading import load
from runtime.sql.postgresql import PostgreSQL
from runtime.tables.destination import WriteMode
from runtime.tables.postgresql import PostgreSQLTables
from sourcewright.services import PostgreSQL as Server
from sourcewright.services import postgresql as service
from sourcewright.services.leash import Leash
from sourcewright.services.ports import choose_port

from tests.runtime.places import folder_that

MANY_ROWS = "SELECT generate_series(1, 30000000) AS number"
WITHIN = 60.0  # seconds, far more than it takes


def credentials_of(server: Server) -> dict[str, Any]:
    return {
        "host": server.host,
        "port": server.port,
        "database": server.database,
        "user": server.user,
        "password": server.password,
    }


@pytest.fixture(scope="module")
def own() -> Iterator[Server]:
    """A server that no other test uses, and whose commits outlast a crash."""
    with Server() as server:
        server.psql("ALTER DATABASE postgres SET synchronous_commit = on; CHECKPOINT")
        yield server


@pytest.fixture
def crash(own: Server) -> Callable[[str], None]:
    """Kill the process of a statement: the server ends all others, and recovers."""

    def crash(pattern: str) -> None:
        found = own.psql(
            "SELECT pid FROM pg_stat_activity "
            f"WHERE query LIKE '{pattern}%' AND pid <> pg_backend_pid()"
        )
        os.kill(int(found), signal.SIGKILL)

    return crash


def again(attempt: Callable[[], Any]) -> Any:
    """Try until the server has recovered: as a task does, after such errors only."""
    deadline = time.monotonic() + WITHIN
    while True:
        try:
            return attempt()
        except RetriableError:
            assert time.monotonic() < deadline, "it doesn't recover"
            time.sleep(0.1)


def test_a_crash_in_the_middle_of_reading_leaves_the_former_file(
    own: Server, crash: Callable[[str], None], tmp_path: Path
) -> None:
    source = PostgreSQL(credentials=credentials_of(own))
    folder = LocalFolder(credentials={"root": tmp_path})
    load(source, folder, "SELECT 1 AS number", "a.parquet")

    crashing = folder_that(lambda: crash("COPY"), tmp_path)
    with pytest.raises(SourceUnavailableError):
        load(source, crashing, MANY_ROWS, "a.parquet", overwrite=True)
    assert parquet.read_table(tmp_path / "a.parquet").to_pylist() == [{"number": 1}]
    assert [path.name for path in tmp_path.iterdir()] == ["a.parquet"]
    assert again(lambda: source.to_arrow("SELECT 2 AS number")).num_rows == 1


@pytest.mark.parametrize("mode", ["append", "replace"])
def test_a_crash_in_the_middle_of_writing_leaves_the_former_rows(
    own: Server, crash: Callable[[str], None], mode: WriteMode
) -> None:
    tables = PostgreSQLTables(credentials=credentials_of(own))
    table = f"crashed_{mode}"
    again(lambda: tables.from_df(pd.DataFrame({"number": [1]}), table))
    rows = pa.record_batch({"number": list(range(100_000))})

    def crashing() -> Iterator[pa.RecordBatch]:
        yield rows
        yield rows
        crash("COPY ")
        yield rows

    with pytest.raises(DestinationUnavailableError):
        tables.from_batches(crashing(), table, mode=mode, load_id="one")
    assert again(lambda: tables.count(table)) == 1
    for _ in range(2):  # a retry after a retry changes nothing
        tables.from_batches([rows], table, mode=mode, load_id="one")
        assert tables.count(table) == (100_001 if mode == "append" else 100_000)


@pytest.fixture(scope="module")
def standby(own: Server) -> Iterator[dict[str, Any]]:
    """The credentials of a server that follows the other one."""
    with ExitStack() as stack:
        user = service.UNPRIVILEGED_USER if os.geteuid() == 0 else None
        folder = service._private_folder(stack, user)
        programs = service._runnable_programs(service.installation(), folder, user)
        address = ("--host", own.host, "--port", str(own.port), "--username", own.user)
        again(lambda: PostgreSQL(credentials=credentials_of(own)).to_arrow("SELECT 1"))
        subprocess.run(
            [
                *(programs / "pg_basebackup", "-D", folder / "data", *address),
                *("--write-recovery-conf", "--checkpoint=fast", "--no-sync"),
            ],
            env={**os.environ, "PGPASSWORD": own.password},
            cwd=folder,
            user=user,
            check=True,
            capture_output=True,
        )
        port = choose_port(None, service="PostgreSQL")
        server = Leash(
            [
                *(programs / "postgres", "-D", folder / "data", "-p", str(port)),
                *("-c", "unix_socket_directories=", "-c", "fsync=off"),
                *("-c", f"listen_addresses={own.host}"),
            ],
            log=folder / "log",
            cwd=folder,
            user=user,
            stop_signal=signal.SIGQUIT,
            folders=[folder],
        )
        stack.enter_context(server)
        yield {**credentials_of(own), "port": port}


def test_a_standby_is_read_and_verified_like_any_server(
    standby: dict[str, Any], own: Server, tmp_path: Path
) -> None:
    own.psql("CREATE TABLE followed AS SELECT generate_series(1, 1000) AS number")
    source = PostgreSQL(credentials=standby)
    folder = LocalFolder(credentials={"root": tmp_path})
    deadline = time.monotonic() + WITHIN
    while not again(
        lambda: source.to_arrow("SELECT to_regclass('followed')::text AS found")
    ).to_pylist()[0]["found"]:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    manifest = load(source, folder, "TABLE followed", "a.parquet", verify="full")
    assert (manifest.rows, bool(manifest.snapshot)) == (1000, True)


def test_a_standby_is_no_destination(standby: dict[str, Any]) -> None:
    tables = PostgreSQLTables(credentials=standby)
    frame = pd.DataFrame({"number": [1]})
    with pytest.raises(DestinationRejectedError, match="read-only"):
        again(lambda: tables.from_df(frame, "nowhere"))


# Database's encoding -> texts that it can store, and one that it can't.
TEXTS = {
    "LATIN1": (["é", "ß", "\u00a0", "ÿ"], "€"),
    "WIN1252": (["€", "é", "…", "Ž"], "日"),
    "EUC_JP": (["日本語", "ｶﾅ", "é", "\u3000"], "€"),
}


@pytest.mark.parametrize("encoding", TEXTS)
def test_text_goes_into_and_out_of_a_database_of_any_encoding(
    own: Server, encoding: str, tmp_path: Path
) -> None:
    stored, impossible = TEXTS[encoding]
    own.psql(
        f"CREATE DATABASE in_{encoding} TEMPLATE template0 ENCODING '{encoding}' "
        "LOCALE_PROVIDER libc LOCALE 'C'"
    )
    credentials = {**credentials_of(own), "database": f"in_{encoding}".lower()}
    source = PostgreSQL(credentials=credentials)
    tables = PostgreSQLTables(credentials=credentials)
    frame = pd.DataFrame({"number": range(len(stored)), "text": stored})
    tables.from_df(frame, "texts", load_id="one")
    with psycopg2.connect(
        f"{own.url.replace('+psycopg2', '').rpartition('/')[0]}/in_{encoding.lower()}"
    ) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT text FROM texts ORDER BY number")
        assert [text for (text,) in cursor.fetchall()] == stored
    connection.close()
    query = source.bind("SELECT * FROM texts WHERE text IN (:texts)", {"texts": stored})
    folder = LocalFolder(credentials={"root": tmp_path})
    load(source, folder, f"{query} ORDER BY number", "a.parquet", verify="full")
    found = parquet.read_table(tmp_path / "a.parquet")
    assert found.column("text").to_pylist() == stored
    worse = pd.DataFrame({"number": [9], "text": [impossible]})
    with pytest.raises(DestinationRejectedError, match="has no equivalent"):
        tables.from_df(worse, "texts", mode="append")
    assert tables.count("texts") == len(stored)
