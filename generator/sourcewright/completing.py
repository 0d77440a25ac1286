"""What the shell completes: names from the project's ledger, answers of the template.

Nothing here fails: what can't be read completes nothing.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from sourcewright.errors import SourcewrightError
from sourcewright.reading import viadot
from sourcewright.rendering.render import template
from sourcewright.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Iterator


def applications(root: Path, component: str | None = None) -> list[str]:
    """Return the ids of a project's applications; of one component, their names."""
    try:
        ids = Tree(root.resolve()).applications()
    except (OSError, SourcewrightError):
        return []
    if component is None:
        return ids
    parts = (each.partition("-") for each in ids)
    return [name for made, _, name in parts if made == component]


def ends(root: Path, end: str) -> list[str]:
    """Return what a flow can read from or load into: applications, and viadot's."""
    found = applications(root, end)
    with suppress(OSError, SourcewrightError):
        if viadot.is_checkout(Tree(root.resolve())):
            found += viadot.ends(template(), end)
    return found


def names(component: str, root: Path) -> list[str]:
    """Return the names that the template knows for a source or a destination."""
    asked = dict(_questions(component, root))
    kinds = [each for each in asked.get("kind", []) if each != "sql"]
    return asked.get("dialect", []) + kinds


def settings(component: str, root: Path) -> list[str]:
    """Return what `--set` takes: `key=value` if the values are known, else `key=`."""
    return [
        f"{key}={value}"
        for key, values in _questions(component, root)
        for value in values or [""]
    ]


def _questions(component: str, root: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield the questions that a component is asked, each with its known answers."""
    try:
        folder = Path(template().source)
        asked = _read(folder / "copier.yml")
        table = _read(folder / "template" / "kinds" / "table.yml")
        values = {
            "kind": list(table["kinds"]["default"].get(component, ())),
            "dialect": list(table["dialects"]["default"]),
            "authentication": list(table["authentications"]["default"]),
            "pagination": list(table["paginations"]["default"]),
        }
        if viadot.is_checkout(Tree(root.resolve())):
            theirs = _read(folder / "template" / "viadot" / "table.yml")["viadot"]
            values["dialect"] = list(theirs["default"]["drivers"])
            values["authentication"] = theirs["default"]["authentications"]
    except (OSError, SourcewrightError, yaml.YAMLError, KeyError):
        return
    for key, question in asked.items():
        if key == "component" or key.startswith("_"):
            continue
        when = str(question.get("when", f"'{component}'"))
        if f"'{component}'" in when or component in when.split():
            choices = question.get("choices")
            known = list(choices.values()) if isinstance(choices, dict) else []
            yield key, values.get(key, known)


def _read(path: Path) -> dict[str, Any]:
    """Read a YAML file's mappings, its documents merged; includes are left out."""

    class Loader(yaml.SafeLoader):
        """Knows Copier's tag for including a file."""

    Loader.add_constructor("!include", lambda *_: {})
    merged: dict[str, Any] = {}
    for document in yaml.load_all(path.read_text("utf-8"), Loader):
        merged.update(document or {})
    return merged
