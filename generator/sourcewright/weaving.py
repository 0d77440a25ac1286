"""Weave a project: read it, plan, commit, report; for the command and the task."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from sourcewright import ledger
from sourcewright.changes import Need, Pending, Plan, Report
from sourcewright.commit import commit
from sourcewright.errors import EditRefused
from sourcewright.plan import plan_weave, shared_paths
from sourcewright.project import LEDGER, line_width, read_shared
from sourcewright.weave.python_source import binds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def plan_project(root: Path) -> Plan:
    """Plan the weave of every application in a project; writes nothing.

    Raises:
        LedgerError: a file of the ledger does not say what it should.
        UnsafePath: an edit leads out of the project.
    """
    applications = ledger.read(root)
    shared = {path: read_shared(root, path) for path in shared_paths(applications)}
    return plan_weave(applications, shared, line_width(root))


def weave_project(root: Path, *, dry_run: bool = False) -> tuple[Plan, Report]:
    """Plan the weave and commit it; with `dry_run`, only plan it.

    Raises:
        SourcewrightError: what the user can fix; nothing was written.
    """
    plan = plan_project(root)
    if not dry_run:
        commit(root, plan)
    return plan, replace(report(plan), missing=tuple(missing(root)))


def missing(root: Path) -> Iterator[tuple[str, Need]]:
    """Yield the names that applications import and that nothing in the project makes.

    Raises:
        LedgerError: a file of the ledger does not say what it should.
        UnsafePath: a need leads out of the project.
    """
    for application in ledger.read(root):
        for need in application.needs:
            text = read_shared(root, need.file).text
            with suppress(EditRefused):
                if text is not None and binds(text, need.name):
                    continue
            yield application.id, need


def report(plan: Plan) -> Report:
    """Give one verb for each path that changes; the ledger's own files are left out."""
    done = tuple(
        ("edit", change.path)
        for change in plan.changes
        if not change.path.startswith(f"{LEDGER}/")
    )
    return Report(done, plan.pending)


def lines_of(outcome: Report) -> list[str]:
    """Lay a report out as text, ready to print."""
    rows = [f"{verb:>9}  {path}" for verb, path in outcome.done]
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
