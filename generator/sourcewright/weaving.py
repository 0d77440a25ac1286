"""Weave a project: read it, plan, commit, report; for the command and the task."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from sourcewright import ledger
from sourcewright.changes import Need, Pending, Plan, Report
from sourcewright.commit import commit, recover
from sourcewright.errors import EditRefused
from sourcewright.parts import settle
from sourcewright.plan import plan_weave, shared_paths
from sourcewright.project import line_width, read_shared
from sourcewright.tree import LEDGER, Tree
from sourcewright.weave.python_source import binds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from sourcewright.parts import Supply


def weave_tree(
    tree: Tree, supply: Supply | None = None
) -> tuple[tuple[tuple[str, Pending], ...], list[str]]:
    """Weave every application into the tree, and settle its parts.

    Returns what is left to do by hand, and notes. Without a supply no part is replaced.

    Raises:
        LedgerError: a file of the ledger does not say what it should.
        UnsafePath: an edit leads out of the project.
    """
    applications = ledger.read(tree)
    shared = {path: read_shared(tree, path) for path in shared_paths(applications)}
    plan = plan_weave(applications, shared, line_width(tree))
    for change in plan.changes:
        tree.put(change.path, change.after)
    stuck, notes = settle(tree, applications, supply)
    return (*plan.pending, *stuck), notes


def plan_project(root: Path) -> Plan:
    """Plan the weave of every application in a project; writes nothing.

    Raises:
        LedgerError: a file of the ledger does not say what it should.
        UnsafePath: an edit leads out of the project.
    """
    tree = Tree(root)
    pending, _ = weave_tree(tree)
    return tree.plan(pending)


def weave_project(
    root: Path,
    supply: Supply | None = None,
    *,
    moves: bool = True,
    dry_run: bool = False,
) -> tuple[Plan, Report]:
    """Plan the weave and commit it; with `dry_run`, only plan it.

    The parts of the runtime come from `supply`. Unless it `moves` them, a project that
    has parts of another version keeps them.

    Raises:
        SourcewrightError: what the user can fix; nothing was written.
    """
    recovered = recover(root, dry_run=dry_run)
    tree = Tree(root)
    held = ledger.read_held(tree).runtime
    if supply and not moves and held not in (None, supply.version):
        supply = None
    pending, notes = weave_tree(tree, supply)
    plan = tree.plan(pending)
    outcome = replace(
        report(plan), missing=tuple(missing(tree)), notes=(*recovered, *notes)
    )
    if not dry_run:
        commit(root, plan)
    return plan, outcome


def missing(tree: Tree) -> Iterator[tuple[str, Need]]:
    """Yield the names that applications import and that nothing in the project makes.

    Raises:
        LedgerError: a file of the ledger does not say what it should.
        UnsafePath: a need leads out of the project.
    """
    for application in ledger.read(tree):
        for need in application.needs:
            text = read_shared(tree, need.file).text
            with suppress(EditRefused):
                if text is not None and binds(text, need.name):
                    continue
            yield application.id, need


def report(plan: Plan) -> Report:
    """Give one verb for each path that changes; the ledger's own files are left out."""
    done = tuple(
        (verb, path) for verb, path in verbs(plan) if not path.startswith(f"{LEDGER}/")
    )
    return Report(done, plan.pending)


def verbs(
    plan: Plan, touched: Iterable[str] = (), conflicts: Iterable[str] = ()
) -> tuple[tuple[str, str], ...]:
    """Give one verb for each path that changes or was touched, sorted by path."""
    told = dict.fromkeys(touched, "identical")
    for change in plan.changes:
        verb = "remove" if change.after is None else "edit"
        told[change.path] = "create" if change.before is None else verb
    told |= dict.fromkeys(conflicts, "conflict")
    left = {each.edit.file for _, each in plan.pending}
    return tuple(
        (told[path], path)
        for path in sorted(told, key=lambda p: (p.startswith(f"{LEDGER}/"), p))
        if told[path] != "identical" or path not in left
    )


def lines_of(outcome: Report) -> list[str]:
    """Lay a report out as text, ready to print."""
    wide = max((len(each.answer) for each in outcome.facts), default=0)
    rows = [
        f"    using  {each.question + ':':<14}  {each.answer:<{wide}}  {each.why}"
        for each in outcome.facts
    ]
    rows += [f"{verb:>9}  {path}" for verb, path in outcome.done]
    if not outcome.done and not outcome.pending:
        rows.append("identical")
    told: set[Pending] = set()
    for _, each in outcome.pending:
        if each not in told:
            told.add(each)
            rows.append(f"  pending  {each.edit.file}: {each.reason}")
            rows.append(f"           {each.action} by hand:")
            rows += [f"             {row}".rstrip() for row in each.by_hand.split("\n")]
    for application, need in outcome.missing:
        rows.append(f"  missing  {need.name}, which {application} imports")
        rows.append(f"           to make it, apply the template with {need.answers}")
    return rows
