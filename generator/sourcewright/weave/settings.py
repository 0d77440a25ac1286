"""Weave settings of a tool into a TOML or an INI file.

An edit is one table with its header, as it would stand alone. Where the table is there,
its keys go below the others; where it isn't, it goes to the end. A key that is set
already is refused.

Text in, text out: nothing here touches the file system.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from sourcewright.errors import EditRefused
from sourcewright.weave import ini
from sourcewright.weave.splice import (
    insert_lines,
    line_end,
    lines,
    remove_lines,
    without_lines,
)
from sourcewright.weave.toml_spans import loads, read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sourcewright.changes import Settings
    from sourcewright.weave.presence import Presence


@dataclass(frozen=True)
class _Table:
    """A table: its keys from the root, its header, the line below its last value."""

    path: tuple[str, ...]
    start: int
    end: int
    is_array: bool = False


@dataclass(frozen=True)
class _Text:
    """The data of a text, and where its tables stand."""

    data: dict[str, Any]
    tables: list[_Table]


@lru_cache(maxsize=64)
def _read(text: str, file: str) -> _Text:
    """Read a text as the file's name says. Not to be altered.

    Raises:
        EditRefused: it isn't valid TOML or INI.
    """
    if not file.endswith(".toml"):
        found = [_Table((s.name,), s.start, s.end) for s in ini.sections(text)]
        return _Text(ini.loads(text), found)
    source = read(text)
    tables = []
    for index, table in enumerate(source.tables):
        ends = [each.end for each in source.values if each.table == index]
        end = line_end(text, max([table.end, *ends]))
        tables.append(_Table(table.path, table.start, end, table.is_array))
    return _Text(source.data, tables[1:])


def _asked(edit: Settings) -> tuple[_Table, Any]:
    """Return the edit's table, and what is in it."""
    entry = _read(edit.text, edit.file)
    table = entry.tables[-1]
    there = _at(entry.data, table.path)
    return table, there[0] if table.is_array else there


def _at(data: Any, path: tuple[str, ...]) -> Any:  # noqa: ANN401  # TOML's data
    for key in path:
        if not isinstance(data, dict) or key not in data:
            return None
        data = data[key]
    return data


def by_hand(edit: Settings) -> str:
    """Write the table."""
    return edit.text.rstrip("\n")


def presence(text: str, edit: Settings) -> Presence:
    """Return whether the settings are there, and whether just as we write them.

    Raises:
        EditRefused: one of them is there with another value.
    """
    table, wanted = _asked(edit)
    there = _at(_read(text, edit.file).data, table.path)
    if there is None:
        return "absent"
    if table.is_array:
        if not isinstance(there, list):
            what = f"{'.'.join(table.path)} is no list of tables"
            raise EditRefused(what)
        if wanted not in there:
            return "absent"
        return "exact" if _find(text, edit) else "equal"
    if not isinstance(there, dict):
        what = f"{'.'.join(table.path)} is no table"
        raise EditRefused(what)
    if all(key in there and there[key] == wanted[key] for key in wanted):
        return "exact" if _find(text, edit) else "equal"
    # A tool may take a dash for an underscore, and a package index for a capital.
    known = {canonicalize_name(key) for key in wanted}
    for key in there:
        if canonicalize_name(key) in known:
            what = f"{'.'.join(table.path)} has {key} already"
            raise EditRefused(what)
    return "absent"


def _find(text: str, edit: Settings) -> tuple[int, int] | None:
    """Find the edit's lines, with their header if it is right above; their offsets."""
    rows = list(lines(text))
    wanted = by_hand(edit).split("\n")
    asked, _ = _asked(edit)
    for block in (wanted, wanted[1:]):
        for index in range(len(rows) - len(block) + 1):
            part = rows[index : index + len(block)]
            if [line for _, line in part] != block:
                continue
            start = part[0][0]
            if block is wanted or any(
                table.path == asked.path and table.start < start < table.end
                for table in _read(text, edit.file).tables
            ):
                return start, line_end(text, part[-1][0])
    return None


def container(text: str, edit: Settings) -> str | None:
    """Return the table's header; an empty text where there is none, None for a list."""
    asked, _ = _asked(edit)
    table = _table(text, edit)
    if asked.is_array:
        return None
    return text[table.start : line_end(text, table.start)] if table else ""


def _table(text: str, edit: Settings) -> _Table | None:
    asked, _ = _asked(edit)
    for table in _read(text, edit.file).tables:
        if table.path == asked.path and not asked.is_array and not table.is_array:
            return table
    return None


def insert(text: str, edit: Settings, width: int) -> str:
    """Return the text with the settings in their table, or the table at its end."""
    del width  # a setting can't be broken
    block, table = by_hand(edit), _table(text, edit)
    if table:
        return insert_lines(text, table.end, block.partition("\n")[2])
    if not text:
        return insert_lines(text, 0, block)
    return insert_lines(text, len(text), f"\n{block}")


def removals(text: str, edit: Settings, former: str | None) -> Iterator[str]:
    """Yield the texts without the settings, the likeliest first.

    With them goes a header that would have nothing below it, unless it was there.
    """
    found = _find(text, edit)
    if found is None:
        return
    asked, wanted = _asked(edit)
    start, end = found
    table = _table(text, edit)
    alone = asked.is_array or _at(_read(text, edit.file).data, asked.path) == wanted
    if table and table.start == start and (former or not alone):
        yield remove_lines(text, line_end(text, start), end)
    elif asked.is_array or (table and table.start == start):
        yield from without_lines(text, start, end)
    else:
        yield remove_lines(text, start, end)


def adds(before: str, after: str, edit: Settings) -> bool:
    """Prove that the data differ by exactly these settings."""
    asked, wanted = _asked(edit)
    load = loads if edit.file.endswith(".toml") else ini.loads
    old, new = load(before), load(after)
    there = _at(new, asked.path)
    if asked.is_array:
        there.remove(wanted)
    else:
        for key, value in wanted.items():
            if there.pop(key) != value:
                return False
    path = asked.path
    while path and not _at(new, path) and _at(old, path) is None:
        del _at(new, path[:-1])[path[-1]]
        path = path[:-1]
    return bool(old == new)
