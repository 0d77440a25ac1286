"""All or nothing: killed, or with a write that fails, at every write of real commands.

The points are the system calls that change the project, as strace sees them in the
whole command. To be quick, most are tried in forks of the real process, which is held
before its first write (`tests/kills/held.py`); a test shows that its points are those
of the whole command, and some are tried in whole commands too. `make matrix` takes all
points and keeps the counts in tests/matrix/kill.md, `make test` takes a sample.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import time
from collections import Counter
from itertools import pairwise, takewhile
from typing import TYPE_CHECKING

import pytest
from sourcewright import cli
from sourcewright.writing import journal

from tests.kills.command import KILLED, PROGRAM, Command
from tests.kills.expected import (
    UNTOUCHED,
    contradiction,
    next_command,
    unexpected,
    unlike_an_error,
)
from tests.kills.held import Held
from tests.kills.projects import COMMANDS, made
from tests.kills.state import difference, without_journal
from tests.kills.traced import calls, hit
from tests.sweeps import WHOLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.e2e.conftest import Checkout
    from tests.kills.traced import Point
    from tests.results import Keep

ERRORS = ("ENOSPC", "EACCES", "EIO")
# How many points `make test` takes of each command.
KILLS, FAILURES = 6, 1
# Where `make matrix` does not take all either, for the time that they take.
WHOLE_KILLS, STAGED_KILLS, GONE, FIRST_KILLS, SECOND_KILLS = (
    (10, 4, 30, 2, 30) if WHOLE else (1, 1, 2, 1, 1)
)
STAGED = ("new", "add", "update")
QUICK = ("add", "remove", "weave")

pytestmark = pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")


@pytest.fixture(scope="module", params=COMMANDS if WHOLE else QUICK)
def command(
    request: pytest.FixtureRequest,
    acme: Checkout,
    template: Checkout,
    tmp_path_factory: pytest.TempPathFactory,
) -> Command:
    folder = tmp_path_factory.mktemp(request.param)
    return made(request.param, acme, template, folder)


@pytest.fixture(scope="module")
def held(command: Command) -> Iterator[Held]:
    with Held(command) as process:
        assert process.after != command.before
        yield process


@pytest.fixture(scope="module")
def whole(command: Command, held: Held) -> list[Point]:
    """Return the writing calls of the whole command, which is as long as it is slow."""
    done = command.run_traced()
    assert done.code == 0, done.said
    assert command.stands() == held.after
    command.restore()
    return command.calls()


def sampled(points: Sequence[Point], size: int, *, seed: str) -> list[Point]:
    """Return one point by chance out of each of `size` parts, the same ones always."""
    choose = random.Random(f"20261122 {seed}")  # noqa: S311
    parts = min(size, len(points))
    edges = [len(points) * number // parts for number in range(parts + 1)]
    return [points[choose.randrange(start, end)] for start, end in pairwise(edges)]


def chosen(points: Sequence[Point], size: int, *, seed: str) -> Sequence[Point]:
    """Return all points in `make matrix`, a sample in `make test`."""
    return points if WHOLE else sampled(points, size, seed=seed)


class Trial:
    """The outcomes of one fault at points of one command, and what they may be."""

    def __init__(self, name: str, fault: str, held: Held) -> None:
        self.name, self.fault = name, fault
        self.sides = {"before": held.command.before, "after": held.after}
        self.outcomes = Counter[str]()
        self.wrong: list[str] = []

    def judge(self, command: Command, point: Point, *wrong: str) -> None:
        """Note where the project stands; make it what it was before the command."""
        stands = command.stands()
        side = next((name for name, each in self.sides.items() if each == stands), None)
        if side is None:
            wrong += (f"between: {difference(stands, self.sides['before'])}",)
        self.outcomes[side or "between"] += 1
        self.wrong += [f"{point}: {each}" for each in wrong if each]
        command.restore()

    def end(self, keep: Keep) -> None:
        """Keep the counts, and fail where one outcome was wrong."""
        keep(
            "kill",
            command=self.name,
            fault=self.fault,
            points=self.outcomes.total(),
            before=self.outcomes["before"],
            after=self.outcomes["after"],
            wrong=len(self.wrong),
        )
        assert not self.wrong, "\n".join(self.wrong)


def missed(command: Command, point: Point) -> str:
    """Tell where strace met another call than the one that was meant."""
    met = hit(command.trace, command.root)
    return "" if met == point else f"it was {met} that was met"


def test_a_held_command_writes_what_the_whole_one_writes(
    whole: list[Point], held: Held
) -> None:
    inside = [(each.call, each.path) for each in whole if each.path is not None]
    assert inside == [(each.call, each.path) for each in held.points]


def test_one_process_writes_and_git_besides_into_its_own_folder(
    command: Command,
) -> None:
    if command.name in STAGED and not WHOLE:
        pytest.skip("these are slow: `make matrix` takes them")
    folder = command.folder / "traces"
    folder.mkdir()
    done = command.run_traced("-ff", "--seccomp-bpf", "-o", str(folder / "of"))
    assert done.code == 0, done.said
    command.restore()
    written = [
        {each.path for each in calls(trace, command.root) if each.path is not None}
        for trace in folder.iterdir()
    ]
    by_us = [
        paths for paths in written if any(not p.startswith(".git/") for p in paths)
    ]
    assert len(by_us) == 1
    in_git = [path for path in by_us[0] if path.startswith(".git/")]
    assert all(path.startswith(".git/sourcewright") for path in in_git)


def test_a_kill_leaves_all_or_nothing_when_the_next_command_runs(
    command: Command, held: Held, keep: Keep
) -> None:
    trial = Trial(command.name, "kill", held)
    for point in chosen(held.points, KILLS, seed=command.name):
        done = held.go_on(*point.killed())
        wrong = missed(command, point), unexpected(done, KILLED)
        next_command(command.root)
        trial.judge(command, point, *wrong)
    # Neither is there by chance only: the points lie on both sides of the last replace.
    assert min(trial.outcomes["before"], trial.outcomes["after"]) > 0
    trial.end(keep)


def test_a_kill_of_the_whole_command_leaves_all_or_nothing(
    command: Command, held: Held, whole: list[Point], keep: Keep
) -> None:
    trial = Trial(command.name, "kill, whole command", held)
    # How many files are opened before, modules among them, isn't the same every time;
    # neither is how many are removed, by one or two.
    inside = [p for p in whole if p.path is not None and p.call != "openat"]
    for point in sampled(inside, WHOLE_KILLS, seed=f"whole {command.name}"):
        done = command.run_traced(*point.killed())
        met = hit(command.trace, command.root)  # or a neighbour of the point
        wrong = "" if met and met.path else f"it was {met} that was met"
        after = command.run_next()
        trial.judge(
            command, point, wrong, unexpected(done, KILLED), unexpected(after, 1)
        )
    trial.end(keep)


def test_a_kill_while_it_prepares_does_not_touch_the_project(
    command: Command, held: Held, whole: list[Point], keep: Keep
) -> None:
    if command.name not in STAGED:
        pytest.skip("it prepares in memory")
    trial = Trial(command.name, "kill, while it prepares", held)
    staged = list(takewhile(lambda each: each.path is None, whole))
    for point in sampled(staged, STAGED_KILLS, seed=f"staged {command.name}"):
        done = command.run_traced(*point.killed())
        # At once: no next command is needed.
        wrong = "" if command.stands() == command.before else "not as before"
        trial.judge(command, point, wrong, unexpected(done, KILLED))
    trial.end(keep)


@pytest.mark.parametrize("error", ERRORS)
def test_a_failing_write_leaves_every_file_as_it_was(
    command: Command, held: Held, keep: Keep, error: str
) -> None:
    trial = Trial(command.name, error, held)
    for point in chosen(held.points, FAILURES, seed=f"{error} {command.name}"):
        done = held.go_on(*point.failing(error))
        wrong = [missed(command, point), unexpected(done, 0, 1)]
        if done.code == 1:
            wrong += [unlike_an_error(done.said), contradiction(command, done)]
        # What could not be tidied up then is tidied up by the next command.
        next_command(command.root)
        wrong.append(contradiction(command, done))
        trial.judge(command, point, *wrong)
    trial.end(keep)


def test_a_disk_that_is_gone_is_told_and_the_next_command_undoes(
    command: Command, held: Held, keep: Keep
) -> None:
    trial = Trial(command.name, "EIO from there on", held)
    # Without writes and opened files, of whatever folder, no program says anything.
    points = [each for each in held.points if each.call not in {"openat", "write"}]
    for point in sampled(points, GONE, seed=f"gone {command.name}"):
        done = held.go_on(*point.failing("EIO", ever_after=True))
        wrong = [missed(command, point), unexpected(done, 0, 1)]
        untouched = without_journal(command.stands()) == command.before
        if done.code == 1 and done.said.rstrip().endswith(UNTOUCHED) != untouched:
            wrong.append(f"it says otherwise: {done.said}")
        next_command(command.root)
        wrong.append(contradiction(command, done))
        trial.judge(command, point, *wrong)
    trial.end(keep)


@pytest.mark.parametrize("fault", ["kill", "EIO"])
def test_a_next_command_that_is_killed_or_fails_leaves_it_to_the_one_after(
    command: Command,
    held: Held,
    keep: Keep,
    fault: str,
) -> None:
    trial = Trial(command.name, f"kill, then {fault} in the next command", held)
    journals = (".git/sourcewright/", f"{journal.FOLDER}/")
    inner = [each for each in held.points if (each.path or "").startswith(journals)]
    for number, first in enumerate(sampled(inner, FIRST_KILLS, seed=command.name)):
        held.go_on(*first.killed())
        left = command.folder / f"left-{fault}-{number}"
        shutil.copytree(command.root, left, symlinks=True)
        command.restore()
        listing = Command(
            "weave",
            given=left,
            folder=command.folder / f"next-{fault}-{number}",
            environment=command.environment,
        )
        with Held(listing) as following:
            for point in sampled(following.points, SECOND_KILLS, seed=f"{number}"):
                done = following.go_on(
                    *(point.killed() if fault == "kill" else point.failing(fault))
                )
                wrong = [missed(listing, point)]
                wrong.append(
                    unexpected(done, *([KILLED] if fault == "kill" else [0, 1]))
                )
                assert cli.run(["weave", "--project", str(listing.root)]) == 0
                if listing.stands() != following.after:
                    wrong.append("not where the first recovery would have led")
                trial.judge(listing, point, *wrong)
    trial.end(keep)


def test_an_empty_folder_that_a_kill_left_is_no_package_that_is_installed(
    acme: Checkout, template: Checkout, tmp_path: Path
) -> None:
    command = made("new", acme, template, tmp_path)
    command.root.mkdir()
    done = command.run()
    assert done.code == 0, done.said


def test_a_journal_that_another_command_began_in_between_is_let_alone(
    acme: Checkout, template: Checkout, tmp_path: Path
) -> None:
    command = made("remove", acme, template, tmp_path)
    place = journal.place_of(command.root)
    place.mkdir(parents=True)
    began = place / journal.OPEN
    trace = tmp_path / "late"
    strace = ("strace", "-e", "inject=flock:delay_enter=2000000", "-o", str(trace))
    with subprocess.Popen(
        [*strace, *PROGRAM, *command.arguments],
        cwd=command.folder,
        env=command.environment,
        stderr=subprocess.PIPE,
        text=True,
    ) as waiting:
        # Until it has opened the folder that it wants to lock.
        opens = f'"{place}", O_RDONLY'
        while not (trace.exists() and opens in trace.read_text()):
            assert waiting.poll() is None
            time.sleep(0.05)
        shutil.rmtree(place)
        place.mkdir()
        began.write_text("{}", encoding="utf-8")
        assert waiting.stderr is not None
        said = waiting.stderr.read()
    assert waiting.returncode == 1
    assert "another sourcewright is writing" in said
    assert began.exists()
