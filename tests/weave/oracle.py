"""What a weave did, told from the bytes: nothing here is shared with the weave.

Positions come from what two texts have in common, meaning from tomllib and PyYAML.
"""

from __future__ import annotations

import copy
import os
import re
import tomllib
from collections import Counter
from typing import Any

import yaml

BOM = "\ufeff"
_QUOTED = re.compile(r"(?<=[\[ \t,])([\"'])[A-Za-z][^\"']*\1 *(?:[],]|$)")


def insertion(before: bytes, after: bytes) -> str | None:
    """Tell how `after` is `before` and more; None where anything else changed."""
    start = len(os.path.commonprefix([before, after]))
    rest = len(os.path.commonprefix([before[start:][::-1], after[start:][::-1]]))
    old, new = before[start : len(before) - rest], after[start : len(after) - rest]
    if not old:
        return "one span"
    if new[:1] == b"," and new[1:].startswith(old):
        return "a comma and a span"
    if old.strip() in {b"[]", b"[ ]", b"~", b"[", b"]"} and b"\n" not in old:
        return "an empty list filled"
    return "a line broken" if _broken(before, after, start, rest) else None


def _broken(before: bytes, after: bytes, start: int, rest: int) -> bool:
    """Return whether a list on one line is on several now, with one entry more."""
    begin = before.rfind(b"\n", 0, start) + 1
    end = before.find(b"\n", start)
    line = before[begin : end if end >= 0 else None]
    opening, closing = begin + line.find(b"["), begin + line.rfind(b"]")
    if not begin <= opening < start <= len(before) - rest <= closing + 1:
        return False
    inside = after[opening + 1 : len(after) - len(before) + closing]
    old, new = _entries(before[opening + 1 : closing]), _entries(inside)
    more = len(new) - len(old)
    places = range(len(old) + 1)
    return b"\n" in inside and any(new[:n] + new[n + more :] == old for n in places)


def _entries(inside: bytes) -> list[bytes]:
    return [each.strip() for each in inside.strip().rstrip(b",").split(b",")]


def line_ends_fit(before: bytes, after: bytes) -> bool:
    """Return whether each new line ends as a line beside it does."""
    rows, known = after.splitlines(keepends=True), Counter(before.splitlines(True))
    if b"\n" not in before:
        return b"\r" not in after
    for index, row in enumerate(rows):
        known[row] -= 1
        if known[row] >= 0 or not row.endswith(b"\n"):
            continue
        beside = [r for r in rows[max(index - 1, 0) : index + 2] if r is not row]
        if row.endswith(b"\r\n") not in {r.endswith(b"\r\n") for r in beside}:
            return False
    return before.endswith(b"\n") == after.endswith(b"\n")


def toml(text: bytes) -> dict[str, Any]:
    """Load TOML as plain data, whatever mark it begins with."""
    return tomllib.loads(text.decode().removeprefix(BOM), parse_float=str)  # nan != nan


def requires(before: bytes, after: bytes, extra: str | None, wanted: str) -> bool:
    """Return whether the requirement came to its list, in its place, and nothing else."""
    old, new = toml(before), toml(after)
    expected = copy.deepcopy(old)
    holder = expected["project"]
    if extra is None:
        entries, now = holder.setdefault("dependencies", []), new["project"]
        was, at = list(entries), now["dependencies"].index(wanted)
    else:
        extras = holder.setdefault("optional-dependencies", {})
        keys = list(extras)
        entries, now = extras.setdefault(extra, []), new["project"]
        was, at = list(entries), now["optional-dependencies"][extra].index(wanted)
        if keys == sorted(keys) and list(now["optional-dependencies"]) != sorted(
            extras
        ):
            return False
    entries.insert(at, wanted)
    names = [re.match(r"[\w.-]+", each).group().lower() for each in (*was, wanted)]  # type: ignore[union-attr]
    if names[:-1] == sorted(names[:-1]):
        place = sorted(names).index(names[-1])
        return expected == new and at == place
    return expected == new and at == len(was)


def quoted_as_beside(text: bytes, wanted: str) -> bool:
    """Return whether the requirement stands in the quotes of those on the lines beside."""
    rows = text.decode().splitlines()
    if '"' in wanted or "'" in wanted:
        return True
    for index, row in enumerate(rows):
        if wanted not in row or row.lstrip().startswith("#"):
            continue
        own = row[row.index(wanted) - 1]
        near = " ".join(rows[max(index - 1, 0) : index + 2])
        others = set(_QUOTED.findall(near.replace(f"{own}{wanted}{own}", "")))
        if others and own not in others:
            return False
    return True


def indented_as_beside(text: bytes, wanted: str) -> bool:
    """Return whether a requirement on a line of its own begins where its neighbour does."""
    rows = text.decode().splitlines()
    entries = [re.fullmatch(r"([ \t]*)[\"'][^=].*", row) for row in rows]
    for index, row in enumerate(rows):
        own = entries[index]
        beside = [
            e for e in entries[max(index - 1, 0) : index + 2] if e and e is not own
        ]
        if own and wanted in row and beside:
            return own.group(1) in {each.group(1) for each in beside}
    return True


def ends_as_before(before: bytes, after: bytes) -> bool:
    """Return whether lists whose last entry had a comma have one, and the others none.

    A list that comes to stand on several lines has one.
    """
    old, new = _last_commas(before), _last_commas(after)
    return old[False] == new[False] and old[True] <= new[True]


def _last_commas(text: bytes) -> Counter[bool]:
    """Count the lists on several lines whose last entry has a comma, and hasn't."""
    lists = re.findall(
        r"[\"']([ \t]*,)?[ \t]*(?:#[^\n]*)?\r?\n(?:[ \t]*(?:#[^\n]*)?\r?\n)*[ \t]*\]",
        text.decode(),
    )
    return Counter(bool(comma) for comma in lists)


def pages(text: bytes) -> Any:
    """Read YAML: lists, lists of pairs for mappings, and scalars with their tags."""
    return _plain(yaml.compose(text.decode().removeprefix(BOM), yaml.SafeLoader))


def _plain(node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return (node.tag, [(_plain(key), _plain(value)) for key, value in node.value])
    if isinstance(node, yaml.SequenceNode):
        return (node.tag, [_plain(each) for each in node.value])
    return (node.tag, node.value)


def lists(before: bytes, after: bytes, at: tuple[str, ...], item: str) -> bool:
    """Return whether the item came to its list, in its place, and nothing else."""
    old, new, entry = pages(before), pages(after), pages(item.encode())
    was, now = _value(old, at), _value(new, at)
    entries = was[1] if isinstance(was[1], list) else []
    place = now[1].index(entry)
    titles = [_title(each) for each in entries]
    first = 1 if titles and titles[0].endswith("index.md") else 0
    known = sorted(titles[first:]) == titles[first:]
    wanted = first + sum(each <= _title(entry) for each in titles[first:])
    in_place = place == (wanted if known else len(entries))
    del now[1][place]
    # An empty list and none at all ask for the same.
    same = repr(new).replace(repr(now), repr(was), 1) if not entries else repr(new)
    return in_place and same == repr(old)


def _title(item: Any) -> str:
    if isinstance(item[1], list):
        key, value = item[1][0]
        return f"{key[1]}\0{value[1] if isinstance(value[1], str) else ''}"
    return str(item[1])


def _value(data: Any, at: tuple[str, ...]) -> Any:
    for key in at:
        pairs = (
            data[1]
            if data[0].endswith(":map")
            else [each[1][0] for each in data[1] if each[0].endswith(":map")]
        )
        data = next(value for name, value in pairs if name[1] == key)
    return data


def written_as_beside(text: bytes, at: tuple[str, ...], title: str) -> bool:
    """Return whether an entry is quoted, and in braces, where all in its list are so."""
    node: Any = yaml.compose(text.decode().removeprefix(BOM), yaml.SafeLoader)
    for key in at:
        pairs = (
            node.value
            if isinstance(node, yaml.MappingNode)
            else [
                each.value[0]
                for each in node.value
                if isinstance(each, yaml.MappingNode)
            ]
        )
        node = next(value for name, value in pairs if name.value == key)
    looks = [_look(text, each) for each in node.value]
    own = next(look for look in looks if look[0] == title)
    others = [look for look in looks if look is not own and look[0]]
    alike = [set(styles) for styles in list(zip(*others, strict=True))[1:]]
    return all(len(s) > 1 or {o} == s for o, s in zip(own[1:], alike, strict=False))


def _look(text: bytes, item: Any) -> tuple[Any, ...]:
    """Return an item's title, and how it is written."""
    if not isinstance(item, yaml.MappingNode):
        return (None,)
    key, value = item.value[0]
    style = getattr(value, "style", None)
    style = style if style in {'"', "'"} else None
    braces = text.decode().removeprefix(BOM)[item.start_mark.index] == "{"
    return (key.value, key.style, style, braces)
