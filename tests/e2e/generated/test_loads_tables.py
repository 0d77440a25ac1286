# ruff: noqa: S608 - the statements are made of this module's own texts
"""Loads into tables that are stopped: the former rows or the new ones, none twice.

The points are the messages of the real process to PostgreSQL, times the ways to stop
it, and the system calls by which DuckDB's engine writes its files. `make test` tries a
dozen of each, drawn with a fixed seed; with SOURCEWRIGHT_EVERY_POINT=1 every message is
tried, and CALLS_AT_MOST of the calls; the counts are kept in tests/matrix/loads.md.
"""

import os
import random
import shutil
import signal
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from hashlib import md5
from pathlib import Path
from typing import Any, Literal, NamedTuple

import duckdb
import psycopg2
import pytest
from sourcewright.services import PostgreSQL

from tests.e2e.generated.loads import Loads, most_calls
from tests.e2e.generated.message_proxy import Fate, Message, MessageProxy
from tests.e2e.generated.parts import generate, postgresql_credentials
from tests.golden import APPLICATIONS
from tests.results import Keep

ROWS = 2_000
QUERY = f"SELECT i, md5(i::text) AS text FROM generate_series(1, {ROWS}) AS i"
SAMPLE = 12
CALLS_AT_MOST = 300
EVERY_POINT = bool(os.environ.get("SOURCEWRIGHT_EVERY_POINT"))

Row = tuple[int, str]
FORMER: list[Row] = [(0, "old"), (1, "old")]
LOADED: list[Row] = [
    (i, md5(str(i).encode(), usedforsecurity=False).hexdigest())
    for i in range(1, ROWS + 1)
]
# By mode: the rows before, or None for no table, and those after.
STATES: dict[str, tuple[list[Row] | None, list[Row]]] = {
    "fail": (None, LOADED),
    "replace": (FORMER, LOADED),
    "append": (FORMER, sorted(FORMER + LOADED)),
    "upsert": (FORMER, FORMER[:1] + LOADED),
}
MAKE_FORMER = (
    "CREATE TABLE {table} (i integer{key}, text {text});"
    "INSERT INTO {table} VALUES (0, 'old'), (1, 'old')"
)

Way = Literal["kill before", "kill after", "break off", "lose the answer"]
WAYS: tuple[Way, ...] = ("kill before", "kill after", "break off", "lose the answer")
# By which the engine makes, writes and deletes files.
CALLS = (
    *("openat", "pread64", "pwrite64", "write", "fsync", "fdatasync", "ftruncate"),
    *("fcntl", "?link", "?linkat", "?unlink", "?unlinkat", "?rename", "?renameat"),
    *("?mkdir", "?mkdirat", "?rmdir", "close"),
)


def options_of(mode: str) -> dict[str, Any]:
    key = {"key": ["i"]} if mode == "upsert" else {}
    verify = "full" if mode in {"replace", "upsert"} else "bytes"
    return {"mode": mode, "verify": verify, "load_id": "monday", **key}


def shown(mode: str, rows: list[Row] | None) -> Literal["old", "new"]:
    """Say which state of a table these rows are; anything else fails the test."""
    old, new = STATES[mode]
    assert rows in (old, new), (mode, rows and len(rows))
    return "new" if rows == new else "old"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = tmp_path_factory.mktemp("loads-tables") / "project"
    generate(
        project,
        [
            APPLICATIONS[0],
            ["component=destination", "name=warehouse", "kind=postgresql"],
            ["component=destination", "name=duckdb", "kind=duckdb"],
            ["component=source", "name=postgresql", "destinations=[]"],
        ],
    )
    return project


class Point(NamedTuple):
    """The message at which a load is stopped, and how."""

    mode: str
    message: int
    way: Way


class StopAt:
    """Stops a load at one of its messages."""

    def __init__(self, point: Point, process: int) -> None:
        self._point, self._process = point, process
        self._count = 0
        self.reached: Message | None = None

    def __call__(self, message: Message) -> Fate:
        self._count += 1
        if self._count < self._point.message:
            return "pass"
        if self._count > self._point.message:
            return "break off"
        self.reached = message
        if self._point.way == "kill before":
            os.kill(self._process, signal.SIGKILL)
        lost = self._point.way in {"kill after", "lose the answer"}
        return "lose the answer" if lost else "break off"

    def lost(self) -> None:
        if self._point.way == "kill after":
            os.kill(self._process, signal.SIGKILL)


class Server:
    """PostgreSQL, looked at without the proxy."""

    def __init__(self, postgres: PostgreSQL) -> None:
        self._connection = psycopg2.connect(
            host=postgres.host,
            port=postgres.port,
            dbname=postgres.database,
            user=postgres.user,
            password=postgres.password,
        )
        self._connection.autocommit = True

    def new_table(self, mode: str) -> str:
        """Name a table in a schema of its own, so that no load has been there."""
        schema = f"s_{uuid.uuid4().hex}"
        self._run(f"CREATE SCHEMA {schema}")
        table = f"{schema}.example"
        if STATES[mode][0] is not None:
            key = " PRIMARY KEY" if mode == "upsert" else ""
            self._run(MAKE_FORMER.format(table=table, key=key, text="text"))
        return table

    def rows(self, table: str) -> list[Row] | None:
        try:
            return sorted(self._run(f"SELECT i, text FROM {table}"))
        except psycopg2.errors.UndefinedTable:
            return None

    def wait_for_the_end(self) -> None:
        """Wait until the server has noticed that a load is gone."""
        query = "SELECT FROM pg_stat_activity WHERE application_name = 'acme'"
        deadline = time.monotonic() + 30
        while self._run(query):
            assert time.monotonic() < deadline, "a session of a stopped load stays"
            time.sleep(0.01)

    def _run(self, statement: str) -> list[Row]:
        with self._connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []


@pytest.fixture(scope="module")
def server(postgres: PostgreSQL) -> Server:
    return Server(postgres)


@pytest.fixture(scope="module")
def proxy(postgres: PostgreSQL) -> Iterator[MessageProxy]:
    with MessageProxy(postgres.port) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def loads(project: Path, postgres: PostgreSQL, proxy: MessageProxy) -> Iterator[Loads]:
    order = {
        "source": postgresql_credentials(postgres),
        "class": "Warehouse",
        "destination": postgresql_credentials(postgres, port=proxy.port),
        "query": QUERY,
    }
    with Loads(project, project.parent, order, {}) as loads:
        yield loads


@pytest.fixture(scope="module")
def points(loads: Loads, server: Server, proxy: MessageProxy) -> list[Point]:
    """Look at a load of each mode; give all points, or a dozen of them.

    The commits are among the dozen.
    """
    found: list[Point] = []
    commits: list[Point] = []
    for mode in STATES:
        proxy.seen.clear()
        table = server.new_table(mode)
        assert loads.run(table, **options_of(mode)) == "written"
        assert shown(mode, server.rows(table)) == "new"
        for number, message in enumerate(proxy.seen, start=1):
            each = [Point(mode, number, way) for way in WAYS]
            (commits if message.is_commit else found).extend(each)
    assert len(commits) == len(STATES) * len(WAYS)
    if EVERY_POINT:
        return found + commits
    drawn = random.Random(7)  # noqa: S311
    return drawn.sample(found, SAMPLE) + drawn.sample(commits, SAMPLE)


def test_a_load_that_is_stopped_at_a_message_shows_the_old_rows_or_the_new_ones(
    loads: Loads,
    server: Server,
    proxy: MessageProxy,
    points: list[Point],
    keep: Keep,
) -> None:
    seen: Counter[tuple[str, str, str]] = Counter()
    for point in points:
        table, options = server.new_table(point.mode), options_of(point.mode)
        process = loads.start(table, **options)
        proxy.rule = stop = StopAt(point, process)
        proxy.lost = stop.lost
        said = loads.finish()
        proxy.rule, proxy.lost = lambda _: "pass", lambda: None
        assert stop.reached, point
        # What comes after the commit says good-bye, and nobody waits for it.
        is_late = stop.reached.kind == b"X"
        killed = point.way.startswith("kill")
        assert killed or said.startswith(("DestinationUnavailable", "written"))
        assert bool(said) == (not killed) or is_late, (point, said)

        server.wait_for_the_end()
        visible = shown(point.mode, server.rows(table))
        seen[point.mode, point.way, visible] += 1
        arrived = point.way in {"kill after", "lose the answer"}
        expected = is_late or (stop.reached.is_commit and arrived)
        assert visible == ("new" if expected else "old"), point
        assert said != "written" or visible == "new", point

        # The task tries again, and nothing is there twice.
        assert loads.run(table, **options) == "written", point
        assert shown(point.mode, server.rows(table)) == "new", point
    if EVERY_POINT:
        assert len(points) >= 200
    for (mode, way, state), count in sorted(seen.items()):
        row = {"destination": "postgresql", "load": f"mode={mode}", "stopped by": way}
        keep("loads", **row, **{"visible then": state}, points=count, wrong=0)


class Call(NamedTuple):
    """The system call at which a load is killed: which one of its name in a thread."""

    mode: str
    name: str
    number: int


class Files:
    """Files of DuckDB, a folder each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def new_file(self, mode: str) -> Path:
        folder = self._folder / uuid.uuid4().hex
        folder.mkdir()
        path = folder / "warehouse.duckdb"
        if STATES[mode][0] is not None:
            key = " PRIMARY KEY" if mode == "upsert" else ""
            with duckdb.connect(path) as connection:
                connection.execute(
                    MAKE_FORMER.format(table="example", key=key, text="varchar")
                )
        return path

    def rows(self, path: Path) -> list[Row] | None:
        if not path.exists():
            return None
        try:
            with duckdb.connect(path, read_only=True) as connection:
                found = connection.execute("SELECT i, text FROM example")
                return sorted(found.fetchall())
        except duckdb.CatalogException:
            return None


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return Files(tmp_path_factory.mktemp("files"))


class FileLoads(Loads):
    """Runs loads into a file each."""

    def start(self, target: str, **options: Any) -> int:  # noqa: ANN401
        self._order = {**self._order, "destination": {"path": target}}
        return super().start("example", **options)


@pytest.fixture(scope="module")
def file_loads(project: Path, postgres: PostgreSQL) -> Iterator[FileLoads]:
    order = {
        "source": postgresql_credentials(postgres),
        "class": "DuckDBTables",
        "query": QUERY,
    }
    with FileLoads(project, project.parent, order, {}) as loads:
        yield loads


@pytest.fixture(scope="module")
def calls(
    file_loads: FileLoads, files: Files, tmp_path_factory: pytest.TempPathFactory
) -> list[Call]:
    """Trace a load of each mode; give a sample of its calls."""
    trace = tmp_path_factory.mktemp("calls") / "trace"
    found = []
    for mode in STATES:
        path = files.new_file(mode)
        options = options_of(mode)
        said = file_loads.run_traced(trace, CALLS, target=str(path), **options)
        assert said == "written"
        assert shown(mode, files.rows(path)) == "new"
        assert [each.name for each in path.parent.iterdir()] == [path.name]
        found += [
            Call(mode, name, number)
            for name, count in sorted(most_calls(trace).items())
            for number in range(1, count + 1)
        ]
    sample = CALLS_AT_MOST if EVERY_POINT else SAMPLE
    return random.Random(8).sample(found, min(sample, len(found)))  # noqa: S311


@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")
def test_a_load_that_is_killed_at_a_call_shows_the_old_rows_or_the_new_ones(
    file_loads: FileLoads,
    files: Files,
    calls: list[Call],
    keep: Keep,
    tmp_path: Path,
) -> None:
    seen: Counter[tuple[str, str, str]] = Counter()
    for call in calls:
        path, options = files.new_file(call.mode), options_of(call.mode)
        inject = ("-e", f"inject={call.name}:signal=KILL:when={call.number}")
        trace = tmp_path / "trace"
        said = file_loads.run_traced(trace, CALLS, *inject, target=str(path), **options)
        assert said in {"", "written"}, (call, said)

        visible = shown(call.mode, files.rows(path))
        stopped = "never reached" if said else f"kill at {call.name}"
        seen[call.mode, stopped, visible] += 1
        assert not said or visible == "new", call
        left = {each.name for each in path.parent.iterdir()}
        hidden = {name for name in left if name.startswith(f".{path.name}.")}
        assert len(hidden) <= 1, call
        assert left - hidden <= {path.name, f"{path.name}.wal"}, call

        assert file_loads.run(str(path), **options) == "written", call
        assert shown(call.mode, files.rows(path)) == "new", call
    reached = sum(count for key, count in seen.items() if key[1] != "never reached")
    assert reached >= (150 if EVERY_POINT else SAMPLE // 2)
    for (mode, stopped, state), count in sorted(seen.items()):
        row = {"destination": "duckdb", "load": f"mode={mode}", "stopped by": stopped}
        keep("loads", **row, **{"visible then": state}, points=count, wrong=0)
