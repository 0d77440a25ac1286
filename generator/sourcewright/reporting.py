"""Report what a plan does, one verb for each path, and lay it out as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sourcewright.changes import Plan, Report
from sourcewright.tree import LEDGER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sourcewright.changes import Pending


def report(plan: Plan) -> Report:
    """Return one verb for each path that changes, but for the ledger's own files."""
    done = tuple(
        (verb, path) for verb, path in verbs(plan) if not path.startswith(f"{LEDGER}/")
    )
    return Report(done, plan.pending)


def verbs(
    plan: Plan, touched: Iterable[str] = (), conflicts: Iterable[str] = ()
) -> tuple[tuple[str, str], ...]:
    """Return one verb for each path that changes or was touched, sorted by path."""
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
