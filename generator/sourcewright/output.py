"""Lay out what commands tell: as lines for people, as one JSON object for programs.

Nothing here prints. `schema` in each object is the version of its form.
"""

from __future__ import annotations

import difflib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeAlias

from sourcewright import ledger
from sourcewright.weave.splice import normalized

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sourcewright.changes import Application, FileChange, Pending, Plan, Report
    from sourcewright.checks.finding import Finding

SCHEMA = 1

# An application, its component, and the address and version of its template.
Listed: TypeAlias = "tuple[Application, str, str | None, str | None]"


def diff(plan: Plan) -> str:
    """Give the unified diff of everything that the plan would write."""
    return "".join(line for change in plan.changes for line in _diff(change))


def _diff(change: FileChange) -> Iterator[str]:
    before, after = (_rows(text) for text in (change.before, change.after))
    old = "/dev/null" if change.before is None else f"a/{change.path}"
    new = "/dev/null" if change.after is None else f"b/{change.path}"
    for row in difflib.unified_diff(before, after, old, new):
        yield row if row.endswith("\n") else f"{row}\n\\ No newline at end of file\n"


def _rows(text: str | None) -> list[str]:
    """Split at newlines, which stay; a carriage return is a part of its row."""
    rows = (text or "").split("\n")
    return [*(f"{row}\n" for row in rows[:-1]), *([rows[-1]] if rows[-1] else [])]


def _pending(application: str, pending: Pending) -> dict[str, Any]:
    return {
        "application": application,
        "edit": ledger.as_data(pending.edit),
        "action": pending.action,
        "reason": pending.reason,
        "by_hand": normalized(pending.by_hand),
    }


def report_json(command: str, plan: Plan, outcome: Report, *, dry_run: bool) -> str:
    """Give the outcome of a command that writes."""
    conflicts = any(verb == "conflict" for verb, _ in outcome.done)
    return _dump(
        {
            "schema": SCHEMA,
            "command": command,
            "written": not dry_run and (not conflicts or command == "update"),
            "changes": [{"verb": verb, "path": path} for verb, path in outcome.done],
            "pending": [_pending(*each) for each in outcome.pending],
            "missing": [
                {"application": application, **asdict(need)}
                for application, need in outcome.missing
            ],
            "notes": list(outcome.notes),
            "diff": diff(plan) if dry_run else None,
        }
    )


def list_json(listed: Iterable[Listed]) -> str:
    """Give the outcome of `list`."""
    return _dump(
        {
            "schema": SCHEMA,
            "command": "list",
            "applications": [
                {
                    "application": each.id,
                    "component": component,
                    "template": source,
                    "version": version,
                    "edits": None if each.edits is None else len(each.edits),
                    "woven": len(each.woven),
                    "pending": len(each.pending),
                }
                for each, component, source, version in listed
            ],
        }
    )


def list_lines(listed: Iterable[Listed]) -> list[str]:
    """Give one line for each application."""
    rows = list(listed)
    if not rows:
        return ["no application: this folder has no .sourcewright/"]
    width = max(len(each.id) for each, *_ in rows)
    long = max(len(component) for _, component, *_ in rows)
    return [
        f"{each.id:<{width}}  {component:<{long}}  {version or 'no version'}  "
        f"{len(each.woven)} woven, {len(each.pending)} pending"
        for each, component, _, version in rows
    ]


def check_json(findings: Iterable[Finding]) -> str:
    """Give the outcome of `check`."""
    return _dump(
        {
            "schema": SCHEMA,
            "command": "check",
            "findings": [
                {
                    "code": each.code,
                    "where": each.where,
                    "what": each.what,
                    "next": each.next_step,
                }
                for each in findings
            ],
        }
    )


def check_lines(findings: Iterable[Finding]) -> list[str]:
    """Give the findings, each with what to do; one line when there is none."""
    rows: list[str] = []
    for each in findings:
        rows.append(f"{each.code}  {each.where}: {each.what}")
        rows += [f"       {row}".rstrip() for row in each.next_step.split("\n")]
    return rows or ["all checks passed"]


def _dump(data: dict[str, Any]) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False)
