"""Take an application back: its entries in shared files, its own files, its ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sourcewright import ledger, weave
from sourcewright.changes import Plan, Report
from sourcewright.deciding.placing import current, is_as_made
from sourcewright.deciding.shared import missing, plan_shared
from sourcewright.errors import EditRefused, NotReady, StillNeeded
from sourcewright.reading.project import find, read_shared
from sourcewright.reporting import verbs
from sourcewright.tree import LEDGER, Tree
from sourcewright.writing.commit import commit, recover

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sourcewright.changes import Application, Edit, Need

# What an application asks for that leaves.
_NOTHING = "version: 1\nedits: []\n"


def remove(
    root: Path, name: str, *, force: bool = False, dry_run: bool = False
) -> tuple[Plan, Report]:
    """Take one application out of a project, byte for byte.

    A file of its own that was edited stays, and the report has it with the verb `keep`;
    with `force` it goes too.

    Raises:
        StillNeeded: other applications need it.
        EditRefused: an entry was edited by hand; nothing was written.
        SourcewrightError: any other error that the user can fix; nothing was written.
    """
    recovered = recover(root, dry_run=dry_run)
    tree = Tree(root)
    applications = ledger.read(tree)
    leaving = find(applications, name)
    others = [each for each in applications if each.id != leaving.id]
    if leaving.id == "project":
        _refuse_project(leaving, others)
    _refuse_edited(tree, leaving, others)
    before = set(missing(tree))
    kept = _take_files(tree, leaving, others, force=force)
    tree.put(f"{LEDGER}/{leaving.id}/answers.yml", None)
    tree.put(ledger.edits_path(leaving.id), _NOTHING)
    pending, notes = plan_shared(tree)
    _take_created(tree, leaving)
    stuck = [each for owner, each in pending if owner == leaving.id]
    if stuck:
        what = f"an entry of {leaving.id} can't be taken out: {stuck[0].reason}"
        raise EditRefused(
            what,
            where=stuck[0].edit.file,
            next_step=f"take it out by hand, then rerun:\n{stuck[0].by_hand}",
        )
    _refuse_needed(leaving, set(missing(tree)) - before)
    plan = tree.plan(pending)
    report = Report(
        tuple(sorted({*verbs(plan), *(("keep", path) for path in kept)}, key=_by_path)),
        plan.pending,
        notes=(*recovered, *notes),
    )
    if not dry_run:
        commit(root, plan)
    return plan, report


def _by_path(row: tuple[str, str]) -> tuple[bool, str]:
    return row[1].startswith(f"{LEDGER}/"), row[1]


def _refuse_project(leaving: Application, others: Sequence[Application]) -> None:
    """Refuse to take away a whole project, or what other applications lean on."""
    if leaving.files and not others:
        return
    what = "the project itself can't be removed"
    step = "delete its folder"
    if leaving.files:
        what = "other applications need the project"
        step = f"first remove {', '.join(each.id for each in others)}"
    elif others:
        step = f"remove {', '.join(each.id for each in others)}, then delete its folder"
    raise NotReady(what, where=f"{LEDGER}/project", next_step=step)


def _refuse_edited(
    tree: Tree, leaving: Application, others: Sequence[Application]
) -> None:
    """Refuse where an entry that has to go was edited by hand, or can't be seen."""
    shared = {each.edit for other in others for each in other.woven}
    for woven in leaving.woven:
        if woven.found or woven.edit in shared:
            continue
        found = read_shared(tree, woven.edit.file)
        if found.hidden:
            what = f"an entry of {leaving.id} can't be taken out: {found.problem}"
            step = "fix that, then rerun"
            raise EditRefused(what, where=woven.edit.file, next_step=step)
        if _is_edited(tree, woven.edit):
            what = f"an entry of {leaving.id} was edited after it was inserted"
            raise EditRefused(
                what,
                where=woven.edit.file,
                next_step="take it out by hand, or restore it, then run the command "
                f"again. It was:\n{weave.by_hand(woven.edit)}",
            )


def _is_edited(tree: Tree, edit: Edit) -> bool:
    text = current(tree, edit.file)
    if text is None:
        return False
    try:
        return weave.presence(text, edit) == "equal"
    except EditRefused:
        return True


def _take_files(
    tree: Tree, leaving: Application, others: Sequence[Application], *, force: bool
) -> list[str]:
    """Take the application's files away; return those that were edited, and stay."""
    theirs = {each.path for other in others for each in other.files}
    kept = []
    for file in leaving.files:
        now = current(tree, file.path)
        if now is None or file.path in theirs:
            continue
        if force or is_as_made(now, file):
            tree.put(file.path, None)
        else:
            kept.append(file.path)
    return kept


def _take_created(tree: Tree, leaving: Application) -> None:
    """Take away shared files that are as the application made them: nothing is left."""
    for file in leaving.created:
        now = current(tree, file.path)
        if now is not None and is_as_made(now, file):
            tree.put(file.path, None)


def _refuse_needed(leaving: Application, unmet: set[tuple[str, Need]]) -> None:
    if unmet:
        who = sorted({application for application, _ in unmet})
        what = f"{leaving.id} is needed by {', '.join(who)}"
        raise StillNeeded(
            what,
            where=ledger.woven_path(who[0]),
            next_step=f"remove {', '.join(who)} first, or add it again without "
            f"{leaving.id.partition('-')[2]}",
        )
