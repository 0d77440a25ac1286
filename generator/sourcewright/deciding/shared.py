"""Decide what the files hold that applications share: their entries, and the parts."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from sourcewright import ledger
from sourcewright.deciding.entries import plan_entries, shared_paths
from sourcewright.deciding.parts import settle
from sourcewright.errors import EditRefused
from sourcewright.reading.project import line_width, read_shared
from sourcewright.tree import Tree
from sourcewright.weave.python_source import binds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sourcewright.changes import Need, Pending, Plan
    from sourcewright.deciding.parts import Supply


def plan_shared(
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
    plan = plan_entries(applications, shared, line_width(tree))
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
    pending, _ = plan_shared(tree)
    return tree.plan(pending)


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
