"""Put one edit into a text, or take it out, and prove that nothing else changed.

Text in, text out: nothing here touches the file system.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Protocol

from sourcewright.changes import (
    Dependency,
    Edit,
    Export,
    Import,
    Item,
    Lines,
    Reference,
    Settings,
)
from sourcewright.errors import EditRefused
from sourcewright.weave import (
    config,
    dependencies,
    exports,
    items,
    references,
    settings,
    setup_files,
)
from sourcewright.weave.splice import lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sourcewright.weave.presence import Presence

WIDTH = 88
BOM = "\ufeff"
_SIDES = 4  # as many ways as `without_lines` gives where both sides are blank


class Weaver(Protocol):
    """What a module that weaves one form of edit offers.

    `edit` is Any here, and the module's own form there: WEAVERS brings them together.
    """

    def presence(self, text: str, edit: Any) -> Presence:  # noqa: ANN401
        """Tell how the entry stands in the text."""

    def insert(self, text: str, edit: Any, width: int) -> str:  # noqa: ANN401
        """Splice the entry in."""

    def removals(self, text: str, edit: Any, former: str | None) -> Iterator[str]:  # noqa: ANN401
        """Yield texts without the entry, the likeliest first."""

    def container(self, text: str, edit: Any) -> str | None:  # noqa: ANN401
        """Return the text of the list around the entry; None where there is none."""

    def adds(self, before: str, after: str, edit: Any) -> bool:  # noqa: ANN401
        """Prove that `after` means what `before` means plus the entry."""

    def by_hand(self, edit: Any) -> str:  # noqa: ANN401
        """Write the lines that a person would add."""


WEAVERS: dict[type, Weaver] = {
    Export: exports,
    Import: exports,
    Dependency: dependencies,
    Item: items,
    Reference: references,
    Lines: config,
    Settings: settings,
}


def weaver_of(edit: Edit) -> Weaver:
    """Return the module that weaves an edit."""
    if isinstance(edit, Dependency) and not edit.file.endswith(".toml"):
        return setup_files
    return WEAVERS[type(edit)]


def presence(text: str, edit: Edit) -> Presence:
    """Return whether the entry is in the text, and whether just as we write it.

    Raises:
        EditRefused: there is no place for it, or something else is in its place.
    """
    return weaver_of(edit).presence(text.removeprefix(BOM), edit)


def put_in(
    text: str, edit: Edit, width: int = WIDTH, *, before: Edit | None = None
) -> str:
    """Return the text with the entry, proved to mean nothing else besides.

    `before` is an entry that it must be above, if entries have no order of their
    own: blocks of lines.

    Raises:
        EditRefused: there is no place for it, or no proof.
    """
    weaver, bare = weaver_of(edit), text.removeprefix(BOM)
    woven = None
    if isinstance(edit, Lines) and isinstance(before, Lines):
        woven = config.insert_before(bare, edit, before)
    woven = weaver.insert(bare, edit, width) if woven is None else woven
    if not weaver.adds(bare, woven, edit) or weaver.presence(woven, edit) != "exact":
        what = "the edit would change what the file means"
        raise EditRefused(what)
    return text[: len(text) - len(bare)] + woven


def take_out(
    text: str, edit: Edit, former: str | None = None, width: int = WIDTH
) -> str:
    """Return the text without the entry; as it is where the entry isn't there.

    Of several ways to take it out, the one that `put_in` would lead back from; else,
    where somebody moved things, one from which it would bring the same blank lines.

    Raises:
        EditRefused: the entry was edited by hand, or there is no proof.
    """
    weaver, bare = weaver_of(edit), text.removeprefix(BOM)
    stands = weaver.presence(bare, edit)
    if stands == "absent":
        return text
    if stands == "equal":
        what = "it was edited after it was inserted"
        raise EditRefused(what)
    proved = [
        candidate
        for candidate in weaver.removals(bare, edit, former)
        if weaver.adds(candidate, bare, edit)
    ]
    if not proved:
        what = "removing it would change other entries"
        raise EditRefused(what)
    again = [_put_back(each, edit, width) for each in proved]
    best = again.index(bare) if bare in again else None
    if best is None:
        alike = [
            back is not None and _brought(each, back) == _brought(each, bare)
            for each, back in zip(proved, again, strict=True)
        ]
        # With a blank line on either side, the tidiest is right wherever it moved.
        best = alike.index(True) if True in alike and len(proved) < _SIDES else 0
    return text[: len(text) - len(bare)] + proved[best]


def _brought(before: str, after: str) -> tuple[str, int]:
    """Return the first line that `after` has more, and how many blank ones."""
    old, new = ([line for _, line in lines(text)] for text in (before, after))
    first = next((y for x, y in zip_longest(old, new) if x != y), None)
    return first or "", [not y.strip() for y in new].count(True)


def _put_back(candidate: str, edit: Edit, width: int) -> str | None:
    try:
        return weaver_of(edit).insert(candidate, edit, width)
    except EditRefused:
        return None


def container(text: str, edit: Edit) -> str | None:
    """Return the text of the list around the entry; None where there is none."""
    return weaver_of(edit).container(text.removeprefix(BOM), edit)


def by_hand(edit: Edit) -> str:
    """Write the lines that a person would add."""
    return weaver_of(edit).by_hand(edit)


def with_needs(edit: Edit) -> list[Edit]:
    """Return the edit after the edits that it leans on."""
    needed = exports.needs(edit) if isinstance(edit, Export) else []
    return [*needed, edit]
