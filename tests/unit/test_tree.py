"""Paths that a project's files name: inside it, and never git's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sourcewright.errors import UnsafePath
from sourcewright.tree import LARGEST, locate, read_text

if TYPE_CHECKING:
    from pathlib import Path

REFUSED = {
    "../x": "not a plain path",
    "/etc/passwd": "not a plain path",
    "a/../../x": "not a plain path",
    "a\\x": "not a plain path",
    "C:x": "not a plain path",
    "a\0": "not a plain path",
    "": "not a plain path",
    ".git/config": "git's own files",
    ".GIT/config": "git's own files",
    "nested/.Git/hooks/x": "git's own files",
    "a/.git": "git's own files",
    "a/.git./config": "git's own files",
    "a/.git /config": "git's own files",
    "git~1/config": "git's own files",
    "a/.git::$INDEX_ALLOCATION/config": "git's own files",
    "a/.g\N{ZERO WIDTH NON-JOINER}it/config": "git's own files",
    "link/x": "symbolic link",
    "link": "symbolic link",
}
ADMITTED = (".gitignore", ".github/workflows/ci.yml", "a.git/x", "src/git/x", "git")


@pytest.mark.parametrize("path", REFUSED)
def test_a_path_that_leads_elsewhere_is_refused(path: str, tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    (root / "link").symlink_to(tmp_path)
    with pytest.raises(UnsafePath, match=REFUSED[path]) as caught:
        locate(root, path)
    assert caught.value.next_step


@pytest.mark.parametrize("path", ADMITTED)
def test_a_path_that_only_looks_like_it_is_admitted(path: str, tmp_path: Path) -> None:
    assert locate(tmp_path, path) == tmp_path / path


def test_a_file_of_any_length_is_not_read_whole(tmp_path: Path) -> None:
    (tmp_path / "fits").write_bytes(b"x" * LARGEST)
    (tmp_path / "sparse").touch()
    with (tmp_path / "sparse").open("r+b") as file:
        file.truncate(3 * 1024**3)
    assert len(read_text(tmp_path, "fits") or "") == LARGEST
    with pytest.raises(OSError, match="too large"):
        read_text(tmp_path, "sparse")
