"""The only writer: everything, or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sourcewright.changes import FileChange, Plan
from sourcewright.errors import CommitFailed, StaleFile, UnsafePath
from sourcewright.writing.commit import commit

if TYPE_CHECKING:
    from pathlib import Path

LEDGER = ".sourcewright/a/woven.yml"


def _tree(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "one").write_bytes(b"one\r\n")
    (tmp_path / "two").write_bytes(b"two")
    (tmp_path / ".sourcewright/a").mkdir(parents=True)
    return tmp_path


def test_a_plan_is_written_to_the_byte_and_leaves_nothing_else(root: Path) -> None:
    changes = (
        FileChange("one", "one\r\n", "\ufeffeins\r\n"),
        FileChange(LEDGER, None, "version: 1\n"),
    )
    commit(root, Plan(changes))
    assert _tree(root) == {
        "one": "\ufeffeins\r\n".encode(),
        "two": b"two",
        LEDGER: b"version: 1\n",
    }


def test_a_file_keeps_its_permissions(root: Path) -> None:
    (root / "one").chmod(0o750)
    commit(root, Plan((FileChange("one", "one\r\n", "eins"),)))
    assert (root / "one").stat().st_mode & 0o777 == 0o750


def test_the_last_file_of_an_application_takes_its_folder_along(root: Path) -> None:
    (root / LEDGER).write_text("x")
    commit(root, Plan((FileChange(LEDGER, "x", None),)))
    assert not (root / ".sourcewright/a").exists()


def test_a_file_that_changed_since_the_plan_stops_everything(root: Path) -> None:
    before = _tree(root)
    changes = (FileChange("one", "one\r\n", "1"), FileChange("two", "other", "2"))
    with pytest.raises(StaleFile):
        commit(root, Plan(changes))
    assert _tree(root) == before


def test_a_file_that_was_only_read_is_verified_too(root: Path) -> None:
    plan = Plan(
        (FileChange("one", "one\r\n", "1"),),
        verified=(FileChange("two", "other", "other"),),
    )
    with pytest.raises(StaleFile):
        commit(root, plan)
    assert (root / "one").read_bytes() == b"one\r\n"


def test_a_folder_in_the_place_of_a_file_leaves_every_file_as_it_was(
    root: Path,
) -> None:
    (root / LEDGER).mkdir()
    before = _tree(root)
    changes = (
        FileChange("one", "one\r\n", "1"),
        FileChange("two", "two", "2"),
        FileChange(LEDGER, None, "version: 1\n"),
    )
    with pytest.raises(CommitFailed, match="cannot write"):
        commit(root, Plan(changes))
    assert _tree(root) == before


def test_missing_folders_are_made_and_go_again_with_a_failure(root: Path) -> None:
    (root / "two").unlink()
    (root / "two").mkdir()
    before = _tree(root)
    changes = (FileChange("new/er/file", None, "x"), FileChange("two", None, "y"))
    with pytest.raises(CommitFailed, match="cannot write two"):
        commit(root, Plan(changes))
    assert _tree(root) == before
    assert not (root / "new").exists()
    commit(root, Plan(changes[:1]))
    assert _tree(root) == {**before, "new/er/file": b"x"}


def test_an_empty_file_gets_its_folder_too(root: Path) -> None:
    commit(root, Plan((FileChange("new/__init__.py", None, ""),)))
    assert (root / "new/__init__.py").read_bytes() == b""


def test_a_project_that_cannot_be_made_leaves_no_folder_of_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("theirs")
    with pytest.raises(CommitFailed, match="cannot make the folder"):
        commit(tmp_path / "new/../file/project", Plan((FileChange("a", None, ""),)))
    assert _tree(tmp_path) == {"file": b"theirs"}
    assert not (tmp_path / "new").exists()


def test_a_file_in_the_place_of_a_folder_leaves_every_file_as_it_was(
    root: Path,
) -> None:
    before = _tree(root)
    changes = (FileChange("one", "one\r\n", "1"), FileChange("two/x", None, "x"))
    with pytest.raises(CommitFailed, match="cannot write two"):
        commit(root, Plan(changes))
    assert _tree(root) == before


def test_a_full_disk_leaves_every_file_as_it_was(root: Path) -> None:
    """The limit on a file's size fails the write as a full disk does."""
    resource = pytest.importorskip("resource")
    signal = pytest.importorskip("signal")
    before = _tree(root)
    changes = (
        FileChange("one", "one\r\n", "1"),
        FileChange("two", "two", "2" * 100_000),
    )
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    former = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(CommitFailed, match="cannot write two"):
            commit(root, Plan(changes))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        signal.signal(signal.SIGXFSZ, former)
    assert _tree(root) == before


@pytest.mark.parametrize(
    "path",
    [
        "../out",
        "/etc/out",
        "a/../../out",
        "./out",
        "a//out",
        "c:/out",
        "a\\out",
        "",
        "link/out",
        "linked",
    ],
)
def test_nothing_is_written_outside_the_project(
    root: Path, tmp_path_factory: pytest.TempPathFactory, path: str
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "file").write_text("theirs")
    (root / "link").symlink_to(outside)
    (root / "linked").symlink_to(outside / "file")
    with pytest.raises(UnsafePath):
        commit(root, Plan((FileChange(path, None, "ours"),)))
    assert _tree(outside) == {"file": b"theirs"}
