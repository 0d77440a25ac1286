"""No server that falls silent holds a load for longer than its limit, or an interrupt.

A proxy passes nothing any more from some place on, and keeps all connections open.
`make test` takes some places, `make matrix` all: tests/matrix/stalls.md says how much
longer than its limit each waited.
"""

import contextlib
import ctypes
import os
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType

import pandas as pd
import pyarrow as pa
import pytest
from runtime import libpq
from runtime.exceptions import DestinationUnavailableError, SourceUnavailableError
from runtime.files import adls, blocks, s3
from runtime.sql import database, mysql
from runtime.sql import source as sql
from runtime.sql.postgresql import PostgreSQL as Source
from runtime.tables.postgresql import PostgreSQLTables
from sourcewright.services import Azurite, PostgreSQL, ports

from tests import mariadb
from tests.results import Keep
from tests.runtime.places import Files, Warehouse
from tests.runtime.rest.http_server import HttpServer, Reply, Request
from tests.runtime.rest.orders import rows
from tests.runtime.stalling_proxy import StallingProxy, at_answer
from tests.runtime.stalls.cases import CASES, LONG, Case, Servers, target_of
from tests.sweeps import WHOLE, sampled

SAMPLE, THREADS = 4, 1
LIMIT = 2  # seconds
MORE = 2  # seconds that a wait may take beyond its limit
FAR = 600
WITHIN = 60.0  # seconds: far more than any of them takes, and less than `FAR`

POSSIBLE = [
    case for case in CASES if not (case.server == "MariaDB" and mariadb.missing())
]


class Interrupted(BaseException):
    """As Ctrl-C, or Prefect's own limit."""


@pytest.fixture(scope="module")
def servers(
    postgres: PostgreSQL,
    warehouse: Warehouse,
    lake: Files,
    store: Files,
    request: pytest.FixtureRequest,
) -> Iterator[Servers]:
    of_postgresql = warehouse.credentials

    def answer(asked: Request) -> Reply:
        if asked.path == "/token":
            return Reply(b'{"access_token": "abc"}')
        return Reply(rows(*range(400_000)))

    found = (
        None if mariadb.missing() else request.getfixturevalue("mariadb").credentials
    )
    with HttpServer(answer) as http:
        yield Servers(of_postgresql, found, warehouse, lake, store, http)


def limit(monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    """Set the limits that no argument sets."""
    for module in (libpq, database, mysql, sql, s3):
        monkeypatch.setattr(module, "CONNECT_SECONDS", seconds)
    monkeypatch.setitem(adls.REQUEST, "connection_timeout", seconds)
    monkeypatch.setattr(blocks, "ANSWER_SECONDS", seconds)


def ids(case: Case) -> str:
    return f"{case.server}, {case.place}"


@pytest.mark.parametrize("case", sampled(POSSIBLE, SAMPLE), ids=ids)
def test_a_silent_server_is_given_up_at_the_limit(
    servers: Servers, monkeypatch: pytest.MonkeyPatch, case: Case, keep: Keep
) -> None:
    limit(monkeypatch, LIMIT)
    with StallingProxy(("127.0.0.1", target_of(case, servers)), case.when) as proxy:
        begun = time.monotonic()
        with pytest.raises(case.error) if case.error else contextlib.nullcontext():
            case.run(servers, proxy.port, LIMIT)
        waited = time.monotonic() - begun
        assert proxy.frozen.wait(1)
    assert waited - LIMIT < (MORE if WHOLE else WITHIN)
    over = int(1000 * (waited - LIMIT)) if case.error else 0
    names = {"server": case.server, "silent at": case.place}
    keep("stalls", **names, **{"ms over the limit": over}, wrong=0)


@pytest.mark.parametrize(
    "case", sampled([case for case in POSSIBLE if case.error], SAMPLE), ids=ids
)
def test_an_interrupt_ends_the_waiting(
    servers: Servers, monkeypatch: pytest.MonkeyPatch, case: Case
) -> None:
    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise Interrupted

    limit(monkeypatch, FAR)
    main = threading.get_ident()
    former = signal.signal(signal.SIGUSR1, interrupt)
    begun = time.monotonic()

    def send() -> None:
        if proxy.frozen.wait(WITHIN):
            time.sleep(0.5)
            signal.pthread_kill(main, signal.SIGUSR1)

    try:
        with StallingProxy(("127.0.0.1", target_of(case, servers)), case.when) as proxy:
            threading.Thread(target=send, daemon=True).start()
            with pytest.raises(Interrupted):
                case.run(servers, proxy.port, FAR)
    finally:
        signal.signal(signal.SIGUSR1, former)
    assert time.monotonic() - begun < WITHIN


@pytest.mark.parametrize(
    "case", sampled([case for case in POSSIBLE if case.error], THREADS), ids=ids
)
def test_an_exception_that_is_raised_in_the_thread_ends_the_waiting(
    servers: Servers, monkeypatch: pytest.MonkeyPatch, case: Case
) -> None:
    """So Prefect ends a task that runs in a thread and takes too long."""
    limit(monkeypatch, FAR)
    ended: list[type[BaseException] | None] = []

    def run() -> None:
        try:
            case.run(servers, proxy.port, FAR)
        except BaseException as err:  # noqa: BLE001 - told to the test
            ended.append(type(err))

    with StallingProxy(("127.0.0.1", target_of(case, servers)), case.when) as proxy:
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        assert proxy.frozen.wait(WITHIN)
        time.sleep(0.5)
        raised = ctypes.py_object(Interrupted)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread.ident or 0), raised
        )
        thread.join(WITHIN)
    assert ended == [Interrupted]


def test_two_interrupts_end_the_waiting_as_well(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second comes while the first still stops the query."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise Interrupted

    limit(monkeypatch, FAR)
    main = threading.get_ident()
    former = signal.signal(signal.SIGUSR1, interrupt)

    def send() -> None:
        if proxy.frozen.wait(WITHIN):
            for _ in range(2):
                time.sleep(0.3)
                signal.pthread_kill(main, signal.SIGUSR1)

    (case,) = (each for each in CASES if each.place == "describing")
    begun = time.monotonic()
    try:
        with StallingProxy(("127.0.0.1", target_of(case, servers)), case.when) as proxy:
            threading.Thread(target=send, daemon=True).start()
            with pytest.raises(Interrupted):
                case.run(servers, proxy.port, FAR)
    finally:
        signal.signal(signal.SIGUSR1, former)
    assert time.monotonic() - begun < WITHIN


def test_the_outcome_of_a_silent_commit_is_unknown_and_found_out(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit arrives, and its answer doesn't; the retry doesn't add the rows."""
    limit(monkeypatch, LIMIT)
    place, rows = servers.warehouse, [{"number": 1}, {"number": 2}]
    table = place.fresh()
    target = ("127.0.0.1", servers.postgresql["port"])
    with StallingProxy(target, at_answer(b"COMMIT\0")) as proxy:
        through = {**place.credentials, "port": proxy.port, "sslmode": "disable"}
        slow = PostgreSQLTables(credentials=through, query_timeout=LIMIT)
        with pytest.raises(DestinationUnavailableError, match="has committed"):
            slow.from_df(pd.DataFrame(rows), table, mode="append", load_id="one")
    assert place.rows(table) == rows
    place.destination.from_df(pd.DataFrame(rows), table, mode="append", load_id="one")
    assert place.rows(table) == rows


def test_a_stopped_process_of_the_server_is_given_up(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(monkeypatch, LIMIT)
    source = Source(credentials=servers.postgresql, query_timeout=LIMIT)
    with source.snapshot() as snapshot:
        ((process,),) = snapshot._fetch("SELECT pg_backend_pid()")
        os.kill(process, signal.SIGSTOP)
        try:
            with pytest.raises(SourceUnavailableError, match="took longer than 2"):
                snapshot.describe("SELECT 1 AS number")
        finally:
            os.kill(process, signal.SIGCONT)


def test_a_stopped_store_is_given_up(
    azurite: Azurite, monkeypatch: pytest.MonkeyPatch, lake: Files
) -> None:
    limit(monkeypatch, LIMIT)
    process = int(ports._listener_from_proc(azurite.port) or 0)

    def batches() -> Iterator[pa.RecordBatch]:
        yield pa.record_batch({"text": LONG})
        os.kill(process, signal.SIGSTOP)
        yield pa.record_batch({"text": LONG})

    try:
        with pytest.raises(DestinationUnavailableError, match="didn't answer within 2"):
            lake.destination.from_batches(batches(), lake.fresh())
    finally:
        os.kill(process, signal.SIGCONT)
