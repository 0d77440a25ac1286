"""Weave requirements into pyproject.toml: `[project].dependencies`, or an extra.

Text in, text out: nothing here touches the file system. A list that is missing is made,
and an extra's table too; a missing `[project]` is not.
"""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from sourcewright.errors import EditRefused
from sourcewright.weave import brackets, order
from sourcewright.weave.brackets import Bracketed
from sourcewright.weave.specifiers import is_within
from sourcewright.weave.splice import (
    content_end,
    insert_lines,
    line_end,
    line_start,
    newline_of,
    remove_lines,
    without_lines,
)
from sourcewright.weave.toml_spans import TomlSource, Value, loads, read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sourcewright.changes import Dependency
    from sourcewright.weave.presence import Presence

_NEEDED = ("project", "dependencies")
_EXTRAS = ("project", "optional-dependencies")
_HEADER = "[project.optional-dependencies]"


def by_hand(edit: Dependency) -> str:
    """Write the entry below its table."""
    if edit.extra is None:
        return f"[project]\ndependencies = [{_quoted(edit.requirement, '')}]"
    key, entry = _bare(edit.extra), _quoted(edit.requirement, "")
    return f"{_HEADER}\n{key} = [{entry}]"


def _bare(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key)


def _key(key: str, neighbours: str) -> str:
    """Quote a key as all of its neighbours are, or as it has to be."""
    if neighbours == "'" and "'" not in key:
        return f"'{key}'"
    return json.dumps(key) if neighbours == '"' else _bare(key)


def _quoted(requirement: str, neighbours: str) -> str:
    """Quote as the neighbours do, unless the requirement holds that quote."""
    if "'" not in requirement and (neighbours == "'" or '"' in requirement):
        return f"'{requirement}'"
    return json.dumps(requirement, ensure_ascii=False)


def _array(source: TomlSource, edit: Dependency) -> Value | None:
    """Find the array that holds, or would hold, the entry; None for a missing one.

    Raises:
        EditRefused: there is no `[project]`, or the place is something else.
    """
    project = source.data.get("project")
    if not isinstance(project, dict):
        what = "it has no [project] table"
        raise EditRefused(what)
    key = "dependencies" if edit.extra is None else "optional-dependencies"
    if key in project.get("dynamic", []):
        what = f"project.{key} is dynamic"
        raise EditRefused(what)
    if edit.extra is None:
        value = source.find(_NEEDED)
        if value is None and key not in project:
            return None
        if value is None or value.entries is None:
            what = "project.dependencies is not a list"
            raise EditRefused(what)
        return value
    name = canonicalize_name(edit.extra)
    for value in source.values:
        if value.path[:2] == _EXTRAS and canonicalize_name(value.path[-1]) == name:
            if len(value.path) == len(_EXTRAS) + 1 and value.entries is not None:
                return value
            what = f'the extra "{edit.extra}" is not a list'
            raise EditRefused(what)
    return None


def _strings(source: TomlSource, value: Value) -> list[str]:
    """Return the array's entries.

    Raises:
        EditRefused: not all of them are strings.
    """
    data: Any = source.data
    for key in value.path:
        data = data[key]
    if not all(isinstance(each, str) for each in data):
        what = f"{'.'.join(value.path)} holds something else than requirements"
        raise EditRefused(what)
    return list(data)


def _parsed(requirement: str) -> Requirement | None:
    try:
        return Requirement(requirement)
    except InvalidRequirement:
        return None


def _name(requirement: str) -> str:
    parsed = _parsed(requirement)
    return canonicalize_name(parsed.name) if parsed else requirement


def _by_name(requirement: str) -> order.Key:
    return (_name(requirement), requirement)


def presence(text: str, edit: Dependency) -> Presence:
    """Return whether the requirement is in its list, and whether just as we write it.

    Raises:
        EditRefused: the list asks for another version of the same distribution.
    """
    source = read(text)
    value = _array(source, edit)
    if value is None:
        return "absent"
    entries = _strings(source, value)
    if edit.requirement in entries:
        return "exact"
    wanted = _parsed(edit.requirement)
    for entry in entries:
        other = _parsed(entry)
        if wanted is None or other is None or _name(entry) != _name(edit.requirement):
            continue
        if str(other) == str(wanted) or is_within(other, wanted):
            return "equal"
        if str(other.marker) == str(wanted.marker):
            what = f'it asks for "{entry}" already'
            raise EditRefused(what)
    return "absent"


def container(text: str, edit: Dependency) -> str | None:
    """Return the list's text; for a missing extra its table's header or braces.

    An empty text where there is neither.
    """
    source = read(text)
    value = _array(source, edit)
    if value is not None:
        return text[value.start : value.end]
    if edit.extra is None:
        return ""
    braces = source.find(_EXTRAS)
    if braces is not None:
        return text[braces.start : braces.end]
    return _HEADER if _table(source, _EXTRAS) is not None else ""


def _table(source: TomlSource, path: tuple[str, ...]) -> int | None:
    for index, table in enumerate(source.tables):
        if table.path == path and not table.is_array:
            return index
    return None


def insert(text: str, edit: Dependency, width: int) -> str:
    """Return the text with the requirement in its list.

    Raises:
        EditRefused: there is no such list.
    """
    source = read(text)
    value = _array(source, edit)
    if value is None and edit.extra is None:
        return _insert_list(source, edit, width)
    if value is None:
        return _insert_extra(source, edit, width)
    entries = _strings(source, value)
    orders = [_by_name, order.plain, order.casefold]
    index = order.position(entries, edit.requirement, orders)
    entry = _quoted(edit.requirement, _quotes(source, [value]))
    return brackets.insert(
        text,
        _bracketed(value),
        index,
        entry,
        width=sys.maxsize if value.inline else width,
        indent=_indent(source),
    )


def _quotes(source: TomlSource, values: list[Value]) -> str:
    """Return the quote that all entries of these arrays are in; else the usual one."""
    quotes = {source.text[start] for each in values for start, _ in each.entries or ()}
    return "'" if quotes == {"'"} else '"'


def _bracketed(value: Value) -> Bracketed:
    return Bracketed(value.start, value.end, value.entries or ())


def _indent(source: TomlSource) -> str:
    """Return the indentation that the file's other arrays use; four spaces if none."""
    for value in source.values:
        if value.entries:
            start = value.entries[0][0]
            before = source.text[line_start(source.text, start) : start]
            if before and not before.strip():
                return before.removeprefix(_margin(source, value)) or before
    return "    "


def _insert_list(source: TomlSource, edit: Dependency, width: int) -> str:
    """Make the list of dependencies, below what else `[project]` says."""
    index = _table(source, ("project",))
    if index is None:
        what = "[project] is not written as a table"
        raise EditRefused(what)
    own = [each for each in source.values if each.table == index and not each.inline]
    end = max((each.end for each in own), default=source.tables[index].end)
    indent = _margin(source, own[-1]) if own else ""
    line = _line("dependencies", edit, source, width, indent)
    return insert_lines(source.text, line_end(source.text, end), line)


def _margin(source: TomlSource, value: Value) -> str:
    return source.text[line_start(source.text, value.statement) : value.statement]


def _insert_extra(source: TomlSource, edit: Dependency, width: int) -> str:
    text, extra = source.text, edit.extra or ""
    siblings = [
        value
        for value in source.values
        if value.path[:2] == _EXTRAS and len(value.path) == len(_EXTRAS) + 1
    ]
    marks = {text[each.leaf] for each in siblings}
    key = _key(extra, marks.pop() if len(marks) == 1 else "")
    braces = source.find(_EXTRAS)
    if braces is not None:
        entry = f"{key} = [{_quoted(edit.requirement, _quotes(source, siblings))}]"
        index = _position(siblings, extra)
        # On one line, however long: TOML 1.0 does not let braces be broken.
        return brackets.insert(
            text, _pairs(braces, siblings), index, entry, width=sys.maxsize, indent=""
        )
    if siblings:
        index = _position(siblings, extra)
        beside = siblings[max(index - 1, 0)]
        own = line_start(text, beside.statement)
        line = _line(
            text[beside.statement : beside.leaf] + key,
            edit,
            source,
            width,
            text[own : beside.statement],
        )
        return insert_lines(text, line_end(text, beside.end) if index else own, line)
    line = _line(key, edit, source, width)
    table = _table(source, _EXTRAS)
    if table is not None:
        return insert_lines(text, line_end(text, source.tables[table].end), line)
    last = max(
        (
            index
            for index, each in enumerate(source.tables)
            if each.path[:1] == ("project",) and not each.is_array
        ),
        default=None,
    )
    if last is None:
        what = "[project] is not written as a table"
        raise EditRefused(what)
    ends = [source.tables[last].end]
    ends += [value.end for value in source.values if value.table == last]
    return insert_lines(text, line_end(text, max(ends)), f"\n{_HEADER}\n{line}")


def _position(siblings: list[Value], extra: str) -> int:
    names = [value.path[-1] for value in siblings]
    return order.position(names, extra, [order.plain, order.casefold])


def _pairs(braces: Value, siblings: list[Value]) -> Bracketed:
    """Return the extras that are written in braces as a list of entries."""
    spans = tuple((each.statement, each.end) for each in siblings)
    return Bracketed(braces.start, braces.end, spans, "{", "}")


def _line(
    key: str, edit: Dependency, source: TomlSource, width: int, margin: str = ""
) -> str:
    """Write a list of one requirement, in the quotes of the project's other lists."""
    extras = [each for each in source.values if each.path[:2] == _EXTRAS]
    needed = [each for each in source.values if each.path == _NEEDED]
    entry = _quoted(edit.requirement, _quotes(source, extras or needed))
    line = f"{margin}{key} = [{entry}]"
    if len(line) <= width:
        return line
    return f"{margin}{key} = [\n{margin}{_indent(source)}{entry},\n{margin}]"


def removals(text: str, edit: Dependency, former: str | None) -> Iterator[str]:
    """Yield the texts without the requirement, the likeliest first."""
    source = read(text)
    value = _array(source, edit)
    if value is None:
        return
    entries = _strings(source, value)
    array, index = _bracketed(value), entries.index(edit.requirement)
    rest = [text[start:end] for start, end in array.entries]
    del rest[index]
    made = {"", _HEADER} if former is None or former[:1] != "{" else {former}
    if former in made and not rest:
        yield from _without_list(source, value, former or "")
    elif former is not None and _is_list_of(former, rest):
        yield text[: array.start] + former + text[array.end :]
    else:
        yield brackets.remove(text, array, index)


def _is_list_of(former: str, rest: list[str]) -> bool:
    if not former.startswith("[") or former == _HEADER:
        return False
    values = read(f"k = {former}").values
    offset = len("k = ")
    spans = values[0].entries or ()
    return [former[start - offset : end - offset] for start, end in spans] == rest


def _without_list(source: TomlSource, value: Value, former: str) -> Iterator[str]:
    """Yield the texts without a list that was made for the entry."""
    text, braces = source.text, source.find(_EXTRAS)
    if value.inline and braces is not None:
        pairs = [
            each
            for each in source.values
            if each.path[:2] == _EXTRAS and len(each.path) == len(_EXTRAS) + 1
        ]
        if len(pairs) == 1 and not former.strip("{} \t"):
            yield text[: braces.start] + (former or "{}") + text[braces.end :]
        yield brackets.remove(text, _pairs(braces, pairs), pairs.index(value))
        return
    start, end = line_start(text, value.statement), line_end(text, value.end)
    after = text[value.end : content_end(text, value.end)]
    if text[start : value.statement].strip() or after.strip():
        what = "the list does not stand alone on its line"
        raise EditRefused(what)
    table = source.tables[value.table]
    others = [each for each in source.values if each.table == value.table]
    header = text[line_start(text, table.start) : start]
    if former == "" and len(others) == 1 and table.path == _EXTRAS:
        if header == _HEADER + newline_of(text, table.start):
            yield from without_lines(text, line_start(text, table.start), end)
            return
        # Somebody's comment stands below the header: that stays, and the header goes.
        head = (line_start(text, table.start), line_end(text, table.end))
        if text[head[0] : head[1]].strip() == _HEADER:
            yield from without_lines(remove_lines(text, start, end), *head)
    yield from without_lines(text, start, end)


def adds(before: str, after: str, edit: Dependency) -> bool:
    """Prove that the data differ by exactly this requirement."""
    old: Any = loads(before)
    new: Any = loads(after)
    holder, project = new["project"], old["project"]
    if edit.extra is None:
        holder["dependencies"].remove(edit.requirement)
        if not holder["dependencies"] and "dependencies" not in project:
            del holder["dependencies"]
        return bool(old == new)
    extras = holder["optional-dependencies"]
    name = canonicalize_name(edit.extra)
    key = next(each for each in extras if canonicalize_name(each) == name)
    extras[key].remove(edit.requirement)
    if not extras[key] and key not in project.get("optional-dependencies", {}):
        del extras[key]
    if not extras and "optional-dependencies" not in project:
        del holder["optional-dependencies"]
    return bool(old == new)
