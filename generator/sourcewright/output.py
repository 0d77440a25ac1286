"""Lay out what commands tell: as lines for people, as one JSON object for programs.

Nothing here prints. Every object has one form, whatever the command and however it
ends: docs/reference/output.schema.json. `schema` is its version.
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
    from sourcewright.errors import SourcewrightError

SCHEMA = 1

# An application, its component, and the address and version of its template.
Listed: TypeAlias = "tuple[Application, str, str | None, str | None]"


def diff(plan: Plan) -> str:
    """Return the unified diff of everything that the plan would write."""
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


def document(
    command: str | None,
    code: int,
    parts: dict[str, Any] | None = None,
    error: SourcewrightError | None = None,
) -> str:
    """Return the one object that a command prints: what happened, or why it didn't.

    `command` is None where the arguments name none.
    """
    data = {
        "schema": SCHEMA,
        "command": command,
        "exit_code": code,
        "error": error and _error(error),
        **(parts or {}),
    }
    return json.dumps(data, indent=2, ensure_ascii=False)


def _error(error: SourcewrightError) -> dict[str, str | None]:
    return {
        "type": type(error).__name__,
        "what": error.what,
        "where": error.where or None,
        "next": error.next_step or None,
        "files": error.files or None,
    }


def report_parts(
    outcome: Report, *, written: bool, shown: Plan | None
) -> dict[str, Any]:
    """Return what a command did, or would do: the plan to be shown, by --dry-run."""
    return {
        "written": written,
        "changes": [{"verb": verb, "path": path} for verb, path in outcome.done],
        "pending": [_pending(*each) for each in outcome.pending],
        "missing": [
            {"application": application, **asdict(need)}
            for application, need in outcome.missing
        ],
        "notes": list(outcome.notes),
        "facts": [asdict(each) for each in outcome.facts],
        "diff": shown and diff(shown),
    }


def list_parts(listed: Iterable[Listed]) -> dict[str, Any]:
    """Return the outcome of `list`."""
    return {
        "applications": [
            {
                "application": each.id,
                "component": component,
                "template": source,
                "version": version,
                "edits": len(each.edits),
                "woven": len(each.woven),
                "pending": len(each.pending),
            }
            for each, component, source, version in listed
        ]
    }


def list_lines(listed: Iterable[Listed]) -> list[str]:
    """Return one line for each application."""
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


def check_parts(findings: Iterable[Finding]) -> dict[str, Any]:
    """Return the outcome of `check`."""
    return {
        "findings": [
            {
                "code": each.code,
                "where": each.where,
                "what": each.what,
                "next": each.next_step,
            }
            for each in findings
        ]
    }


def check_lines(findings: Iterable[Finding]) -> list[str]:
    """Return the findings, each with what to do; one line when there is none."""
    rows: list[str] = []
    for each in findings:
        rows.append(f"{each.code}  {each.where}: {each.what}")
        rows += [f"       {row}".rstrip() for row in each.next_step.split("\n")]
    return rows or ["all checks passed"]
