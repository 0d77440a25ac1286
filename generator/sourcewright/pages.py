"""What mkdocs.yml says of a project's pages. Text in, facts out; no tag is run."""

from __future__ import annotations

from typing import Any

from sourcewright.errors import EditRefused
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
    """Give the keys to the list that pages of a reference are entered in, if any."""
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
    """Give the names of MkDocs' plug-ins, with options or without."""
    nodes = [
        each if isinstance(each, tuple) else each.value
        for each in _node(text, ("plugins",)) or []
    ]
    first = [e[0] if isinstance(e, list | tuple) and e else e for e in nodes]
    names = [each[0].value if isinstance(each, tuple) else each for each in first]
    return {each if isinstance(each, str) else str(each.value) for each in names}


def folder(text: str) -> str:
    """Give the folder of the pages."""
    value = _node(text, ("docs_dir",))
    return value.strip("/") if isinstance(value, str) else "docs"


def _has_list(text: str, at: tuple[str, ...]) -> bool:
    return isinstance(_node(text, at), list)
