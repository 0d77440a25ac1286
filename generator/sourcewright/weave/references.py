"""Weave mkdocstrings lines, `::: identifier`, into a Markdown page.

Text in, text out: nothing here touches the file system.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from sourcewright.errors import EditRefused
from sourcewright.weave import order
from sourcewright.weave.splice import (
    insert_lines,
    line_end,
    lines,
    without_lines,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sourcewright.changes import Reference
    from sourcewright.weave.presence import Presence

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_REFERENCE = re.compile(r":::[ \t]+(\S+)[ \t]*")


class _Found(NamedTuple):
    identifier: str
    line: str
    start: int
    end: int  # of the line
    stop: int  # of the indented options below it


def by_hand(edit: Reference) -> str:
    """Write the line."""
    return f"::: {edit.identifier}"


def _visible(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not in a code block or a comment, with their offsets.

    Raises:
        EditRefused: a code block or a comment does not end.
    """
    fence, comment = "", False
    for start, line in lines(text):
        opening = _FENCE.match(line)
        if fence:
            if opening and opening.group(1).startswith(fence):
                fence = ""
        elif comment:
            comment = "-->" not in line
        elif opening:
            fence = opening.group(1)
        elif "<!--" in line:
            comment = "-->" not in line.rpartition("<!--")[2]
        else:
            yield start, line
    if fence or comment:
        what = f"a {'code block' if fence else 'comment'} in it does not end"
        raise EditRefused(what)


def _references(text: str) -> list[_Found]:
    """Find the reference lines; their options are the indented lines below them."""
    found: list[_Found] = []
    for start, line in _visible(text):
        end = line_end(text, start)
        reference = _REFERENCE.fullmatch(line)
        if reference:
            found.append(_Found(reference.group(1), line, start, end, end))
        elif found and found[-1].stop == start and line.strip() and line[0] in " \t":
            found[-1] = found[-1]._replace(stop=end)
    return found


def presence(text: str, edit: Reference) -> Presence:
    """Return whether the page has the line, and whether just as we write it."""
    for each in _references(text):
        if each.identifier == edit.identifier:
            exact = each.line == by_hand(edit) and each.stop == each.end
            return "exact" if exact else "equal"
    return "absent"


def container(text: str, edit: Reference) -> str | None:
    """Return None: a page is never reshaped."""
    del text, edit
    return None


def insert(text: str, edit: Reference, width: int) -> str:
    """Return the text with the line in it, apart from the others by a blank line.

    In sorted position where the page's lines are sorted; else after the last one of
    the same module, or the last of all; at the end of a page that has none.
    """
    del width  # an identifier can't be broken
    found = _references(text)
    block = by_hand(edit)
    if not found:
        return insert_lines(text, len(text), f"\n{block}" if text.strip() else block)
    index = _index([each.identifier for each in found], edit.identifier)
    if index == 0:
        close = len(found) > 1 and found[0].stop == found[1].start
        return insert_lines(text, found[0].start, block if close else f"{block}\n")
    before = found[index - 1]
    close = any(one.stop == two.start for one, two in pairwise(found))
    return insert_lines(text, before.stop, block if close else f"\n{block}")


def _index(identifiers: list[str], wanted: str) -> int:
    index = order.position(identifiers, wanted, [order.plain, order.casefold])
    if index < len(identifiers):
        return index
    in_module = [_common(each, wanted) for each in identifiers]
    best = max(in_module)
    if sorted(identifiers) == identifiers or not best:
        return index
    return len(in_module) - in_module[::-1].index(best)


def _common(one: str, other: str) -> int:
    """Count the leading parts that two dotted names share."""
    pairs = zip(one.split("."), other.split("."), strict=False)
    count = 0
    for left, right in pairs:
        if left != right:
            break
        count += 1
    return count


def removals(text: str, edit: Reference, former: str | None) -> Iterator[str]:
    """Yield the texts without the line, the likeliest first."""
    del former
    for each in _references(text):
        if each.identifier == edit.identifier:
            yield from without_lines(text, each.start, each.end)


def adds(before: str, after: str, edit: Reference) -> bool:
    """Prove that the page has one reference more, and every other line as before."""
    old, new = _references(before), _references(after)
    mine = [each for each in new if each.identifier == edit.identifier]
    if len(mine) != 1:
        return False
    new.remove(mine[0])
    rest = after[: mine[0].start] + after[mine[0].end :]
    same_rows = _rows(rest) == _rows(before)
    return same_rows and [e.identifier for e in new] == [e.identifier for e in old]


def _rows(text: str) -> list[str]:
    return [line for _, line in lines(text) if line.strip()]
