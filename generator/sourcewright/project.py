"""Read-only facts about the project that is generated into."""

from __future__ import annotations

import hashlib
import tomllib
from typing import TYPE_CHECKING, Any

from sourcewright.changes import SharedFile
from sourcewright.errors import UnsafePath

if TYPE_CHECKING:
    from pathlib import Path

LEDGER = ".sourcewright"
_NOT_SHARED = {".git", LEDGER}
_WIDTH = 88


def locate(root: Path, path: str) -> Path:
    """Give the place of `path`, relative and with `/`, inside the project.

    Raises:
        UnsafePath: it leads out of the project, or through a symbolic link.
    """
    parts = path.split("/")
    odd = any(part in {"", ".", ".."} for part in parts)
    if odd or "\\" in path or "\0" in path or ":" in parts[0]:
        what = f'"{path}" is not a plain path inside the project'
        raise UnsafePath(
            what,
            where=path,
            next_step="write it relative to the project, with / and without ..",
        )
    place = root
    for part in parts:
        place = place / part
        if place.is_symlink():
            link = place.relative_to(root).as_posix()
            what = f'"{path}" leads through a symbolic link'
            raise UnsafePath(
                what,
                where=link,
                next_step=f"put a real file or folder in the place of {link}",
            )
    return place


def read_text(root: Path, path: str) -> str | None:
    r"""Read a text as it is, with its BOM and its newlines; None where no file is.

    Raises:
        UnsafePath: the path leads out of the project.
        UnicodeDecodeError: it isn't UTF-8.
        OSError: it can't be read.
    """
    place = locate(root, path)
    try:
        return place.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None


def read_shared(root: Path, path: str) -> SharedFile:
    """Read a shared file; what hinders is told in `problem`.

    Raises:
        UnsafePath: the path leads out of the project, or into its machinery.
    """
    if path.partition("/")[0] in _NOT_SHARED:
        what = f'"{path}" is not a file to share'
        raise UnsafePath(what, where=path)
    try:
        text = read_text(root, path)
    except UnicodeDecodeError:
        return SharedFile(path, None, "it is not UTF-8")
    except NotADirectoryError:
        return SharedFile(path, None, "there is no such file")
    except OSError as err:
        return SharedFile(path, None, f"it can't be read: {err.strerror}")
    return SharedFile(path, text, "" if text is not None else "there is no such file")


def line_width(root: Path) -> int:
    """Give the line length that the project's formatter keeps; 88 where none is set."""
    try:
        data: dict[str, Any] = tomllib.loads(read_text(root, "pyproject.toml") or "")
    except (OSError, ValueError, UnsafePath):
        return _WIDTH
    tool = data.get("tool", {})
    for name in ("ruff", "black"):
        width = tool.get(name, {}).get("line-length")
        if isinstance(width, int):
            return width
    return _WIDTH


def sha256(text: str | None) -> str | None:
    """Give the hash of a file's text; None for a file that isn't there."""
    return None if text is None else hashlib.sha256(text.encode()).hexdigest()
