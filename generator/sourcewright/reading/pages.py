"""What mkdocs.yml says of a project's pages. Text in, facts out; no tag is run."""

from __future__ import annotations

from typing import Any

from yaml.nodes import MappingNode, ScalarNode

from sourcewright.errors import EditRefused
from sourcewright.tree import plain
from sourcewright.weave import yaml_nodes

# Titles below which pages of a reference are usually found, the most special first.
_TITLES = (
    ("References", "Sources"),
    ("References",),
    ("Reference",),
    ("API Reference",),
    ("API reference",),
    ("API",),
)


def navigation(text: str) -> list[str]:
    """Return the keys to the list that pages of a reference are entered in, if any."""
    if not _has_list(text, ("nav",)):
        return []
    for titles in _TITLES:
        if _has_list(text, ("nav", *titles)):
            return ["nav", *titles]
    return ["nav"]


def _node(text: str, at: tuple[str, ...]) -> Any:  # noqa: ANN401  # PyYAML's value
    try:
        return yaml_nodes.find(yaml_nodes.read(text), at)[1].value
    except EditRefused:
        return None


def plugins(text: str) -> set[str]:
    """Return the names of MkDocs' plug-ins, with options or without."""
    entries = _node(text, ("plugins",))
    found = set()
    for each in entries if isinstance(entries, list) else []:
        # A key and its value, or a node; one with options is a mapping of one key.
        name = each[0] if isinstance(each, tuple) else each
        if isinstance(name, MappingNode) and name.value:
            name = name.value[0][0]
        if isinstance(name, ScalarNode):
            found.add(str(name.value))
    return found


def folder(text: str) -> str:
    """Return the folder of the pages; an empty text if it isn't the project's."""
    value = _node(text, ("docs_dir",))
    found = plain(value) if isinstance(value, str) else "docs"
    return "" if found in (None, ".") else str(found)


def _has_list(text: str, at: tuple[str, ...]) -> bool:
    return isinstance(_node(text, at), list)
