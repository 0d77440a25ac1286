"""Weave a whole project: read it, decide, write, report."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sourcewright import ledger
from sourcewright.deciding.shared import missing, plan_shared
from sourcewright.reporting import report
from sourcewright.tree import Tree
from sourcewright.writing.commit import commit, recover

if TYPE_CHECKING:
    from pathlib import Path

    from sourcewright.changes import Plan, Report
    from sourcewright.deciding.parts import Supply


def weave(
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
    pending, notes = plan_shared(tree, supply)
    plan = tree.plan(pending)
    outcome = replace(
        report(plan), missing=tuple(missing(tree)), notes=(*recovered, *notes)
    )
    if not dry_run:
        commit(root, plan)
    return plan, outcome
