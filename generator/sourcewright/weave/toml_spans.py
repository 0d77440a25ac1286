"""Where the keys and values of a TOML text stand.

tomllib gives no positions, and stock Copier brings no other TOML library. This reads
only what it must to find a place; that the text is valid, and that an edit means what
it should, tomllib proves.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from sourcewright.errors import EditRefused

if TYPE_CHECKING:
    from collections.abc import Iterator

_SPACE = re.compile(r"[ \t]*")
_GAP = re.compile(r"(?:[ \t\r\n]|#[^\r\n]*)*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|' + r"'''.*?'{3,5}" + r'|"(?:\\.|[^"\\\r\n])*"'
    r"|'[^'\r\n]*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}#\r\n]+")


@dataclass(frozen=True)
class Value:
    """A key's value. `path` is the whole path from the root.

    `statement` is the offset of the key as written, `leaf` that of its last part;
    `inline` is set inside `{...}`. `entries` holds the spans of an array's entries,
    and is None for other values.
    """

    path: tuple[str, ...]
    statement: int
    leaf: int
    start: int
    end: int
    entries: tuple[tuple[int, int], ...] | None
    table: int
    inline: bool = False


@dataclass(frozen=True)
class Table:
    """A `[header]`, or the root (with an empty path, before the first header)."""

    path: tuple[str, ...]
    start: int
    end: int
    is_array: bool = False


class TomlSource:
    """The tables and values of a valid TOML text, in their order."""

    def __init__(self, text: str) -> None:
        """Read `text`.

        Raises:
            EditRefused: it isn't valid TOML.
        """
        self.text = text
        self.data = loads(text)
        self.tables = [Table((), 0, 0)]
        self.values: list[Value] = []
        try:
            self._read()
        except (AttributeError, IndexError) as err:
            what = "its TOML has a form that Sourcewright can't edit"
            raise EditRefused(what) from err

    def find(self, path: tuple[str, ...]) -> Value | None:
        """Find the value at `path`, outside arrays of tables."""
        for value in self.values:
            if value.path == path and not self.tables[value.table].is_array:
                return value
        return None

    def _read(self) -> None:
        at = _end(_GAP, self.text, 0)
        while at < len(self.text):
            if self.text[at] == "[":
                at = self._header(at)
            else:
                at = self._pair(at, self.tables[-1].path, inline=False)
            at = _end(_GAP, self.text, at)

    def _header(self, at: int) -> int:
        double = self.text.startswith("[[", at)
        path, _, end = _key(self.text, at + (2 if double else 1))
        end += 2 if double else 1
        self.tables.append(Table(path, at, end, double))
        return end

    def _pair(self, at: int, base: tuple[str, ...], *, inline: bool) -> int:
        path, leaf, equals = _key(self.text, at)
        start = _end(_SPACE, self.text, equals + 1)
        place = len(self.values)
        end, entries = self._value(start, base + path)
        self.values.insert(
            place,
            Value(
                path=base + path,
                statement=at,
                leaf=leaf,
                start=start,
                end=end,
                entries=entries,
                table=len(self.tables) - 1,
                inline=inline,
            ),
        )
        return end

    def _value(
        self, at: int, path: tuple[str, ...] | None
    ) -> tuple[int, tuple[tuple[int, int], ...] | None]:
        """Read one value; return its end, and its entries if it is an array."""
        text = self.text
        if text[at] == "[":
            entries = []
            at = _end(_GAP, text, at + 1)
            while text[at] != "]":
                end, _ = self._value(at, None)
                entries.append((at, end))
                at = _end(_GAP, text, end)
                if text[at] == ",":
                    at = _end(_GAP, text, at + 1)
            return at + 1, tuple(entries)
        if text[at] == "{":
            at = _end(_GAP, text, at + 1)
            while text[at] != "}":
                known = len(self.values)
                at = self._pair(at, path or (), inline=True)
                if path is None:
                    del self.values[known:]  # inside an array: not a place of ours
                at = _end(_GAP, text, at)
                if text[at] == ",":
                    at = _end(_GAP, text, at + 1)
            return at + 1, None
        string = _STRING.match(text, at)
        if string:
            return string.end(), None
        scalar = _SCALAR.match(text, at).group()  # type: ignore[union-attr]  # valid TOML
        return at + len(scalar.rstrip()), None


@lru_cache(maxsize=32)
def read(text: str) -> TomlSource:
    """Read `text` once, however often it is asked for. Not to be altered."""
    return TomlSource(text)


def loads(text: str) -> dict[str, object]:
    """Load TOML, as data; floats stay text, since `nan` does not equal itself.

    Raises:
        EditRefused: it isn't valid TOML.
    """
    try:
        return tomllib.loads(text, parse_float=str)
    except (tomllib.TOMLDecodeError, RecursionError) as err:
        what = f"it is not valid TOML: {err}"
        raise EditRefused(what) from err


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at


def _parts(text: str, at: int) -> Iterator[tuple[str, int, int]]:
    while True:
        at = _end(_SPACE, text, at)
        found = _STRING.match(text, at) or _BARE.match(text, at)
        word = found.group()  # type: ignore[union-attr]  # the caller takes the error
        quoted = word[0] in "\"'"
        name = str(tomllib.loads(f"k = {word}")["k"]) if quoted else word
        start, at = at, _end(_SPACE, text, at + len(word))
        yield name, start, at
        if text[at] != ".":
            return
        at += 1


def _key(text: str, at: int) -> tuple[tuple[str, ...], int, int]:
    """Read a dotted key; return its path, the offset of its last part, and its end."""
    parts = list(_parts(text, at))
    _, leaf, end = parts[-1]
    return tuple(name for name, _, _ in parts), leaf, end
