"""Streaming loads that are stopped at each of their requests and calls: all or nothing.

The points are the HTTP requests of the real process, times the ways to stop it, and the
system calls by which it speaks to the world, counted in a load that nothing stops.
`make test` tries a dozen of each, drawn with a fixed seed; with
SOURCEWRIGHT_EVERY_POINT=1 every request is tried, and CALLS_AT_MOST of the calls; the
counts are kept in tests/matrix/uploads.md.
"""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

import pytest
from pyarrow import fs, parquet
from sourcewright.services import Azurite, PostgreSQL

from tests.e2e.generated.parts import (
    HERE,
    connection_string,
    environment,
    postgresql_credentials,
)
from tests.e2e.generated.proxy import Fate, Proxy, Request
from tests.results import Keep

CONTAINER = "loads"
FORMER = b"the former file, whatever is in it"
ROWS = 4_000
QUERY = "SELECT i, md5(i::text) AS text FROM generate_series(1, {rows}) AS i"
SAMPLE = 12
CALLS_AT_MOST = 300
EVERY_POINT = bool(os.environ.get("SOURCEWRIGHT_EVERY_POINT"))

VERIFY = ("none", "bytes", "full")
# By which a process speaks with servers and files, and its threads with each other.
CALLS = (
    *("connect", "sendto", "recvfrom", "read", "write", "close", "shutdown"),
    *("epoll_wait", "epoll_ctl", "poll", "futex"),
)
# What stops a load at a request: it is killed before the request arrives, or before the
# answer does; the connection breaks for good; the token has ended; one answer is lost.
Way = Literal["kill before", "kill after", "break off", "refuse", "lose the answer"]
WAYS: tuple[Way, ...] = (
    *("kill before", "kill after"),
    *("break off", "refuse", "lose the answer"),
)


class Point(NamedTuple):
    """Where a load is stopped, and how."""

    verify: str
    former: bool
    request: int
    way: Way


class Call(NamedTuple):
    """The system call at which a load is killed: which one of its name in a thread."""

    verify: str
    former: bool
    name: str
    number: int


class StopAt:
    """Stops a load at one of its requests."""

    def __init__(self, point: Point, process: int) -> None:
        self._point, self._process = point, process
        self._count = 0
        self.reached: Request | None = None

    def __call__(self, request: Request) -> Fate:
        self._count += 1
        if self._count == self._point.request:
            self.reached = request
            if self._point.way == "kill before":
                os.kill(self._process, signal.SIGKILL)
                return "break off"
            if self._point.way == "lose the answer":
                return "lose the answer"
        if self._count >= self._point.request:
            if self._point.way == "break off":
                return "break off"
            if self._point.way == "refuse":
                return "refuse"
        return "pass"

    def arrived(self, request: Request) -> None:
        if self._point.way == "kill after" and request is self.reached:
            os.kill(self._process, signal.SIGKILL)


class Loads:
    """Runs loads, one after another, and looks at what they leave."""

    def __init__(
        self, process: subprocess.Popen[str], order: dict[str, Any], azurite: Azurite
    ) -> None:
        self._process, self._order = process, order
        self._lake = azurite.filesystem

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def start(self, path: str, **options: Any) -> int:  # noqa: ANN401
        """Start a load, which waits for `finish`; return its process id."""
        self._tell(json.dumps({**self._order, "path": path, "options": options}))
        return int(self._hear())

    def finish(self) -> str:
        """Let the load go on, and return what it said: nothing if it was killed."""
        self._tell("go on")
        return str(json.loads(self._hear()))

    def run(self, path: str, **options: Any) -> str:  # noqa: ANN401
        self.start(path, **options)
        return self.finish()

    def run_traced(self, trace: Path, *inject: str, path: str, **options: Any) -> str:  # noqa: ANN401
        """Run a load under strace, which writes its calls to `trace`."""
        process = self.start(path, **options)
        calls = ("-e", f"trace={','.join(CALLS)}", *inject)
        with subprocess.Popen(
            ["strace", "-f", "-s0", "-o", trace, *calls, "-p", str(process)],
            stderr=subprocess.PIPE,
            text=True,
        ) as tracer:
            assert tracer.stderr
            told = tracer.stderr.readline()
            assert "attached" in told, told + tracer.stderr.read()
            said = self.finish()
            tracer.communicate()
        return said

    def new_path(self, *, former: bool) -> str:
        path = f"{CONTAINER}/{uuid.uuid4()}/file.parquet"
        if former:
            with self._lake.open_output_stream(path) as file:
                file.write(FORMER)
        return path

    def visible(self, path: str) -> Literal["nothing", "old", "new"]:
        """Return what a reader finds at a path; anything else fails the test."""
        if self._lake.get_file_info(path).type == fs.FileType.NotFound:
            return "nothing"
        with self._lake.open_input_stream(path) as file:
            if file.read() == FORMER:
                return "old"
        table = parquet.read_table(path, filesystem=self._lake)
        assert table.column("i").to_pylist() == [*range(1, ROWS + 1)]
        return "new"

    def names(self, path: str) -> list[str]:
        """Return the names of all files in the folder of a path."""
        selector = fs.FileSelector(path.rpartition("/")[0], allow_not_found=True)
        return [info.base_name for info in self._lake.get_file_info(selector)]

    def _tell(self, line: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def _hear(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline()


@pytest.fixture(scope="module")
def proxy(azurite: Azurite) -> Iterator[Proxy]:
    with Proxy(azurite.port) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def loads(
    golden: Path,
    azurite: Azurite,
    postgres: PostgreSQL,
    proxy: Proxy,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Loads]:
    azurite.create_container(CONTAINER)
    home = tmp_path_factory.mktemp("loads")
    process = subprocess.Popen(
        [sys.executable, HERE / "load_driver.py"],
        env=environment(golden, HOME=str(home)),
        cwd=home,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    order = {
        "source": postgresql_credentials(postgres),
        "destination": {
            "connection_string": connection_string(azurite, port=proxy.port)
        },
        "query": QUERY.format(rows=ROWS),
    }
    with Loads(process, order, azurite) as loads:
        yield loads


@pytest.fixture(scope="module")
def points(loads: Loads, proxy: Proxy) -> list[Point]:
    """Trace a load of each kind; give all points, or a dozen of them."""
    found = []
    for verify in VERIFY:
        for former in (False, True):
            proxy.seen.clear()
            path = loads.new_path(former=former)
            assert loads.run(path, verify=verify, overwrite=former) == "written"
            assert loads.names(path) == ["file.parquet"]
            requests = range(1, len(proxy.seen) + 1)
            found += [Point(verify, former, at, way) for at in requests for way in WAYS]
    return found if EVERY_POINT else random.Random(4).sample(found, SAMPLE)  # noqa: S311


def test_a_load_that_is_stopped_shows_the_old_file_or_the_new_one(
    loads: Loads, proxy: Proxy, points: list[Point], keep: Keep
) -> None:
    seen: Counter[tuple[str, str, str]] = Counter()
    for point in points:
        path = loads.new_path(former=point.former)
        options = {
            "verify": point.verify,
            "overwrite": point.former,
            "load_id": "monday",
        }
        process = loads.start(path, **options)
        proxy.rule = stop = StopAt(point, process)
        proxy.arrived = stop.arrived
        said = loads.finish()
        proxy.rule, proxy.arrived = lambda _: "pass", lambda _: None
        assert stop.reached, point
        assert bool(said) == (not point.way.startswith("kill")), (point, said)

        visible = loads.visible(path)
        seen[point.verify, point.way, visible] += 1
        assert visible != ("nothing" if point.former else "old"), point
        if said == "written":
            assert visible == "new", point
        if point.way != "lose the answer" and not stop.reached.is_commit:
            assert visible != "new", point
        assert {*loads.names(path)} <= {"file.parquet", "_file.parquet"}, point

        # The task tries again; nothing of the former attempt is in its way or stays.
        assert loads.run(path, **options) == "written", point
        assert loads.visible(path) == "new", point
        if point.verify == "full":
            assert loads.names(path) == ["file.parquet"], point
    if EVERY_POINT:
        assert len(points) >= 200
    for (verify, way, shown), count in sorted(seen.items()):
        row = {"verify": verify, "stopped by": way, "visible then": shown}
        keep("uploads", **row, points=count, wrong=0)


@pytest.fixture(scope="module")
def calls(loads: Loads, tmp_path_factory: pytest.TempPathFactory) -> list[Call]:
    """Trace a load of each kind; give a sample of its calls."""
    trace = tmp_path_factory.mktemp("calls") / "trace"
    found = []
    for verify in VERIFY:
        for former in (False, True):
            path = loads.new_path(former=former)
            options = {"verify": verify, "overwrite": former}
            assert loads.run_traced(trace, path=path, **options) == "written"
            # One line: the thread's id, the call's name, a parenthesis.
            counts = Counter(
                re.findall(r"^(\d+) +(\w+)\(", trace.read_text(), re.MULTILINE)
            )
            most: Counter[str] = Counter()
            for (_, name), count in counts.items():
                most[name] = max(most[name], count)
            found += [
                Call(verify, former, name, number)
                for name, count in sorted(most.items())
                for number in range(1, count + 1)
            ]
    sample = CALLS_AT_MOST if EVERY_POINT else SAMPLE
    return random.Random(5).sample(found, sample)  # noqa: S311


@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")
def test_a_load_that_is_killed_at_a_call_shows_the_old_file_or_the_new_one(
    loads: Loads, calls: list[Call], keep: Keep, tmp_path: Path
) -> None:
    seen: Counter[tuple[str, str, str]] = Counter()
    for call in calls:
        path = loads.new_path(former=call.former)
        options = {
            "verify": call.verify,
            "overwrite": call.former,
            "load_id": "monday",
        }
        inject = ("-e", f"inject={call.name}:signal=KILL:when={call.number}")
        said = loads.run_traced(tmp_path / "trace", *inject, path=path, **options)
        assert said in ("", "written"), (call, said)

        visible = loads.visible(path)
        stopped = "never reached" if said else f"kill at {call.name}"
        seen[call.verify, stopped, visible] += 1
        assert visible != ("nothing" if call.former else "old"), call
        assert not said or visible == "new", call
        assert {*loads.names(path)} <= {"file.parquet", "_file.parquet"}, call

        assert loads.run(path, **options) == "written", call
        assert loads.visible(path) == "new", call
        if call.verify == "full":
            assert loads.names(path) == ["file.parquet"], call
    reached = sum(count for key, count in seen.items() if key[1] != "never reached")
    assert reached >= (200 if EVERY_POINT else SAMPLE // 2)
    for (verify, stopped, shown), count in sorted(seen.items()):
        row = {"verify": verify, "stopped by": stopped, "visible then": shown}
        keep("uploads", **row, points=count, wrong=0)
