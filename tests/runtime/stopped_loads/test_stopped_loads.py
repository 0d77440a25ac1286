"""Loads that are stopped show the former rows or all new ones, and can be repeated.

They are stopped at each request of the real process, in several ways, and at the system
calls by which it speaks to the world, counted in a load that nothing stops. `make test`
tries a dozen of each, the same ones each time; with SOURCEWRIGHT_WHOLE=1 all
requests are tried, and CALLS_AT_MOST of the calls, and tests/matrix/loads.md has the
counts.
"""

import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from moto.s3 import models

from tests.results import Keep
from tests.runtime import places
from tests.runtime.forks import Forks, most_calls
from tests.runtime.stopped_loads.loads import (
    LIBRARIES,
    Load,
    StopAt,
    Way,
    load_in_a_fork,
)
from tests.runtime.stopped_loads.stages import (
    DatabaseFiles,
    Folder,
    Lake,
    Server,
    Shown,
    Stage,
    Store,
)
from tests.sweeps import WHOLE

SAMPLE, COMMITS = 5, 2
CALLS_AT_MOST = 300
# By which a process speaks with servers and files, and its threads with each other.
NETWORK = (
    *("connect", "sendto", "recvfrom", "read", "write", "close", "shutdown"),
    *("epoll_wait", "epoll_ctl", "poll", "futex"),
)
FILES = (
    *("openat", "pread64", "pwrite64", "write", "fsync", "fdatasync", "ftruncate"),
    *("fcntl", "?link", "?linkat", "?unlink", "?unlinkat", "?rename", "?renameat"),
    *("?mkdir", "?mkdirat", "?rmdir", "close"),
)


@pytest.fixture(scope="module")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    home = str(tmp_path_factory.mktemp("home"))
    with Forks(*LIBRARIES, HOME=home) as forks:
        yield forks


class Stopped:
    """Runs loads on a stage, each in a fork."""

    def __init__(self, forks: Forks, source: dict[str, Any], stage: Stage) -> None:
        self.forks, self.stage = forks, stage
        self._source = source

    def arguments(
        self, load: Load, target: str, port: int | None = None
    ) -> tuple[Any, ...]:
        credentials, name = self.stage.order(target, port or self.stage.port)
        path = [*self.stage.class_path]
        return self._source, path, credentials, name, load.options


Make = Callable[[str], Stopped]


@pytest.fixture(scope="module")
def make(
    request: pytest.FixtureRequest, forks: Forks, warehouse: places.Warehouse
) -> Make:
    """Return a function of the name of a stage's fixture."""
    return lambda name: Stopped(
        forks, warehouse.credentials, request.getfixturevalue(name)
    )


@pytest.fixture(scope="module")
def lake_stage(lake: places.Files) -> Stage:
    return Lake(lake)


@pytest.fixture(scope="module")
def store_stage(store: places.Files) -> Iterator[Stage]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models, "S3_UPLOAD_PART_MIN_SIZE", 1)
        yield Store(store)


@pytest.fixture(scope="module")
def server_stage(warehouse: places.Warehouse) -> Stage:
    return Server(warehouse)


@pytest.fixture(scope="module")
def folder_stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return Folder(places.folder(tmp_path_factory.mktemp("folder")))


@pytest.fixture(scope="module")
def duckdb_stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return DatabaseFiles(tmp_path_factory.mktemp("duckdb"))


def assert_complete(stage: Stage, load: Load, target: str) -> None:
    """Check a load that nothing has stopped."""
    assert stage.shown(load, target) == "new", load
    assert not stage.left(target), load
    assert stage.unfinished(target) == 0, load


def assert_hidden(stage: Stage, left: set[str], point: object) -> None:
    """Check that a stopped load has left one hidden file, or none."""
    assert all(stage.hidden.fullmatch(name) for name in left), (point, left)
    assert len([name for name in left if not name.endswith(".wal")]) <= 1, (point, left)


class Point(NamedTuple):
    """The request at which a load is stopped, and how."""

    load: Load
    number: int
    way: Way


def points(stopped: Stopped, proxy: Any) -> list[Point]:
    """Look at a load of each kind; return all points, or a sample with commits."""
    stage, found, commits = stopped.stage, list[Point](), list[Point]()
    for load in stage.loads:
        proxy.seen.clear()
        target = stage.prepare(load)
        arguments = stopped.arguments(load, target, proxy.port)
        assert stopped.forks.call(load_in_a_fork, *arguments) == "written", load
        assert_complete(stage, load, target)
        for number, sent in enumerate(proxy.seen, start=1):
            each = [Point(load, number, way) for way in stage.ways]
            (commits if stage.shows(sent) else found).extend(each)
    assert len(commits) == len(stage.loads) * len(stage.ways)
    if WHOLE:
        assert len(found) >= 150
        return found + commits
    drawn = random.Random(7)
    return drawn.sample(found, SAMPLE) + drawn.sample(commits, COMMITS)


@pytest.mark.parametrize("stage", ["lake_stage", "store_stage", "server_stage"])
def test_a_load_that_is_stopped_at_a_request_can_be_repeated(
    stage: str, make: Make, keep: Keep
) -> None:
    stopped = make(stage)
    seen: Counter[tuple[str, str, Shown]] = Counter()
    with stopped.stage.proxy() as proxy:
        for point in points(stopped, proxy):
            shown = stop_at_request(stopped, proxy, point)
            seen[point.load.name, point.way, shown] += 1
    keep_counts(keep, stopped.stage, seen)


def stop_at_request(stopped: Stopped, proxy: Any, point: Point) -> Shown:
    """Stop a load, check what it leaves, and repeat it; return what was visible."""
    stage, load, way = stopped.stage, point.load, point.way
    target = stage.prepare(load)
    arguments = stopped.arguments(load, target, proxy.port)
    process = stopped.forks.start(load_in_a_fork, *arguments)
    proxy.rule = stop = StopAt(point.number, way, process)
    proxy.lost = stop.lost
    said = stopped.forks.finish()
    proxy.rule, proxy.lost = lambda _: "pass", lambda: None
    assert stop.reached, (point, said)
    is_late = stage.is_late(stop.reached)  # nobody waits for its answer
    assert is_late or (said is None) == way.startswith("kill"), (point, said)

    shown = stage.shown(load, target)
    arrived = way in {"kill after", "lose the answer"} and stage.shows(stop.reached)
    is_new = is_late or arrived or said == "written"
    assert shown == ("new" if is_new else before(load)), (point, said)
    left, unfinished = stage.left(target), stage.unfinished(target)
    assert_hidden(stage, left, point)
    if way == "lose the answer":
        # Nobody knows the name of an upload that was begun then.
        assert unfinished == begins_upload(stop.reached), point

    # A task that is retried loads again: nothing is in its way, or there twice.
    said = stopped.forks.call(load_in_a_fork, *arguments)
    assert said == "written", point
    assert stage.shown(load, target) == "new", point
    assert stage.unfinished(target) == unfinished <= 1, point
    if load.options["verify"] == "full":
        assert not stage.left(target), point
    return shown


def before(load: Load) -> Shown:
    return "old" if load.former else "nothing"


def begins_upload(sent: Any) -> bool:
    return "uploads" in getattr(sent, "query", ())


def keep_counts(
    keep: Keep, stage: Stage, seen: Counter[tuple[str, str, Shown]]
) -> None:
    for (load, stopped_by, shown), count in sorted(seen.items()):
        row = {"destination": stage.name, "load": load, "stopped by": stopped_by}
        keep("loads", **row, **{"visible then": shown}, points=count, wrong=0)


class Call(NamedTuple):
    """The system call at which a load is killed: which one of its name in a thread."""

    load: Load
    name: str
    number: int


def calls(stopped: Stopped, options: tuple[str, ...], trace: Path) -> list[Call]:
    """Trace a load of each kind; return a sample of its calls."""
    found = []
    for load in stopped.stage.loads:
        target = stopped.stage.prepare(load)
        arguments = stopped.arguments(load, target)
        said = stopped.forks.call_traced(options, trace, load_in_a_fork, *arguments)
        assert said == "written", load
        assert_complete(stopped.stage, load, target)
        found += [
            Call(load, name, number)
            for name, count in sorted(most_calls(trace).items())
            for number in range(1, count + 1)
        ]
    sample = CALLS_AT_MOST if WHOLE else SAMPLE
    return random.Random(8).sample(found, min(sample, len(found)))


@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")
@pytest.mark.parametrize(
    ("stage", "traced"),
    [("lake_stage", NETWORK), ("folder_stage", FILES), ("duckdb_stage", FILES)],
)
def test_a_load_that_is_killed_at_a_call_can_be_repeated(
    stage: str,
    traced: tuple[str, ...],
    make: Make,
    keep: Keep,
    tmp_path: Path,
) -> None:
    stopped = make(stage)
    seen: Counter[tuple[str, str, Shown]] = Counter()
    options, trace = ("-e", f"trace={','.join(traced)}"), tmp_path / "trace"
    for call in calls(stopped, options, trace):
        target = stopped.stage.prepare(call.load)
        arguments = stopped.arguments(call.load, target)
        inject = ("-e", f"inject={call.name}:signal=KILL:when={call.number}")
        said = stopped.forks.call_traced(
            (*options, *inject), trace, load_in_a_fork, *arguments
        )
        assert said in {None, "written"}, (call, said)
        shown = stopped.stage.shown(call.load, target)
        assert shown == "new" or (shown == before(call.load) and not said), call
        assert_hidden(stopped.stage, stopped.stage.left(target), call)
        at = f"kill at {call.name}" if said is None else "never reached"
        seen[call.load.name, at, shown] += 1

        said = stopped.forks.call(load_in_a_fork, *arguments)
        if shown == "new" and stage == "folder_stage" and not call.load.former:
            # A folder doesn't keep which load wrote a file.
            assert said.startswith("DestinationExistsError"), (call, said)
        else:
            assert said == "written", (call, said)
        assert stopped.stage.shown(call.load, target) == "new", call
        if call.load.options["verify"] == "full" and stage == "lake_stage":
            assert not stopped.stage.left(target), call
    reached = sum(count for key, count in seen.items() if key[1] != "never reached")
    assert reached >= (150 if WHOLE else SAMPLE // 2)
    keep_counts(keep, stopped.stage, seen)
