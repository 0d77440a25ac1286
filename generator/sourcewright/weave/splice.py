r"""Lines of a text by offset, and whole lines put in and taken out.

Newlines are only \n, \r\n and \r: `str.splitlines` splits on a dozen more.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_NEWLINE = re.compile(r"\r\n|\r|\n")


def newline_of(text: str, near: int = 0) -> str:
    r"""Return the newline that ends the line at `near`; else the first one; else \n."""
    found = _NEWLINE.search(text, near) or _NEWLINE.search(text)
    return found.group() if found else "\n"


def line_start(text: str, offset: int) -> int:
    """Return the offset of the first character of the line that `offset` is in."""
    if text[max(offset - 1, 0) : offset + 1] == "\r\n":
        offset -= 1
    return max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1


def line_end(text: str, offset: int) -> int:
    """Return the offset after the newline of the line that `offset` is in."""
    found = _NEWLINE.search(text, offset)
    return found.end() if found else len(text)


def content_end(text: str, offset: int) -> int:
    """Return the offset of the newline that ends the line that `offset` is in."""
    found = _NEWLINE.search(text, offset)
    return found.start() if found else len(text)


def lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield every line with its offset, without its newline; none for an empty text."""
    start = 0
    while start < len(text):
        end = content_end(text, start)
        yield start, text[start:end]
        start = line_end(text, start)


def normalized(text: str) -> str:
    r"""Write every newline as \n."""
    return _NEWLINE.sub("\n", text)


def insert_lines(text: str, offset: int, block: str) -> str:
    r"""Put whole lines in at `offset`, the start of a line or the end of the text.

    `block` has \n newlines and none at its end. A text without a final newline
    keeps lacking it.
    """
    newline = newline_of(text, line_start(text, max(offset - 1, 0)))
    block = block.replace("\n", newline)
    if offset == len(text) and text and not text.endswith(("\n", "\r")):
        return text + newline + block
    return text[:offset] + block + newline + text[offset:]


def remove_lines(text: str, start: int, end: int) -> str:
    """Take whole lines out; the inverse of `insert_lines`, at the end too."""
    if end == len(text) and start and not text[start:end].endswith(("\n", "\r")):
        before = text[:start]
        found = re.search(r"(?:\r\n|\r|\n)\Z", before)
        return before[: found.start()] if found else before
    return text[:start] + text[end:]


def without_lines(text: str, start: int, end: int) -> Iterator[str]:
    """Yield the text without these lines, and without the blank lines beside them too.

    First the tidiest: what a blank line set apart on both sides goes with one of them.
    """
    above = line_start(text, start - 1) if start else start
    below = line_end(text, end)
    blank_above = start > 0 and not text[above:start].strip()
    blank_below = end < len(text) and not text[end:below].strip()
    spans = [(start, end)]
    if blank_above:
        spans.insert(0 if blank_below or end == len(text) else 1, (above, end))
    if blank_below:
        spans.insert(0 if start == 0 else len(spans), (start, below))
    if blank_above and blank_below:
        spans.append((above, below))
    for span in spans:
        yield remove_lines(text, *span)
