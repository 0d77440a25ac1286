"""Weave requirements into pyproject.toml: `[project].dependencies`, or an extra.

Text in, text out: nothing here touches the file system. An extra that is missing is
made, and its table too; a missing list of dependencies is not.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from sourcewright.errors import EditRefused
from sourcewright.weave import brackets, order
from sourcewright.weave.brackets import Bracketed
from sourcewright.weave.splice import (
    content_end,
    insert_lines,
    line_end,
    line_start,
    newline_of,
    without_lines,
)
from sourcewright.weave.toml_spans import TomlSource, Value, loads, read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sourcewright.changes import Dependency
    from sourcewright.weave.presence import Presence

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


def _quoted(requirement: str, neighbours: str) -> str:
    """Quote as the neighbours do, unless the requirement holds that quote."""
    if "'" not in requirement and (neighbours == "'" or '"' in requirement):
        return f"'{requirement}'"
    return json.dumps(requirement, ensure_ascii=False)


def _array(source: TomlSource, edit: Dependency) -> Value | None:
    """Find the array that holds, or would hold, the entry; None for a missing extra.

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
        value = source.find(("project", "dependencies"))
        if value is None or value.entries is None:
            what = "[project] has no list of dependencies"
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
    """Give the array's entries.

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
    """Tell whether the requirement is in its list, and whether just as we write it.

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
        if str(other) == str(wanted):
            return "equal"
        if str(other.marker) == str(wanted.marker):
            what = f'it asks for "{entry}" already'
            raise EditRefused(what)
    return "absent"


def container(text: str, edit: Dependency) -> str | None:
    """Give the list's text; for a missing extra its table's header, or nothing."""
    source = read(text)
    value = _array(source, edit)
    if value is not None:
        return text[value.start : value.end]
    return _HEADER if _table(source) is not None else ""


def _table(source: TomlSource) -> int | None:
    for index, table in enumerate(source.tables):
        if table.path == _EXTRAS:
            return index
    return None


def insert(text: str, edit: Dependency, width: int) -> str:
    """Give the text with the requirement in its list.

    Raises:
        EditRefused: there is no such list.
    """
    source = read(text)
    value = _array(source, edit)
    if value is None:
        return _insert_extra(source, edit, width)
    entries = _strings(source, value)
    array = _bracketed(value)
    orders = [_by_name, order.plain, order.casefold]
    index = order.position(entries, edit.requirement, orders)
    quotes = {text[start] for start, _ in array.entries}
    entry = _quoted(edit.requirement, "'" if quotes == {"'"} else '"')
    return brackets.insert(
        text, array, index, entry, width=width, indent=_indent(source)
    )


def _bracketed(value: Value) -> Bracketed:
    return Bracketed(value.start, value.end, value.entries or ())


def _indent(source: TomlSource) -> str:
    """Give the indentation that the file's other arrays use; four spaces if none."""
    for value in source.values:
        if value.entries:
            start = value.entries[0][0]
            before = source.text[line_start(source.text, start) : start]
            if before and not before.strip():
                return before
    return "    "


def _insert_extra(source: TomlSource, edit: Dependency, width: int) -> str:
    text = source.text
    key, entry = _bare(edit.extra or ""), _quoted(edit.requirement, "")
    siblings = [
        value
        for value in source.values
        if value.path[:2] == _EXTRAS and len(value.path) == len(_EXTRAS) + 1
    ]
    if any(value.inline for value in siblings) or source.find(_EXTRAS):
        what = "the extras are written in braces, on one line"
        raise EditRefused(what)
    if siblings:
        beside, below = _beside(source, siblings, edit.extra or "")
        own = line_start(text, beside.statement)
        indent = text[own : beside.statement]
        *prefix, _ = re.split(r"(?<=\.)", beside.written)
        line = _line(indent + "".join(prefix) + key, entry, source, width)
        return insert_lines(text, line_end(text, beside.end) if below else own, line)
    line = _line(key, entry, source, width)
    table = _table(source)
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


def _beside(
    source: TomlSource, siblings: list[Value], extra: str
) -> tuple[Value, bool]:
    """Give the extra to stand beside, and whether below it."""
    for value in siblings:
        own = line_start(source.text, value.statement)
        before = source.text[own : value.statement]
        if before.strip() or len(re.findall(r"\"|'", value.written)):
            what = "an extra does not start its line, or its key is quoted"
            raise EditRefused(what)
    names = [value.path[-1] for value in siblings]
    index = order.position(names, extra, [order.plain, order.casefold])
    return (siblings[index - 1], True) if index else (siblings[0], False)


def _line(key: str, entry: str, source: TomlSource, width: int) -> str:
    line = f"{key} = [{entry}]"
    if len(line) <= width:
        return line
    return f"{key} = [\n{_indent(source)}{entry},\n]"


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
    if former in {"", _HEADER} and not rest:
        yield from _without_extra(source, value, former or "")
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


def _without_extra(source: TomlSource, value: Value, former: str) -> Iterator[str]:
    text = source.text
    start, end = line_start(text, value.statement), line_end(text, value.end)
    after = text[value.end : content_end(text, value.end)]
    if text[start : value.statement].strip() or after.strip():
        what = "the extra does not stand alone on its line"
        raise EditRefused(what)
    table = source.tables[value.table]
    others = [each for each in source.values if each.table == value.table]
    header = text[line_start(text, table.start) : start]
    if former == "" and len(others) == 1 and table.path == _EXTRAS:
        if header != _HEADER + newline_of(text, table.start):
            what = "there is something between the table's header and the extra"
            raise EditRefused(what)
        yield from without_lines(text, line_start(text, table.start), end)
    else:
        yield from without_lines(text, start, end)


def adds(before: str, after: str, edit: Dependency) -> bool:
    """Prove that the data differ by exactly this requirement."""
    old: Any = loads(before)
    new: Any = loads(after)
    holder, project = new["project"], old["project"]
    if edit.extra is None:
        holder["dependencies"].remove(edit.requirement)
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
