"""What holds of a command that was stopped: each tells what is wrong, or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sourcewright import cli

from tests.kills.command import NEXT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kills.command import Command, Ended

UNTOUCHED = ("Every file is as it was.", "Nothing was written.")


def next_command(root: Path) -> None:
    """Run what comes next, in this process: a command that has nothing else to do."""
    if root.exists():
        assert cli.run([*NEXT, "--project", str(root)]) == 1


def unlike_an_error(said: str) -> str:
    """Tell what an error message lacks: what, where, what next, what of the files."""
    rows = said.rstrip().splitlines()
    lacking = [
        part
        for part in ("error: ", "where: ", " next: ")
        if not any(row.startswith(part) for row in rows)
    ]
    if not rows or rows[-1].strip() not in UNTOUCHED:
        lacking.append("what became of the files")
    return f"the message lacks {lacking}: {said}" if lacking else ""


def unexpected(done: Ended, *codes: int) -> str:
    """Tell where a command ended otherwise than it may."""
    if done.code in codes and "Traceback" not in done.said:
        return ""
    return f"exit code {done.code}: {done.said}"


def contradiction(command: Command, done: Ended) -> str:
    """Tell where an exit code says otherwise than the project."""
    if (command.stands() == command.before) == (done.code == 1):
        return ""
    return f"exit code {done.code} says otherwise: {done.said}"
