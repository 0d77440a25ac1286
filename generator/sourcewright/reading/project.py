"""Read-only facts about the project that is generated into."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from sourcewright.changes import SharedFile
from sourcewright.errors import AnswerRefused, InTheWay, UnsafePath
from sourcewright.tree import LEDGER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sourcewright.changes import Application
    from sourcewright.tree import Tree

SETTINGS = ("package", "source_folder", "tests_folder", "docs_folder")
_WIDTH = 88


def read_shared(tree: Tree, path: str) -> SharedFile:
    """Read a shared file; what hinders is told in `problem`.

    Raises:
        UnsafePath: the path leads out of the project, into git's own files, or into the
            ledger.
    """
    if path.partition("/")[0].casefold() == LEDGER:
        what = f'"{path}" belongs to the ledger: no edit may change it'
        raise UnsafePath(what, where=path, next_step="remove what names it")
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
    """Return the line length of the project's formatter; 88 if none is set."""
    for name in ("ruff", "black"):
        own = _tool(tree, name)
        width = own.get("line-length") if isinstance(own, dict) else None
        if isinstance(width, int):
            return width
    return _WIDTH


def settings(tree: Tree) -> dict[str, str]:
    """Return the answers in `[tool.sourcewright]` of pyproject.toml; none without it.

    Raises:
        AnswerRefused: it is no table, or a setting is not known, or is no text.
    """
    own = _tool(tree, "sourcewright")
    if own is None:
        return {}
    if not isinstance(own, dict):
        what = "tool.sourcewright is not a table"
        step = 'write its settings below [tool.sourcewright], as package = "…"'
        raise AnswerRefused(what, where="pyproject.toml", next_step=step)
    found = {}
    for key, value in own.items():
        name = key.replace("-", "_")
        if name not in SETTINGS or not isinstance(value, str):
            what = f"[tool.sourcewright] has a setting that can't be used: {key}"
            known = ", ".join(each.replace("_", "-") for each in SETTINGS)
            step = f"there can be, as texts: {known}"
            raise AnswerRefused(what, where="pyproject.toml", next_step=step)
        found[name] = value
    return found


def _tool(tree: Tree, name: str) -> object:
    """Return what `[tool]` of pyproject.toml has by this name; None for nothing."""
    tool = _toml(tree).get("tool")
    return tool.get(name) if isinstance(tool, dict) else None


def _toml(tree: Tree) -> dict[str, Any]:
    try:
        text = (tree.text("pyproject.toml") or "").removeprefix("\ufeff")
        return tomllib.loads(text)
    except (OSError, ValueError, RecursionError, UnsafePath):
        return {}


def find(applications: Sequence[Application], name: str) -> Application:
    """Return the application of an id, or of a name where that is unambiguous.

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
