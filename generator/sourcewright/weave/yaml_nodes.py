"""YAML as nodes with marks: nothing is loaded, no tag is run, no alias is followed.

compose, not load: mkdocs.yml may hold `!!python/name:` tags, which must not run.
"""

from __future__ import annotations

from bisect import bisect_left
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

import yaml
from yaml.events import AliasEvent

from sourcewright.errors import EditRefused

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Node: TypeAlias = yaml.Node


class _Loader(yaml.SafeLoader):
    """Composes an alias into a node of its own, so that its marks are its own too."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.anchored: dict[str, Node] = {}
        self.aliased: list[Node] = []
        self.dashes: list[int] = []

    def fetch_block_entry(self) -> None:
        self.dashes.append(self.index)
        super().fetch_block_entry()

    def compose_node(self, parent: Node | None, index: int) -> Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]  # PyYAML's
        if isinstance(event, AliasEvent):
            self.get_event()  # type: ignore[no-untyped-call]  # PyYAML's
            if event.anchor not in self.anchored:
                what = f"*{event.anchor} has no anchor"
                raise EditRefused(what)
            self.aliased.append(self.anchored[event.anchor])
            marks: tuple[Any, Any] = (event.start_mark, event.end_mark)
            return yaml.ScalarNode("alias", f"*{event.anchor}", *marks)
        node = super().compose_node(parent, index)
        if event.anchor is not None and node is not None:
            self.anchored[event.anchor] = node
        return node


class Document:
    """One YAML document. `root` is None when it is empty."""

    def __init__(self, text: str) -> None:
        """Compose `text`.

        Raises:
            EditRefused: it isn't one document of valid YAML.
        """
        loader = _Loader.__new__(_Loader)
        try:
            loader.__init__(text)  # type: ignore[misc]  # the reader fails in here
            self.root: Node | None = loader.get_single_node()
        except (yaml.YAMLError, RecursionError) as err:
            what = f"it is not one document of valid YAML: {' '.join(str(err).split())}"
            raise EditRefused(what) from err
        self.text = text
        self._aliased = loader.aliased
        self._dashes = loader.dashes

    def dash(self, item: Node) -> int:
        """Return the offset of the dash before an item of a block sequence."""
        start: int = item.start_mark.index
        return self._dashes[bisect_left(self._dashes, start) - 1]

    def is_aliased(self, node: Node) -> bool:
        """Return whether an alias elsewhere stands for this node too."""
        return any(node is each for each in self._aliased)


@lru_cache(maxsize=32)
def read(text: str) -> Document:
    """Compose `text` once, however often it is asked for. Not to be altered."""
    return Document(text)


def content_end(text: str, node: Node) -> int:
    """Return the offset after the node's last character.

    A block's own end mark is the next token, so this follows the last item down; so is
    that of a pair in brackets that has no braces.
    """
    if isinstance(node, yaml.SequenceNode) and not node.flow_style and node.value:
        return content_end(text, node.value[-1])
    if isinstance(node, yaml.MappingNode) and node.value:
        end_mark: int = node.end_mark.index
        if not node.flow_style or text[end_mark - 1] != "}":
            return content_end(text, node.value[-1][1])
    end: int = node.end_mark.index
    if isinstance(node, yaml.ScalarNode) and node.style in {"|", ">"}:
        start: int = node.start_mark.index
        end = start + len(text[start:end].rstrip())
    return end


def same(one: Node | None, other: Node | None) -> bool:
    """Return whether two nodes mean the same; their style and place don't count."""
    if one is None or other is None or one.tag != other.tag:
        return one is other
    if isinstance(one, yaml.MappingNode) and isinstance(other, yaml.MappingNode):
        return len(one.value) == len(other.value) and all(
            same(key, key2) and same(value, value2)
            for (key, value), (key2, value2) in zip(one.value, other.value, strict=True)
        )
    if isinstance(one, yaml.SequenceNode) and isinstance(other, yaml.SequenceNode):
        return len(one.value) == len(other.value) and all(
            map(same, one.value, other.value)
        )
    return type(one) is type(other) and bool(one.value == other.value)


def find(document: Document, at: Sequence[str]) -> tuple[Node | None, Node]:
    """Follow the keys `at` from the root; return the last key's node and its value.

    In a mapping a key leads to its value; in a sequence, to the value of the one
    item that is a mapping with that only key.

    Raises:
        EditRefused: there is no such place, or more than one, or an alias leads there.
    """
    node, key_node = document.root, None
    for depth, key in enumerate(at):
        matches = [
            (found, value) for found, value in _pairs(node) if found.value == key
        ]
        place = " > ".join(at[: depth + 1])
        if not matches:
            what = f'it has no "{place}"'
            raise EditRefused(what)
        if len(matches) > 1:
            what = f'it has more than one "{place}"'
            raise EditRefused(what)
        key_node, node = matches[0]
        if document.is_aliased(node):
            what = f'"{place}" is used a second time, through an alias'
            raise EditRefused(what)
    if node is None:
        what = "it is empty"
        raise EditRefused(what)
    return key_node, node


def _pairs(node: Node | None) -> Iterator[tuple[Node, Node]]:
    if isinstance(node, yaml.MappingNode):
        yield from ((key, value) for key, value in node.value if _is_scalar(key))
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            if isinstance(item, yaml.MappingNode) and len(item.value) == 1:
                key, value = item.value[0]
                if _is_scalar(key):
                    yield key, value


def _is_scalar(node: Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag != "alias"


def sequences(node: Node | None) -> Iterator[tuple[Node, Node]]:
    """Yield every block sequence that is a mapping's value, with its key."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(value, yaml.SequenceNode) and not value.flow_style:
                yield key, value
            yield from sequences(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from sequences(item)
