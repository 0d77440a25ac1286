"""Weave blocks of lines into plain text files such as .env.example.

Text in, text out: nothing here touches the file system.
"""

from __future__ import annotations

import re
from textwrap import indent
from typing import TYPE_CHECKING

from sourcewright.errors import EditRefused
from sourcewright.weave.splice import (
    insert_lines,
    line_end,
    line_start,
    lines,
    without_lines,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sourcewright.changes import Lines
    from sourcewright.weave.presence import Presence

_DASH = re.compile(r"([ \t]*)- ")
_SETTING = re.compile(r"\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*=")


def by_hand(edit: Lines) -> str:
    """Write the block."""
    return edit.text.rstrip("\n")


def _block(text: str, edit: Lines) -> str:
    """Write the block as it stands in the text: indented as the other items are.

    Raises:
        EditRefused: the file does not end with the list that the block is to be in.
    """
    if edit.within is None:
        return by_hand(edit)
    rows = [line for _, line in lines(text)]
    roots = [i for i, row in enumerate(rows) if row[:1].strip("# \t")]
    if not roots or rows[roots[-1]].rstrip() != edit.within:
        what = f'it does not end with a list below "{edit.within}"'
        raise EditRefused(what)
    dashes = [found[1] for row in rows[roots[-1] :] if (found := _DASH.match(row))]
    margin = min(dashes, key=len, default="  ")
    return indent(by_hand(edit), margin)


def _find(text: str, edit: Lines) -> tuple[int, int] | None:
    """Find the block's lines, one after another; return their offsets."""
    rows = list(lines(text))
    wanted = _block(text, edit).split("\n")
    for index in range(len(rows) - len(wanted) + 1):
        part = rows[index : index + len(wanted)]
        if [line for _, line in part] == wanted:
            return part[0][0], line_end(text, part[-1][0])
    return None


def presence(text: str, edit: Lines) -> Presence:
    """Return whether the block is there as it is asked.

    Raises:
        EditRefused: it isn't, but one of its settings or an item of its name is; or
            there is no place for it.
    """
    if _find(text, edit):
        return "exact"
    first = by_hand(edit).partition("\n")[0]
    if edit.within and any(line.strip() == first for _, line in lines(text)):
        what = f'it has another "{first}"'
        raise EditRefused(what)
    present = {found.group(1) for _, line in lines(text) if (found := _match(line))}
    for line in by_hand(edit).split("\n"):
        setting = _match(line)
        if setting and setting.group(1) in present:
            what = f"{setting.group(1)} is set in it already"
            raise EditRefused(what)
    return "absent"


def _match(line: str) -> re.Match[str] | None:
    return _SETTING.match(line)


def container(text: str, edit: Lines) -> str | None:
    """Return None: lines have no list around them."""
    del text, edit
    return None


def insert(text: str, edit: Lines, width: int) -> str:
    """Return the text with the block at its end, below a blank line."""
    del width  # a setting can't be broken
    block = _block(text, edit)
    if not text:
        return insert_lines(text, 0, block)
    return insert_lines(text, len(text), f"\n{block}")


def insert_before(text: str, edit: Lines, other: Lines) -> str | None:
    """Return the text with the block above another one; None if that isn't set apart.

    Only what stands below a blank line, or first, leaves no trace when it is taken out.
    """
    found = _find(text, other)
    if found is None:
        return None
    start = found[0]
    above = text[line_start(text, start - 1) : start] if start else ""
    return (
        None if above.strip() else insert_lines(text, start, f"{_block(text, edit)}\n")
    )


def removals(text: str, edit: Lines, former: str | None) -> Iterator[str]:
    """Yield the texts without the block, the likeliest first."""
    del former
    found = _find(text, edit)
    if found:
        yield from without_lines(text, *found)


def adds(before: str, after: str, edit: Lines) -> bool:
    """Prove that every other line is as before."""
    found = _find(after, edit)
    if not found:
        return False
    rest = after[: found[0]] + after[found[1] :]
    return [line for _, line in lines(rest) if line.strip()] == [
        line for _, line in lines(before) if line.strip()
    ]
