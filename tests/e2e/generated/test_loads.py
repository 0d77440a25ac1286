"""Streaming loads that are stopped at each of their requests and calls: all or nothing.

The points are the HTTP requests of the real process, times the ways to stop it, and the
system calls by which it speaks to the world, counted in a load that nothing stops.
`make test` tries a dozen of each, drawn with a fixed seed; with
SOURCEWRIGHT_EVERY_POINT=1 every request is tried, and CALLS_AT_MOST of the calls; the
counts are kept in tests/matrix/uploads.md.
"""

import os
import random
import re
import shutil
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pytest
from pyarrow import fs, parquet
from sourcewright.services import Azurite, PostgreSQL

from tests.e2e.generated.loads import Loads, most_calls
from tests.e2e.generated.parts import connection_string, postgresql_credentials
from tests.e2e.generated.stops import WAYS, StopAt, Way
from tests.proxy import Proxy
from tests.results import Keep

CONTAINER = "loads"
HIDDEN = re.compile(r"_file\.parquet\.[0-9a-f]{32}\.partial")
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
# Blocks are small, and a request isn't tried again.
BLOCK_BYTES = 64 * 1024
SETTINGS = {
    "sources.azure_data_lake": {
        "BLOCK_BYTES": BLOCK_BYTES,
        "REQUEST": {"retry_total": 0},
    },
    "formats": {"ROW_GROUP_BYTES": BLOCK_BYTES},
}


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


class LakeLoads(Loads):
    """Runs loads, and looks at what they leave."""

    def __init__(self, azurite: Azurite, *order: Any) -> None:  # noqa: ANN401
        super().__init__(*order)
        self._lake = azurite.filesystem

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


def assert_hidden(names: set[str], point: Point | Call) -> None:
    """Make sure that beside the file there is one of the load's own, or none."""
    assert len(names) <= 1, point
    assert all(HIDDEN.fullmatch(name) for name in names), point


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
) -> Iterator[LakeLoads]:
    azurite.create_container(CONTAINER)
    home = tmp_path_factory.mktemp("loads")
    order = {
        "source": postgresql_credentials(postgres),
        "class": "AzureDataLake",
        "destination": {
            "connection_string": connection_string(azurite, port=proxy.port)
        },
        "query": QUERY.format(rows=ROWS),
    }
    with LakeLoads(azurite, golden, home, order, SETTINGS) as loads:
        yield loads


@pytest.fixture(scope="module")
def points(loads: LakeLoads, proxy: Proxy) -> list[Point]:
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
    loads: LakeLoads, proxy: Proxy, points: list[Point], keep: Keep
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
        proxy.rule = stop = StopAt(point.request, point.way, process)
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
        assert_hidden({*loads.names(path)} - {"file.parquet"}, point)

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
def calls(loads: LakeLoads, tmp_path_factory: pytest.TempPathFactory) -> list[Call]:
    """Trace a load of each kind; give a sample of its calls."""
    trace = tmp_path_factory.mktemp("calls") / "trace"
    found = []
    for verify in VERIFY:
        for former in (False, True):
            path = loads.new_path(former=former)
            options = {"verify": verify, "overwrite": former}
            assert loads.run_traced(trace, CALLS, target=path, **options) == "written"
            found += [
                Call(verify, former, name, number)
                for name, count in sorted(most_calls(trace).items())
                for number in range(1, count + 1)
            ]
    sample = CALLS_AT_MOST if EVERY_POINT else SAMPLE
    return random.Random(5).sample(found, sample)  # noqa: S311


@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")
def test_a_load_that_is_killed_at_a_call_shows_the_old_file_or_the_new_one(
    loads: LakeLoads, calls: list[Call], keep: Keep, tmp_path: Path
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
        trace = tmp_path / "trace"
        said = loads.run_traced(trace, CALLS, *inject, target=path, **options)
        assert said in ("", "written"), (call, said)

        visible = loads.visible(path)
        stopped = "never reached" if said else f"kill at {call.name}"
        seen[call.verify, stopped, visible] += 1
        assert visible != ("nothing" if call.former else "old"), call
        assert not said or visible == "new", call
        assert_hidden({*loads.names(path)} - {"file.parquet"}, call)

        assert loads.run(path, **options) == "written", call
        assert loads.visible(path) == "new", call
        if call.verify == "full":
            assert loads.names(path) == ["file.parquet"], call
    reached = sum(count for key, count in seen.items() if key[1] != "never reached")
    assert reached >= (200 if EVERY_POINT else SAMPLE // 2)
    for (verify, stopped, shown), count in sorted(seen.items()):
        row = {"verify": verify, "stopped by": stopped, "visible then": shown}
        keep("uploads", **row, points=count, wrong=0)
