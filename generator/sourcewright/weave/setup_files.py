"""Weave requirements into setup.cfg; find those in setup.py, which is a program.

Text in, text out: nothing here touches the file system. The list is one requirement a
line; a list that is missing is made, a missing `[options]` is not.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from sourcewright.errors import EditRefused
from sourcewright.weave import ini
from sourcewright.weave.specifiers import is_within
from sourcewright.weave.splice import (
    insert_lines,
    line_end,
    lines,
    remove_lines,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sourcewright.changes import Dependency
    from sourcewright.weave.presence import Presence

_SECTION, _KEY = "options", "install_requires"
_KEY_LINE = re.compile(rf"{_KEY}[ \t]*[=:][ \t]*")
_OLDER_KEY_LINE = re.compile(r"install-requires[ \t]*[=:]")
_COMMENT = ("#", ";")
_INDENT = "    "


def by_hand(edit: Dependency) -> str:
    """Write the entry where it belongs."""
    if not _is_program(edit):
        return f"[{_SECTION}]\n{_KEY} =\n{_INDENT}{edit.requirement}"
    if edit.extra is None:
        return f'{_KEY}=["{edit.requirement}"]'
    return f'extras_require={{"{edit.extra}": ["{edit.requirement}"]}}'


def _is_program(edit: Dependency) -> bool:
    return edit.file.endswith(".py")


def _rows(text: str) -> list[tuple[int, str]] | None:
    """Return the line of the key and those of its requirements; None without the key.

    Raises:
        EditRefused: there is no such section, the list isn't one of lines, or its key
            is the older one.
    """
    section = next((e for e in ini.sections(text) if e.name == _SECTION), None)
    if section is None:
        what = f"it has no section [{_SECTION}]"
        raise EditRefused(what)
    inside = [row for row in lines(text) if section.start < row[0] < section.end]
    if any(_OLDER_KEY_LINE.match(row) for _, row in inside):
        what = f"it has install-requires, an older name of {_KEY}"
        raise EditRefused(what)
    at = next((i for i, (_, row) in enumerate(inside) if _KEY_LINE.match(row)), None)
    if at is None:
        return None
    if not _KEY_LINE.fullmatch(inside[at][1]):
        what = f"{_KEY} is not a list of lines"
        raise EditRefused(what)
    rows = [inside[at]]
    for row in inside[at + 1 :]:
        # A comment ends no list, even one that isn't indented.
        if row[1].strip() and not row[1].startswith((" ", "\t", *_COMMENT)):
            break
        rows.append(row)
    while not rows[-1][1].strip() or rows[-1][1].startswith(_COMMENT):
        rows.pop()
    return rows


def _parsed(requirement: str) -> Requirement | None:
    try:
        return Requirement(requirement)
    except InvalidRequirement:
        return None


def presence(text: str, edit: Dependency) -> Presence:
    """Return whether the requirement is in the list.

    In a program it is where the program has it as a text, wherever that is.

    Raises:
        EditRefused: there is no place for it, or another version is asked for.
    """
    if _is_program(edit):
        return "exact" if edit.requirement in _texts(text) else "absent"
    ini.loads(text)
    for _, line in (_rows(text) or [])[1:]:
        entry = line.strip()
        if entry == edit.requirement:
            return "exact"
        other, wanted = _parsed(entry), _parsed(edit.requirement)
        if not other or not wanted or _name(other) != _name(wanted):
            continue
        if not is_within(other, wanted):
            what = f'it asks for "{entry}" already'
            raise EditRefused(what)
        return "equal"
    return "absent"


def _name(requirement: Requirement) -> str:
    return canonicalize_name(requirement.name)


def _texts(text: str) -> set[str]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError) as err:
        what = "it is not valid Python"
        raise EditRefused(what) from err
    constants = (node for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return {node.value for node in constants if isinstance(node.value, str)}


def container(text: str, edit: Dependency) -> str | None:
    """Return the line of the list's key; an empty text where there is none."""
    if _is_program(edit):
        return None
    rows = _rows(text)
    return "" if rows is None else rows[0][1]


def insert(text: str, edit: Dependency, width: int) -> str:
    """Return the text with the requirement at the end of the list.

    Raises:
        EditRefused: the file is a program.
    """
    del width  # a line for each
    if _is_program(edit):
        what = "it is a program, which Sourcewright can't edit safely"
        raise EditRefused(what)
    rows = _rows(text)
    if rows is None:
        section = next(e for e in ini.sections(text) if e.name == _SECTION)
        block = f"{_KEY} =\n{_INDENT}{edit.requirement}"
        return insert_lines(text, section.end, block)
    start, last = rows[-1]
    indent = last[: len(last) - len(last.lstrip())] if len(rows) > 1 else _INDENT
    return insert_lines(text, line_end(text, start), f"{indent}{edit.requirement}")


def removals(text: str, edit: Dependency, former: str | None) -> Iterator[str]:
    """Yield the text without the requirement; without the list, if it is the last."""
    if _is_program(edit):
        return
    rows = _rows(text) or []
    for start, line in rows[1:]:
        if line.strip() == edit.requirement:
            end = line_end(text, start)
            alone = len(rows) == 2 and not former  # noqa: PLR2004  # its key and it
            yield remove_lines(text, rows[0][0] if alone else start, end)
            return


def adds(before: str, after: str, edit: Dependency) -> bool:
    """Prove that the settings differ by exactly this requirement."""
    old, new = ini.loads(before), ini.loads(after)
    there = _listed(new)
    there.remove(edit.requirement)
    if there != _listed(old):
        return False
    for data in (old, new):
        data.get(_SECTION, {}).pop(_KEY, None)
    return old == new


def _listed(data: dict[str, dict[str, str | None]]) -> list[str]:
    value = data.get(_SECTION, {}).get(_KEY) or ""
    return [row.strip() for row in value.splitlines() if row.strip()]
