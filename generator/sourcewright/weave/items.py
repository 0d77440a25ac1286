"""Weave items into a YAML sequence without disturbing any other byte.

Named for what it edits, not for one of its uses: the navigation in mkdocs.yml, the
deployments in prefect.yaml and the sources in config.yaml.example are all sequences
that a path of keys leads to.

Text in, text out: nothing here touches the file system.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import yaml

from sourcewright.errors import EditRefused
from sourcewright.weave import brackets, order
from sourcewright.weave.brackets import Bracketed
from sourcewright.weave.splice import (
    content_end,
    insert_lines,
    line_end,
    line_start,
    normalized,
    without_lines,
)
from sourcewright.weave.yaml_nodes import Document, Node, find, read, same, sequences
from sourcewright.weave.yaml_nodes import content_end as node_end

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sourcewright.changes import Item
    from sourcewright.weave.presence import Presence

_EMPTY = re.compile(r"\[[ \t]*\]|~|null|Null|NULL|")
_PLAIN, _SINGLE, _DOUBLE = None, "'", '"'


def by_hand(edit: Item) -> str:
    """Write the item as it would stand, below the keys that lead to it."""
    return f"{' > '.join(edit.at)}:\n{_dashed(_as_asked(edit), '', 1)}"


def _as_asked(edit: Item) -> str:
    return edit.item.rstrip("\n")


def _dashed(item: str, indent: str, spaces: int) -> str:
    first, *others = item.split("\n")
    margin = indent + " " * (spaces + 1)
    rows = [f"{indent}-{' ' * spaces}{first}"]
    rows += [f"{margin}{row}" if row.strip() else "" for row in others]
    return "\n".join(rows)


@dataclass(frozen=True)
class _Place:
    """The value that the keys lead to, and where each of its items stands.

    An item's lines run from that of its dash to the offset in `ends`. A list in
    brackets has no dashes: `brackets` says where its items stand.
    """

    key: Node | None
    value: Node
    items: list[Node]
    dashes: list[int]
    ends: list[int]
    brackets: Bracketed | None = None


def _place(document: Document, edit: Item) -> _Place:
    text = document.text
    key, value = find(document, edit.at)
    if isinstance(value, yaml.SequenceNode):
        items = list(value.value)
        if value.flow_style:
            return _Place(key, value, items, [], [], _bracketed(text, value))
        dashes = [document.dash(item) for item in items]
        ends = [line_end(text, node_end(text, item)) for item in items]
        return _Place(key, value, items, dashes, ends)
    if _is_null(value):
        return _Place(key, value, [], [], [])
    what = f'"{" > ".join(edit.at)}" is not a list'
    raise EditRefused(what)


def _bracketed(text: str, value: Node) -> Bracketed:
    start: int = value.start_mark.index
    # An anchor or a tag stands before the bracket, and belongs to the node.
    start = text.index("[", start)
    spans = tuple((i.start_mark.index, node_end(text, i)) for i in value.value)
    return Bracketed(start, value.end_mark.index, spans)


def _is_null(node: Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def _wanted(edit: Item) -> Node:
    root = read(f"{edit.item}\n").root
    if root is None:
        what = "the item is empty"
        raise EditRefused(what)
    return root


def _sort_key(node: Node) -> str:
    """Return the item's first scalars, by which people sort a list."""
    if isinstance(node, yaml.MappingNode) and node.value:
        key, value = node.value[0]
        second = value.value if isinstance(value, yaml.ScalarNode) else ""
        return f"{key.value}\0{second}"
    return str(node.value) if isinstance(node, yaml.ScalarNode) else ""


def _identity(node: Node) -> str:
    """Return what tells items apart: the only key, or the first key with its value."""
    if isinstance(node, yaml.MappingNode) and len(node.value) == 1:
        return str(node.value[0][0].value)
    return _sort_key(node)


def presence(text: str, edit: Item) -> Presence:
    """Return whether the item is in its list, and whether just as we write it.

    Raises:
        EditRefused: there is no such list, or another item goes by the same name.
    """
    document, wanted = read(text), _wanted(edit)
    place = _place(document, edit)
    for index, item in enumerate(place.items):
        if same(item, wanted):
            exact = _text_of(text, place, index) in _writings(edit, place)
            return "exact" if exact else "equal"
    for item in place.items:
        if _identity(item) == _identity(wanted):
            name = _identity(wanted).replace("\0", ": ")
            what = f'"{" > ".join(edit.at)}" has another item "{name}"'
            raise EditRefused(what)
    if any(_resembles(item, wanted) for item in place.items):
        what = f'"{" > ".join(edit.at)}" has an item that differs in one value only'
        raise EditRefused(what)
    return "absent"


def _resembles(item: Node, wanted: Node) -> bool:
    """Return whether one item may be the other with a new title or a new value."""
    if not isinstance(item, yaml.MappingNode) or not isinstance(
        wanted, yaml.MappingNode
    ):
        return False
    if len(item.value) != len(wanted.value):
        return False
    pairs = list(zip(item.value, wanted.value, strict=True))
    if len(pairs) == 1:
        return same(pairs[0][0][1], pairs[0][1][1])
    keys = all(same(one[0], other[0]) for one, other in pairs)
    return keys and sum(not same(one[1], other[1]) for one, other in pairs) == 1


def _text_of(text: str, place: _Place, index: int) -> str:
    """Return an item's lines without the dash and the margin."""
    if place.brackets is not None:
        start, end = place.brackets.entries[index]
        return text[start:end]
    item = place.items[index]
    start = item.start_mark.index
    margin = start - line_start(text, start)
    rows = normalized(text[start : place.ends[index]]).rstrip("\n").split("\n")
    rest = [row if row[:margin].strip() else row[margin:] for row in rows[1:]]
    return "\n".join([rows[0], *rest])


def _pair(edit: Item) -> tuple[str, str] | None:
    """Return the title and the page of an item that is that and no more."""
    wanted = _wanted(edit)
    if isinstance(wanted, yaml.MappingNode) and len(wanted.value) == 1:
        pair = wanted.value[0]
        plain = all(isinstance(e, yaml.ScalarNode) and e.style is None for e in pair)
        if plain and all(each.tag == "tag:yaml.org,2002:str" for each in pair):
            return str(pair[0].value), str(pair[1].value)
    return None


def _written(scalar: str, style: str | None) -> str:
    if style == _SINGLE:
        return "'" + scalar.replace("'", "''") + "'"
    return json.dumps(scalar, ensure_ascii=False) if style == _DOUBLE else scalar


def _writings(edit: Item, place: _Place) -> list[str]:
    """Return every way in which we write the item: quoted as its neighbours, or not."""
    pair, ways = _pair(edit), [_as_asked(edit)]
    if pair is not None:
        styles = (_PLAIN, _SINGLE, _DOUBLE)
        ways += [
            f"{_written(pair[0], one)}: {_written(pair[1], other)}"
            for one, other in product(styles, styles)
        ]
    if place.brackets is not None:
        ways += [f"{{{way}}}" for way in ways] + [f"{{ {way} }}" for way in ways]
    return ways


def _as_beside(text: str, place: _Place, edit: Item) -> str:
    """Write the item in the quotes, and the braces, of those in its list."""
    pair = _pair(edit)
    if pair is None:
        if place.brackets is not None:
            what = f'"{" > ".join(edit.at)}" is a list in brackets'
            raise EditRefused(what)
        return _as_asked(edit)
    beside = [
        each.value[0]
        for each in place.items
        if isinstance(each, yaml.MappingNode) and len(each.value) == 1
    ]
    titles = {key.style for key, _ in beside}
    pages = {value.style for _, value in beside if isinstance(value, yaml.ScalarNode)}
    title, page = (
        _written(scalar, styles.pop() if len(styles) == 1 else _PLAIN)
        for scalar, styles in zip(pair, (titles, pages), strict=True)
    )
    if place.brackets is None:
        return f"{title}: {page}"
    if re.search(r"[][{},]", title + page):
        title, page = _written(pair[0], _DOUBLE), _written(pair[1], _DOUBLE)
    mappings = [e for e in place.items if isinstance(e, yaml.MappingNode)]
    starts = {text[e.start_mark.index :][:2] for e in mappings}
    if mappings and not any(each.startswith("{") for each in starts):
        return f"{title}: {page}"
    spaced = any(each == "{ " for each in starts)
    return f"{{ {title}: {page} }}" if spaced else f"{{{title}: {page}}}"


def container(text: str, edit: Item) -> str | None:
    """Return what follows the key's colon, when the list is empty; else None."""
    document = read(text)
    place = _place(document, edit)
    if place.items or place.key is None:
        return None
    start, end = _empty_span(document, place)
    return text[start:end]


def _empty_span(document: Document, place: _Place) -> tuple[int, int]:
    """Return the span from the colon to the end of `[]`, `null` or nothing at all."""
    text, key = document.text, place.key
    if key is None:
        what = "the file itself is the list, and it is empty"
        raise EditRefused(what)
    found = re.match(r"[ \t]*:", text[key.end_mark.index :])
    if not found:
        what = "the key's colon is not beside it"
        raise EditRefused(what)
    start = key.end_mark.index + found.end()
    end = max(int(place.value.end_mark.index), start)
    rest = text[end : content_end(text, end)].strip()
    if "\n" in text[start:end] or (rest and not rest.startswith("#")):
        what = "the empty list does not stand alone on its key's line"
        raise EditRefused(what)
    if not _EMPTY.fullmatch(text[start:end].strip()):
        what = "the empty list holds a comment, a tag or an anchor"
        raise EditRefused(what)
    return start, end


def insert(text: str, edit: Item, width: int) -> str:
    """Return the text with the item in its list, with the indentation of the others.

    Raises:
        EditRefused: there is no such list, or it has a shape that we don't know.
    """
    del width  # a line of YAML is as long as it is
    document, wanted = read(text), _wanted(edit)
    place = _place(document, edit)
    if not place.items:
        return _insert_first(document, place, edit)
    index, item = _index(place.items, wanted), _as_beside(text, place, edit)
    if place.brackets is not None:
        # On its line, however long: what is broken must be indented more than its key.
        return brackets.insert(
            text, place.brackets, index, item, width=sys.maxsize, indent=""
        )
    beside = max(index - 1, 0)
    dash = place.dashes[beside]
    column = place.dashes[0] - line_start(text, place.dashes[0])
    gap = text[dash + 1 : place.items[beside].start_mark.index]
    block = _dashed(item, " " * column, len(gap) if gap and not gap.strip(" ") else 1)
    apart = _stand_apart(text, place)
    if index == 0:
        at = line_start(text, dash)
        if text[at:dash].strip():
            what = "the first item's dash does not stand first on its line"
            raise EditRefused(what)
        return insert_lines(text, at, f"{block}\n" if apart else block)
    return insert_lines(text, place.ends[beside], f"\n{block}" if apart else block)


def _index(items: list[Node], wanted: Node) -> int:
    """Keep sorted what is sorted; a page that introduces the others stays first."""
    keys = [_sort_key(item) for item in items]
    first = 1 if keys[0].endswith("index.md") else 0
    orders = [order.plain, order.casefold]
    return first + order.position(keys[first:], _sort_key(wanted), orders)


def _stand_apart(text: str, place: _Place) -> bool:
    """Return whether a blank line stands between each two items."""
    gaps = [
        text[end : line_start(text, dash)]
        for end, dash in zip(place.ends, place.dashes[1:], strict=False)
    ]
    return bool(gaps) and all(
        any(not row.strip() for row in normalized(gap).split("\n")[:-1]) for gap in gaps
    )


def _insert_first(document: Document, place: _Place, edit: Item) -> str:
    text = document.text
    start, end = _empty_span(document, place)
    key_start: int = place.key.start_mark.index if place.key else 0
    column = key_start - line_start(text, key_start)
    steps = [
        each.value[0].start_mark.column - 2 - key.start_mark.column
        for key, each in sequences(document.root)
        if each.value
    ]
    step = 0 if steps and all(each <= 0 for each in steps) else 2
    text = text[:start] + text[end:]
    at = line_end(text, start)
    return insert_lines(text, at, _dashed(_as_asked(edit), " " * (column + step), 1))


def removals(text: str, edit: Item, former: str | None) -> Iterator[str]:
    """Yield the texts without the item, the likeliest first."""
    document, wanted = read(text), _wanted(edit)
    place = _place(document, edit)
    matches = [n for n, item in enumerate(place.items) if same(item, wanted)]
    if not matches:
        return
    index = matches[0]
    if place.brackets is not None:
        yield brackets.remove(text, place.brackets, index)
        return
    start, end = line_start(text, place.dashes[index]), place.ends[index]
    if text[start : place.dashes[index]].strip():
        what = "the item's dash does not stand first on its line"
        raise EditRefused(what)
    if len(place.items) > 1 or place.key is None:
        yield from without_lines(text, start, end)
        return
    empty = " []" if former is None else former
    found = re.match(r"[ \t]*:", text[place.key.end_mark.index :])
    colon = place.key.end_mark.index + (found.end() if found else 0)
    for rest in without_lines(text, start, end):
        yield rest[:colon] + empty + rest[colon:]


def adds(before: str, after: str, edit: Item) -> bool:
    """Prove that `after` means what `before` means, and the item, and nothing more."""
    old, wanted = read(before), _wanted(edit)
    new = Document(after)  # a copy of our own: the item is taken out of it
    _, value = find(new, edit.at)
    if not isinstance(value, yaml.SequenceNode):
        return False
    for index, item in enumerate(value.value):
        if same(item, wanted):
            del value.value[index]
            break
    else:
        return False
    if not value.value:
        # `deployments:` and `deployments: []` ask for the same: no deployment.
        _, former = find(old, edit.at)
        if _is_null(former):
            value.tag, value.value = former.tag, former.value
            return _dump(old.root) == _dump(new.root)
    return same(old.root, new.root)


def _dump(node: Node | None) -> object:
    """Write a node as plain data, with an emptied list as its scalar."""
    if isinstance(node, yaml.MappingNode):
        pairs = [(_dump(key), _dump(value)) for key, value in node.value]
        return (node.tag, pairs)
    if isinstance(node, yaml.SequenceNode) and isinstance(node.value, list):
        return (node.tag, [_dump(each) for each in node.value])
    return (node.tag, node.value) if node else None
