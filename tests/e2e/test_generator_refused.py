"""A full disk and a place that is not ours, for real: all or nothing, and said.

These need what made-up failures don't: a small disk, and a user who isn't root.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.disk import disk_at
from tests.e2e.conftest import Checkout
from tests.kills.expected import unexpected, unlike_an_error
from tests.kills.held import Held
from tests.kills.projects import made
from tests.sweeps import WHOLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.disk import Disk
    from tests.kills.command import Command
    from tests.results import Keep

NOBODY = 65_534
PAGE = 4096


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with disk_at(tmp_path / "disk", "4m") as disk:
        yield disk


def growing() -> Iterable[int]:
    """Give how much room is left, from none on: each number, or ever bigger steps."""
    return count() if WHOLE else chain((0,), (2**each for each in count(0, 2)))


@pytest.fixture(params=["new", "add", "remove"])
def on_disk(
    request: pytest.FixtureRequest,
    acme: Checkout,
    template: Checkout,
    disk: Disk,
    tmp_path: Path,
) -> Command:
    return made(request.param, acme, template, tmp_path, root=disk.path / "acme")


@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")
@pytest.mark.parametrize("what", ["pages", "files"])
def test_a_full_disk_leaves_every_file_as_it_was(
    on_disk: Command, disk: Disk, keep: Keep, what: str
) -> None:
    wrong, before = [], 0
    with Held(on_disk) as held:
        for number in growing():
            disk.leave(what, number)
            done = held.go_on()
            if done.code == 0:
                break
            before += 1
            wrong += [unexpected(done, 1), unlike_an_error(done.said)]
            if on_disk.stands() != on_disk.before:
                wrong.append(f"not as it was, with {number} {what} left")
                disk.empty()
                on_disk.restore()
        assert on_disk.stands() == held.after
    wrong = [each for each in wrong if each]
    keep(
        "kill",
        command=on_disk.name,
        fault=f"a disk with too few {what} left",
        points=before + 1,
        before=before,
        after=1,
        wrong=len(wrong),
    )
    assert before > 1
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", ["new", "add", "update"] if WHOLE else ["add"])
def test_a_full_temporary_folder_is_told_and_the_project_not_touched(
    acme: Checkout, template: Checkout, disk: Disk, tmp_path: Path, name: str
) -> None:
    command = made(name, acme, template, tmp_path)
    command.environment["TMPDIR"] = str(disk.path)
    for pages in (2, 60):
        disk.leave("pages", pages)
        done = command.run()
        assert not unexpected(done, 1)
        assert not unlike_an_error(done.said)
        # The others are how git says it, once it has made a file.
        of_git = "unable to write file|failed to write new configuration file"
        assert re.search(f"No space left|{of_git}", done.said)
        assert command.stands() == command.before
        assert [each.name for each in disk.path.iterdir()] == ["filler"]


class Elsewhere:
    """A folder of a user who is not root, and what runs a command as that user."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.user: tuple[str, ...] = ()
        if os.geteuid() == 0:
            ids = (f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
            self.user = ("setpriv", *ids)

    def give(self) -> None:
        """Return all that is in the folder to that user."""
        if self.user:
            for place in (self.path, *self.path.rglob("*")):
                os.chown(place, NOBODY, NOBODY, follow_symlinks=False)


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    # Pytest's own folders are closed to others.
    path = Path(tempfile.mkdtemp(prefix="sourcewright-test-")).resolve()
    path.chmod(0o755)
    made = Elsewhere(path)
    try:
        if made.user and not shutil.which("setpriv"):
            pytest.skip("no setpriv to run a command as another user with")
        program = [*made.user, sys.executable, "-c", "import sourcewright"]
        done = subprocess.run(program, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"another user can't run it here: {done.stderr.strip()}")
        yield made
    finally:
        shutil.rmtree(path)


SOURCES = "src/acme/sources"
ANSWERS = ".sourcewright/project/answers.yml"
DENIED = [
    ("add", ".", 0o555),
    ("add", ".sourcewright", 0o555),
    ("add", ".sourcewright", 0),
    ("add", SOURCES, 0o555),
    ("add", SOURCES, 0),
    ("add", "docs/references/sources", 0o555),
    ("add", ANSWERS, 0),
    ("remove", ".", 0o555),
    ("remove", ".git", 0o555),
    ("remove", SOURCES, 0o555),
    ("remove", SOURCES, 0),
    ("remove", ".sourcewright/source-postgresql", 0o555),
    ("remove", ".sourcewright/source-postgresql", 0),
    ("weave", ".", 0o555),
    ("weave", SOURCES, 0o555),
    ("weave", ".sourcewright", 0),
    ("update", ".", 0o555),
    ("update", ".git", 0o555),
    ("list", ".sourcewright", 0),
    ("check", ".sourcewright", 0),
    ("new", "..", 0o555),
    ("new", "..", 0),
    ("init", "src/tariff_meter", 0o555),
    ("init", ".", 0o555),
    ("init", "pyproject.toml", 0),
]
# Those that render are slow: `make test` takes one of each, and all closed to reading.
SAMPLE = [
    row
    for number, row in enumerate(DENIED)
    if row[0] not in {"new", "add", "update", "init"}
    or not row[2]
    or row[0] not in {other[0] for other in DENIED[:number]}
]


@pytest.mark.parametrize(
    "denied",
    DENIED if WHOLE else SAMPLE,
    ids=lambda each: f"{each[0]}-{each[1].replace('/', '-')}-{each[2]:o}",
)
def test_a_place_that_is_not_ours_is_told_and_every_file_is_as_it_was(
    elsewhere: Elsewhere,
    acme: Checkout,
    template: Checkout,
    denied: tuple[str, str, int],
) -> None:
    name, path, mode = denied
    copied = shutil.copytree(template.path, elsewhere.path / "template")
    near = Checkout(copied, template.shell)
    command = made(name, acme, near, elsewhere.path)
    for variable in [*command.environment]:
        if variable == "HOME" or variable.startswith("XDG_"):
            command.environment[variable] = str(elsewhere.path / "home")
    elsewhere.give()
    place = (command.root / path).resolve()
    former = place.stat().st_mode
    place.chmod(mode)
    done = command.run(*elsewhere.user)
    place.chmod(former)
    assert not unexpected(done, 1)
    assert not unlike_an_error(done.said)
    assert command.stands() == command.before


def test_a_file_that_is_not_ours_in_a_folder_that_is_keeps_its_permissions(
    elsewhere: Elsewhere, acme: Checkout, template: Checkout
) -> None:
    command = made("remove", acme, template, elsewhere.path)
    elsewhere.give()
    place = command.root / "mkdocs.yml"
    place.chmod(0o444)
    if elsewhere.user:
        os.chown(place, 0, 0)
    text = place.read_text("utf-8")
    done = command.run(*elsewhere.user)
    assert not unexpected(done, 0)
    assert place.read_text("utf-8") != text
    assert place.stat().st_mode & 0o777 == 0o444
