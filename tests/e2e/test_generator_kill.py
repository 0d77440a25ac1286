"""All or nothing: killed, refused or out of room at every write, by the real system.

The points are the system calls that change files, as strace sees them in a commit of
the plan of a real command. `make matrix` takes all of them, `make test` a sample.
"""

from __future__ import annotations

import os
import pickle
import random
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sourcewright import answers, generating, removing, render, weaving
from sourcewright.commit import recover

if TYPE_CHECKING:
    from collections.abc import Callable

    from sourcewright.changes import Plan

    from tests.e2e.conftest import Checkout

KILLS, FAILURES = 12, 4
GENERATOR = Path(__file__).resolve().parents[2] / "generator"
COMMIT = """\
import pickle, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from sourcewright.commit import commit
from sourcewright.errors import SourcewrightError
plan = pickle.loads(Path(sys.argv[3]).read_bytes())
try:
    commit(Path(sys.argv[2]), plan)
except SourcewrightError:
    sys.exit(1)
"""
CALLS = (
    "write,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir,"
    "fsync,chmod,fchmod,fchmodat"
)
KILLED = -9

pytestmark = pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")


def everything(root: Path) -> dict[str, bytes | None]:
    """Give each file and each folder, hidden ones too, but for git's own."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes() if path.is_file() else None
        for path in sorted(root.rglob("*"))
        if path.relative_to(root).parts[0] != ".git"
    }


class Subject:
    """A plan to commit, and the project as it is before and after it."""

    def __init__(self, project: Path, plan: Plan, folder: Path) -> None:
        self.given, self.folder = project, folder
        self.pickled = folder / "plan"
        self.pickled.write_bytes(pickle.dumps(plan))
        self.before = everything(project)
        root = self.fresh()
        told = self.commit(root, "--output", str(folder / "trace"), "-e", CALLS)
        assert told == 0
        self.after = everything(root)
        assert self.after != self.before
        names = re.findall(r"^(\w+)\(", (folder / "trace").read_text(), re.MULTILINE)
        self.points = [
            (name, number + 1)
            for name, count in sorted(Counter(names).items())
            for number in range(count)
        ]

    def fresh(self) -> Path:
        root = self.folder / "project"
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(self.given, root, symlinks=True)
        return root

    def commit(self, root: Path, *options: str) -> int:
        """Commit the plan under strace; give the exit code, negative for a signal."""
        program = [sys.executable, "-I", "-S", "-B", "-c", COMMIT]
        arguments = [str(GENERATOR), str(root), str(self.pickled)]
        return subprocess.run(
            ["strace", *options, *program, *arguments],
            stderr=subprocess.DEVNULL,
            check=False,
        ).returncode


def sampled(points: list[tuple[str, int]], size: int) -> list[tuple[str, int]]:
    if os.environ.get("SOURCEWRIGHT_EVERY_POINT"):
        return points
    return random.Random(20261122).sample(points, size)  # noqa: S311


@pytest.fixture(params=["new", "add", "remove", "weave"])
def subject(
    request: pytest.FixtureRequest,
    acme: Checkout,
    template: Checkout,
    copy_of: Callable[[Checkout], Checkout],
    tmp_path: Path,
) -> Subject:
    folder = tmp_path / "subject"
    folder.mkdir()
    source = render.template(str(template.path), "HEAD")
    project = tmp_path / "empty"
    if request.param == "new":
        project.mkdir()
        asked = answers.collect("project", {})
        plan, _ = generating.generate(project, asked, source, dry_run=True)
        return Subject(project, plan, folder)
    project = copy_of(acme).path
    asked = answers.collect(
        "source", {"name": "orders_db"}, settings=["destinations=[local]"]
    )
    if request.param == "add":
        plan, _ = generating.generate(project, asked, source, dry_run=True)
    elif request.param == "remove":
        plan, _ = removing.remove(project, "source-postgresql", dry_run=True)
    else:
        shutil.rmtree(project / ".sourcewright/source-postgresql")
        for name in ("adls", "project"):
            where = "project" if name == "project" else f"destination-{name}"
            (project / f".sourcewright/{where}/edits.yml").write_text(
                "version: 1\nedits: []\n"
            )
        plan, _ = weaving.weave_project(project, dry_run=True)
    return Subject(project, plan, folder)


def test_a_kill_leaves_all_or_nothing_when_the_next_command_runs(
    subject: Subject,
) -> None:
    outcomes = Counter[str]()
    for name, number in sampled(subject.points, KILLS):
        root = subject.fresh()
        told = subject.commit(root, "-e", f"inject={name}:signal=KILL:when={number}")
        assert told in {KILLED, 128 + 9}, (name, number, told)
        recover(root)
        stands = everything(root)
        assert stands in (subject.before, subject.after), (name, number)
        outcomes["after" if stands == subject.after else "before"] += 1
    # Neither is there by chance only: the points lie on both sides of the last replace.
    assert min(outcomes["before"], outcomes["after"]) > 0


@pytest.mark.parametrize("error", ["ENOSPC", "EACCES", "EIO"])
def test_a_failing_write_leaves_every_file_as_it_was(
    subject: Subject, error: str
) -> None:
    for name, number in sampled(subject.points, FAILURES):
        root = subject.fresh()
        told = subject.commit(root, "-e", f"inject={name}:error={error}:when={number}")
        assert told in {0, 1}, (name, number, told)
        stands = everything(root)
        if told == 1:
            assert stands == subject.before, (name, number)
        else:
            # What could not be tidied up now is tidied up by the next command.
            recover(root)
            assert everything(root) == subject.after, (name, number)
