"""The journal: what a killed command leaves, the next one undoes or finishes."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from sourcewright import cli, journal
from sourcewright.changes import FileChange, Plan
from sourcewright.commit import commit, recover
from sourcewright.errors import Busy, Interrupted

if TYPE_CHECKING:
    from pathlib import Path

LEDGER = ".sourcewright/a/woven.yml"
CHANGES = (
    FileChange("kept", "kept\r\n", "changed"),
    FileChange("gone/deep/file", "gone", None),
    FileChange("new/deep/file", None, "new"),
    FileChange(LEDGER, None, "version: 1\n"),
)


def _tree(root: Path) -> dict[str, bytes | None]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes() if path.is_file() else None
        for path in sorted(root.rglob("*"))
    }


def _project(root: Path) -> Path:
    (root / "gone/deep").mkdir(parents=True)
    (root / "gone/deep/file").write_text("gone")
    (root / "kept").write_bytes(b"kept\r\n")
    return root


AFTER = {
    ".sourcewright": None,
    ".sourcewright/a": None,
    LEDGER: b"version: 1\n",
    "kept": b"changed",
    "new": None,
    "new/deep": None,
    "new/deep/file": b"new",
}


def test_folders_come_with_their_files_and_go_with_them(tmp_path: Path) -> None:
    root = _project(tmp_path)
    before = _tree(root)
    commit(root, Plan(CHANGES))
    assert _tree(root) == AFTER
    back = tuple(FileChange(c.path, c.after, c.before) for c in CHANGES)
    commit(root, Plan(back))
    assert _tree(root) == before


@pytest.mark.parametrize("done", range(len(CHANGES)))
def test_what_was_begun_is_undone_by_the_next_command(
    tmp_path: Path, done: int
) -> None:
    root = _project(tmp_path)
    before = _tree(root)
    left = journal.begin(root, CHANGES, lambda: None)
    for folder in left.made:
        (root / folder).mkdir(exist_ok=True)
    for number in range(done):
        left.apply(number)
    os.close(left.lock)
    assert recover(root) == "an interrupted command was undone"
    assert _tree(root) == before
    assert recover(root) is None


@pytest.mark.parametrize("command", ["weave", "list", "check"])
def test_every_command_begins_with_it(tmp_path: Path, command: str) -> None:
    root = _project(tmp_path)
    before = _tree(root)
    left = journal.begin(root, CHANGES, lambda: None)
    left.apply(0)
    os.close(left.lock)
    assert cli.run([command, "--project", str(root)]) == 0
    assert _tree(root) == before


def test_what_was_written_whole_is_finished_by_the_next_command(tmp_path: Path) -> None:
    root = _project(tmp_path)
    left = journal.begin(root, CHANGES, lambda: None)
    for folder in left.made:
        (root / folder).mkdir(exist_ok=True)
    for number in range(len(CHANGES)):
        left.apply(number)
    os.close(left.lock)
    assert recover(root) == "an interrupted command had written everything"
    assert _tree(root) == AFTER


def test_what_was_written_whole_is_not_undone_where_somebody_went_on(
    tmp_path: Path,
) -> None:
    root = _project(tmp_path)
    left = journal.begin(root, CHANGES, lambda: None)
    for folder in left.made:
        (root / folder).mkdir(exist_ok=True)
    for number in range(len(CHANGES)):
        left.apply(number)
    left.settle()
    os.close(left.lock)
    (root / "kept").write_bytes(b"mine")
    (root / LEDGER).unlink()
    assert recover(root) == "an interrupted command had written everything"
    assert (root / "kept").read_bytes() == b"mine"
    assert not (root / LEDGER).exists()
    assert (root / "new/deep/file").read_bytes() == b"new"
    assert not (root / journal.FOLDER).exists()


def test_a_ledger_that_was_only_begun_goes_with_the_next_command(
    tmp_path: Path,
) -> None:
    (tmp_path / journal.FOLDER).mkdir(parents=True)
    recover(tmp_path)
    assert _tree(tmp_path) == {}
    (tmp_path / ".sourcewright").mkdir()
    assert recover(tmp_path) is None
    assert _tree(tmp_path) == {}


def test_what_somebody_changed_since_is_not_overwritten(tmp_path: Path) -> None:
    root = _project(tmp_path)
    left = journal.begin(root, CHANGES, lambda: None)
    left.apply(0)
    os.close(left.lock)
    (root / "kept").write_text("mine")
    before = _tree(root)
    with pytest.raises(Interrupted, match="kept was changed"):
        recover(root)
    assert _tree(root) == before


def test_two_commands_do_not_write_at_once(tmp_path: Path) -> None:
    root = _project(tmp_path)
    left = journal.begin(root, CHANGES, lambda: None)
    before = _tree(root)
    with pytest.raises(Busy):
        commit(root, Plan(CHANGES))
    assert _tree(root) == before
    os.close(left.lock)


def test_git_does_not_see_what_a_killed_command_left(tmp_path: Path) -> None:
    root = _project(tmp_path)
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    journal.begin(root, CHANGES, lambda: None)
    told = subprocess.run(
        ["git", "status", "--porcelain", "--untracked-files=all"],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert ".sourcewright" not in told
