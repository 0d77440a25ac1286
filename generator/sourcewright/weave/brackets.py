"""Entries separated by commas: Python's lists, tuples and from-imports, TOML's arrays.

Text in, text out: nothing here touches the file system.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sourcewright.errors import EditRefused
from sourcewright.weave.splice import (
    content_end,
    line_end,
    line_start,
    newline_of,
    remove_lines,
)

_TWO = 2
_GAP = re.compile(r"(?:[ \t\r\n\f]|\\\r?\n|#[^\r\n]*)*")
_ENTRY = r"""[ \t]+(?:"[^"\\\r\n]*"|'[^'\\\r\n]*'),\r?\n"""
_EXPLODED = re.compile(rf"[\[(]\r?\n((?:{_ENTRY})+)[ \t]*[\])]")
_ONE_LINE = re.compile(r"([\[(][ \t]*)([^\r\n]*?)([ \t]*[\])])")
_PRAGMA = re.compile(r"\s*# ?(?:noqa|type:|pyright:|pylint:|fmt:)")


@dataclass(frozen=True)
class Bracketed:
    """Where a list stands: the offsets of it and of each entry.

    `opening` and `closing` are empty for a list without brackets (`import a, b`).
    """

    start: int
    end: int
    entries: tuple[tuple[int, int], ...]
    opening: str = "["
    closing: str = "]"
    is_tuple: bool = False

    def text(self, source: str) -> str:
        """Return the list's own text, brackets included."""
        return source[self.start : self.end]


def _comma(text: str, offset: int, end: int) -> int | None:
    """Return the offset of the comma after the entry that ends at `offset`."""
    found = _GAP.match(text, offset, end)
    after = found.end() if found else offset
    return after if text[after:end].startswith(",") else None


def _one_a_line(text: str, array: Bracketed) -> bool:
    if not array.opening:
        return False
    for start, end in array.entries:
        before = text[max(line_start(text, start), array.start) : start]
        after = text[end : content_end(text, end)]
        if before.strip() or not re.fullmatch(r"[ \t]*,?[ \t]*(#.*)?", after):
            return False
    return bool(array.entries)


def insert(
    text: str, array: Bracketed, index: int, entry: str, *, width: int, indent: str
) -> str:
    """Put `entry` in before the entry at `index`, or at the end.

    A list on one line that would pass `width` is given one entry a line, indented
    by `indent` more than the list's own line.
    """
    if not array.entries:
        return _into_empty(text, array, entry, width=width, indent=indent)
    if _one_a_line(text, array):
        return _into_lines(text, array, index, entry)
    woven = _inline(text, array, index, entry)
    if re.search(r"[\r\n]", array.text(text)) or _width(woven, array) <= width:
        return woven
    entries = [text[start:end] for start, end in array.entries]
    entries.insert(index, entry)
    return exploded(text, array, entries, indent)


def _width(text: str, array: Bracketed) -> int:
    """Return the width of the list's line; a pragma at its end does not count."""
    start, end = line_start(text, array.start), content_end(text, array.start)
    line = text[start:end]
    pragma = _PRAGMA.search(line)
    return len(line[: pragma.start()] if pragma else line)


def exploded(text: str, array: Bracketed, entries: list[str], indent: str) -> str:
    """Return the list one entry a line, and a comma after each."""
    newline = newline_of(text, array.start)
    own = re.match(r"[ \t]*", text[line_start(text, array.start) :])
    outer = own.group() if own else ""
    rows = "".join(f"{outer}{indent}{each},{newline}" for each in entries)
    opening, closing = array.opening or "(", array.closing or ")"
    block = f"{opening}{newline}{rows}{outer}{closing}"
    return text[: array.start] + block + text[array.end :]


def rejoined(text: str, array: str | None, former: str, width: int) -> str:
    """Return the text with a list on one line again, as `former` was, if it can be.

    `array` is the list's own text. It is joined only if it stands as `exploded` writes
    it, and nowhere else in the text.
    """
    lines = _EXPLODED.fullmatch(array or "")
    shape = _ONE_LINE.fullmatch(former)
    if array is None or not lines or not shape or text.count(array) != 1:
        return text
    entries = [
        row.strip(" \t\r")[:-1] for row in lines[1].removesuffix("\n").split("\n")
    ]
    opening, closing = shape[1] if shape[2].strip() else shape[1].strip(), shape[3]
    if array[0] == "(" and (not opening or len(entries) == 1):
        return text
    start, joined = text.index(array), f"{opening}{', '.join(entries)}{closing}"
    woven = text[:start] + joined + text[start + len(array) :]
    fits = _width(woven, Bracketed(start, start + len(joined), ())) <= width
    return woven if fits else text


def _into_empty(
    text: str, array: Bracketed, entry: str, *, width: int, indent: str
) -> str:
    inner_start = array.start + len(array.opening)
    inner_end = array.end - len(array.closing)
    inner = text[inner_start:inner_end]
    if "#" in inner:
        # The comment stays: our entry gets a line of its own before the bracket.
        at = line_start(text, inner_end)
        if text[at:inner_end].strip() or at <= array.start:
            what = "the empty list holds a comment at its closing bracket"
            raise EditRefused(what)
        outer = text[at:inner_end]
        line = f"{outer}{indent}{entry},{newline_of(text, array.start)}"
        return text[:at] + line + text[at:]
    comma = "," if array.is_tuple else ""
    woven = text[:inner_start] + entry + comma + text[inner_end:]
    if _width(woven, array) <= width:
        return woven
    return exploded(text, array, [entry], indent)


def _into_lines(text: str, array: Bracketed, index: int, entry: str) -> str:
    if index == 0:
        start = array.entries[0][0]
        at = line_start(text, start)
        line = f"{text[at:start]}{entry},{newline_of(text, at)}"
        return text[:at] + line + text[at:]
    start, end = array.entries[index - 1]
    own = text[line_start(text, start) : start]
    after = line_end(text, end)
    comma = _comma(text, end, array.end)
    line = f"{own}{entry}{'' if comma is None else ','}{newline_of(text, end)}"
    if comma is not None:
        return text[:after] + line + text[after:]
    return text[:end] + "," + text[end:after] + line + text[after:]


def _inline(text: str, array: Bracketed, index: int, entry: str) -> str:
    if len(array.entries) == 1 and array.is_tuple:
        # The comma of a tuple of one is not a trailing comma: `("a",)` -> `("a", "b")`.
        comma = _comma(text, array.entries[0][1], array.end)
        if comma is not None:
            text = text[:comma] + text[comma + 1 :]
    if index < len(array.entries):
        at = array.entries[index][0]
        return text[:at] + f"{entry}, " + text[at:]
    at = array.entries[-1][1]
    return f"{text[:at]}, {entry}{text[at:]}"


def remove(text: str, array: Bracketed, index: int) -> str:
    """Take the entry at `index` out, with its comma.

    Raises:
        EditRefused: there is a comment on the entry's line, or beside it.
    """
    last = index == len(array.entries) - 1
    if _one_a_line(text, array):
        return _out_of_lines(text, array, index)
    start, end = array.entries[index]
    if len(array.entries) == 1:
        stop = array.end - len(array.closing)
        return text[: array.start + len(array.opening)] + text[stop:]
    if not last:
        cut = (start, array.entries[index + 1][0])
    else:
        cut = (array.entries[index - 1][1], end)
    gap = text[cut[0] : start] + text[end : cut[1]]
    if gap.replace("\\", "").strip(" \t\r\n,"):
        what = "there is a comment beside the entry"
        raise EditRefused(what)
    if array.is_tuple and len(array.entries) == _TWO:
        # A tuple of one needs its comma.
        stop = array.entries[-1][1]
        if _comma(text, stop, array.end) is None:
            text = f"{text[:stop]},{text[stop:]}"
    return text[: cut[0]] + text[cut[1] :]


def _out_of_lines(text: str, array: Bracketed, index: int) -> str:
    start, end = array.entries[index]
    line, below = line_start(text, start), line_end(text, end)
    if "#" in text[end:below]:
        what = "there is a comment beside the entry"
        raise EditRefused(what)
    last, comma = index == len(array.entries) - 1, _comma(text, end, array.end)
    woven = remove_lines(text, line, below)
    if last and comma is None and index:
        before = _comma(text, array.entries[index - 1][1], array.end)
        if before is not None:
            woven = woven[:before] + woven[before + 1 :]
    return woven
