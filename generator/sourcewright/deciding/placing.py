"""Lay one application's rendered files over a project: create, leave, replace, refuse.

Only the tree is changed; nothing here touches the disk.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from sourcewright import ledger, weave
from sourcewright.changes import Application, Export
from sourcewright.errors import EditRefused, InTheWay
from sourcewright.tree import LEDGER, sha256
from sourcewright.weave.python_source import binds
from sourcewright.weave.splice import normalized

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sourcewright.changes import OwnedFile
    from sourcewright.rendering.render import Rendered
    from sourcewright.tree import Tree


def place(tree: Tree, rendered: Rendered) -> list[str]:
    """Lay the files over the tree; return the paths that are in conflict.

    A file that is there with another content is replaced only where it is this
    application's, as it was made. Files that it had and that are rendered no longer go,
    unless they were edited.

    Raises:
        InTheWay: another application, a name or a module is in the way.
        LedgerError: a file of the ledger does not say what it should.
        UnsafePath: a path leads out of the project, or through a symbolic link.
    """
    known = {each.id: each for each in ledger.read(tree)}
    own = known.pop(rendered.application, Application(rendered.application))
    made = {each.path: each for each in own.files}
    _refuse_foreign(rendered, known.values(), own)
    _refuse_names(tree, rendered, known.values())
    conflicts = []
    for path, text in rendered.files.items():
        now = current(tree, path)
        if path.startswith(f"{LEDGER}/{rendered.application}/"):
            tree.put(path, text)
        elif now is None:
            _refuse_hidden(tree, path)
            tree.put(path, text)
        elif path in rendered.kept or normalized(now) == normalized(text):
            continue
        elif path in made and is_as_made(now, made[path]):
            tree.put(path, text)
        else:
            conflicts.append(path)
    for path in made.keys() - rendered.files.keys():
        now = current(tree, path)
        theirs = any(path == file.path for a in known.values() for file in a.files)
        if now is not None and not theirs and is_as_made(now, made[path]):
            tree.put(path, None)
    return conflicts


def current(tree: Tree, path: str) -> str | None:
    """Return what stands at a path; a text that no file has where it can't be read."""
    try:
        return tree.text(path)
    except (UnicodeDecodeError, OSError):
        return "\0"


def is_as_made(text: str, file: OwnedFile) -> bool:
    """Return whether nobody edited the file since the template made it."""
    return sha256(normalized(text)) == file.sha256


def _refuse_foreign(
    rendered: Rendered, others: Iterable[Application], own: Application
) -> None:
    """Refuse files that another application owns already."""
    mine = {each.path for each in own.files}
    for other in others:
        shared = {each.path for each in other.files} & rendered.files.keys()
        if shared - mine:
            path = min(shared - mine)
            what = f"{path} belongs to {other.id} already"
            raise InTheWay(
                what,
                where=ledger.woven_path(other.id),
                next_step=f"nothing, or first: sourcewright remove {other.id}",
            )


def _refuse_names(
    tree: Tree, rendered: Rendered, others: Iterable[Application]
) -> None:
    """Refuse to export a name that the package has, or will have, from elsewhere."""
    asked = {
        (each.file, each.name): each.module
        for other in others
        for each in other.edits
        if isinstance(each, Export)
    }
    text = rendered.files.get(ledger.edits_path(rendered.application))
    for edit in ledger.parse(rendered.application, text, None).edits:
        # What is rendered by the same application comes with its own names.
        if not isinstance(edit, Export) or edit.file in rendered.files:
            continue
        shared = current(tree, edit.file)
        is_taken = asked.get((edit.file, edit.name), edit.module) != edit.module
        with suppress(EditRefused):
            if shared is not None and binds(shared, edit.name):
                is_taken = True  # unless that is the entry itself
                is_taken = weave.presence(shared, edit) == "absent"
        if is_taken:
            what = f'"{edit.name}" is a name that {edit.file} has already'
            raise InTheWay(
                what, where=edit.file, next_step="choose another name for the component"
            )


def _refuse_hidden(tree: Tree, path: str) -> None:
    """Refuse a new file beside one that differs in case only, or a module's package."""
    folder, _, name = path.rpartition("/")
    for other in sorted(tree.names(folder)):
        same_module = name.endswith(".py") and other == name.removesuffix(".py")
        if other != name and (other.casefold() == name.casefold() or same_module):
            what = f"{path} would hide {folder}/{other}, or be hidden by it"
            raise InTheWay(
                what,
                where=f"{folder}/{other}",
                next_step="choose another name for the component",
            )
