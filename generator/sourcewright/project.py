"""Read-only facts about the project that is generated into."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from sourcewright.changes import SharedFile
from sourcewright.errors import InTheWay, UnsafePath
from sourcewright.tree import LEDGER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sourcewright.changes import Application
    from sourcewright.tree import Tree

_NOT_SHARED = {".git", LEDGER}
_WIDTH = 88


def read_shared(tree: Tree, path: str) -> SharedFile:
    """Read a shared file; what hinders is told in `problem`.

    Raises:
        UnsafePath: the path leads out of the project, or into its machinery.
    """
    if path.partition("/")[0] in _NOT_SHARED:
        what = f'"{path}" is not a file to share'
        raise UnsafePath(what, where=path)
    try:
        text = tree.text(path)
    except UnicodeDecodeError:
        return SharedFile(path, None, "it is not UTF-8", hidden=True)
    except NotADirectoryError:
        return SharedFile(path, None, "there is no such file")
    except OSError as err:
        problem = f"it can't be read: {err.strerror}"
        return SharedFile(path, None, problem, hidden=True)
    return SharedFile(path, text, "" if text is not None else "there is no such file")


def line_width(tree: Tree) -> int:
    """Give the line length that the project's formatter keeps; 88 where none is set."""
    try:
        data: dict[str, Any] = tomllib.loads(
            (tree.text("pyproject.toml") or "").removeprefix("\ufeff")
        )
    except (OSError, ValueError, UnsafePath):
        return _WIDTH
    tool = data.get("tool", {})
    for name in ("ruff", "black"):
        width = tool.get(name, {}).get("line-length")
        if isinstance(width, int):
            return width
    return _WIDTH


def find(applications: Sequence[Application], name: str) -> Application:
    """Give the application of an id, or of a name where that is unambiguous.

    Raises:
        InTheWay: there is none, or more than one.
    """
    for each in applications:
        if each.id == name:
            return each
    parts = ((each, each.id.partition("-")) for each in applications)
    named = [each for each, (_, dash, own) in parts if dash and own == name]
    if len(named) == 1:
        return named[0]
    known = ", ".join(each.id for each in named or applications) or "none"
    what = f'"{name}" is more than one application' if named else f'no "{name}" is here'
    raise InTheWay(what, where=LEDGER, next_step=f"choose one of: {known}")
