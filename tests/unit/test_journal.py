"""The journal: what a killed command leaves, the next one undoes or finishes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from sourcewright import cli
from sourcewright.changes import FileChange, Plan
from sourcewright.errors import Busy, Interrupted
from sourcewright.writing import journal
from sourcewright.writing.commit import commit, recover

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
    (note,) = recover(root)
    assert (
        note == "an interrupted command was undone: kept, gone/deep/file, new/deep/file"
    )
    assert _tree(root) == before
    assert recover(root) == ()


def test_a_command_that_writes_undoes_it_first_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = _project(tmp_path)
    before = _tree(root)
    left = journal.begin(root, CHANGES, lambda: None)
    left.apply(0)
    os.close(left.lock)
    assert cli.run(["weave", "--project", str(root)]) == 0
    assert "an interrupted command was undone: kept" in capsys.readouterr().err
    assert _tree(root) == before


@pytest.mark.parametrize("command", ["list", "check"])
def test_a_command_that_reads_leaves_it_and_says_so(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = _project(tmp_path)
    left = journal.begin(root, CHANGES, lambda: None)
    left.apply(0)
    os.close(left.lock)
    before = _tree(root)
    assert cli.run([command, "--project", str(root)]) == 0
    assert "a command was interrupted here" in capsys.readouterr().err
    assert _tree(root) == before


def test_a_dry_run_refuses_files_that_are_half_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = _project(tmp_path)
    left = journal.begin(root, CHANGES, lambda: None)
    left.apply(0)
    os.close(left.lock)
    before = _tree(root)
    assert cli.run(["weave", "--dry-run", "--project", str(root)]) == 1
    assert "rerun without --dry-run" in capsys.readouterr().err
    assert _tree(root) == before


def test_what_was_written_whole_is_finished_by_the_next_command(tmp_path: Path) -> None:
    root = _project(tmp_path)
    left = journal.begin(root, CHANGES, lambda: None)
    for folder in left.made:
        (root / folder).mkdir(exist_ok=True)
    for number in range(len(CHANGES)):
        left.apply(number)
    os.close(left.lock)
    assert recover(root) == ("an interrupted command had written everything",)
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
    assert recover(root) == ("an interrupted command had written everything",)
    assert (root / "kept").read_bytes() == b"mine"
    assert not (root / LEDGER).exists()
    assert (root / "new/deep/file").read_bytes() == b"new"
    assert not (root / journal.FOLDER).exists()


def test_a_journal_that_was_only_begun_goes_with_the_next_command(
    tmp_path: Path,
) -> None:
    (tmp_path / journal.FOLDER).mkdir()
    assert recover(tmp_path) == ()
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


def _git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-c", "user.name=A", "-c", "user.email=a@b.example", *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def _repository(root: Path) -> Path:
    _git(root, "init", "-q")
    _git(root, "add", "--all")
    _git(root, "commit", "-q", "-m", "all")
    return root


def test_in_a_checkout_the_journal_is_below_the_folder_of_git(tmp_path: Path) -> None:
    root = _repository(_project(tmp_path))
    left = journal.begin(root, CHANGES, lambda: None)
    assert left.folder.is_relative_to(root / ".git/sourcewright")
    assert _git(root, "status", "--porcelain", "--untracked-files=all") == ""
    left.apply(0)
    os.close(left.lock)
    assert len(recover(root)) == 1
    assert _git(root, "status", "--porcelain", "--untracked-files=all") == ""


def test_two_projects_of_one_checkout_have_a_journal_each(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for each in (one, other):
        each.mkdir()
        _project(each)
    _repository(tmp_path)
    left = journal.begin(one, CHANGES, lambda: None)
    commit(other, Plan(CHANGES))
    assert (other / "kept").read_text() == "changed"
    os.close(left.lock)


def test_a_worktree_on_another_file_system_is_written_and_undone(
    tmp_path: Path,
) -> None:
    """git's folder is elsewhere there: a rename does not lead across."""
    root = _repository(_project(tmp_path))
    places = [Path("/dev/shm"), Path("/var/tmp"), Path(__file__).parent]  # noqa: S108  # folders of our own are made in one
    others = [
        each
        for each in places
        if os.access(each, os.W_OK) and each.stat().st_dev != root.stat().st_dev
    ]
    if not others:
        pytest.skip("there is no second file system to write to")
    before = {path: text for path, text in _tree(root).items() if ".git" not in path}
    with tempfile.TemporaryDirectory(dir=others[0]) as other:
        (root / ".git").replace(root / "git")
        shutil.move(root / "git", f"{other}/git")
        (root / ".git").write_text(f"gitdir: {other}/git\n")
        before[".git"] = (root / ".git").read_bytes()
        commit(root, Plan(CHANGES))
        assert _tree(root) == {**AFTER, ".git": before[".git"]}
        commit(
            root, Plan(tuple(FileChange(c.path, c.after, c.before) for c in CHANGES))
        )
        assert _tree(root) == before
        left = journal.begin(root, CHANGES, lambda: None)
        left.apply(0)
        (root / ".kept.sourcewright").write_text("as a kill leaves it")
        os.close(left.lock)
        assert len(recover(root)) == 1
        assert _tree(root) == before


ODD = {
    "a path that is a number": {
        "entries": [{"path": 1, "before": None, "after": None}]
    },
    "a hash that is a list": {"entries": [{"path": "a", "before": [], "after": None}]},
    "an entry that is a text": {"entries": ["a"]},
    "no entries": {},
    "a list": [],
}


@pytest.mark.parametrize("case", ODD)
def test_an_odd_journal_is_an_error_of_the_project(case: str, tmp_path: Path) -> None:
    root = _project(tmp_path)
    (root / journal.FOLDER).mkdir()
    odd = ODD[case]
    if isinstance(odd, dict):
        odd = {"root": root.stat().st_ino, "made": [], **odd}
    (root / journal.FOLDER / journal.OPEN).write_text(json.dumps(odd))
    before = _tree(root)
    with pytest.raises(Interrupted, match="can't be read"):
        recover(root)
    assert _tree(root) == before
