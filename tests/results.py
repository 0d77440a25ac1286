"""What a sweep counted, kept in the repository: one file for each in tests/matrix/.

A test of a sweep tells its counts by the fixture `keep`; where pytest is run with
`--keep-results`, as `make matrix` does, they are written when all tests are over. A run
of a part of a sweep replaces that part's rows: each row has its own date and commit.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

RESULTS = Path(__file__).with_name("matrix")


class Keep(Protocol):
    """Keep one row of a sweep: what was tried, and the counts; `wrong` is one."""

    def __call__(self, sweep: str, /, **row: str | int) -> None:
        """Keep the row; the columns are those of the sweep's other rows."""


@dataclass(frozen=True)
class Result:
    """One sweep's last result, as its file says it."""

    head: dict[str, str]
    rows: list[dict[str, str]]


def write(
    sweep: str,
    head: dict[str, str],
    rows: list[dict[str, str | int]],
    folder: Path = RESULTS,
) -> None:
    """Write a sweep's file: what was run last, and a table of its rows.

    A row of a former run stays where no new one has the same texts. `date` and `commit`
    of the head go into the new rows.
    """
    head = dict(head)
    run = {key: head.pop(key) for key in ("date", "commit")}
    columns = [*rows[0], *run]
    texts = [key for key, value in rows[0].items() if isinstance(value, str)]
    path = folder / f"{sweep}.md"
    former = read(path).rows if path.exists() else []
    told: list[dict[str, str | int]] = [dict(row) for row in former]
    told += [{**row, **run} for row in rows]
    # The later of two with the same texts stays.
    by_texts = {tuple(str(row[key]) for key in texts): row for row in told}
    counts = [isinstance(rows[0].get(each), int) for each in columns]
    lines = [f"# The last whole sweep: {sweep}", ""]
    lines += [f"- {key}: {value}" for key, value in head.items()]
    lines += ["", _row(columns), _row(["--:" if each else "---" for each in counts])]
    lines += [
        _row([str(row[each]) for each in columns])
        for _, row in sorted(by_texts.items())
    ]
    folder.mkdir(exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def read(path: Path) -> Result:
    """Read a sweep's file; what is no line of the head or the table is left out."""
    lines = path.read_text("utf-8").splitlines()
    head = dict(line[2:].split(": ", 1) for line in lines if line.startswith("- "))
    table = [line.strip("| ").split(" | ") for line in lines if line.startswith("|")]
    columns, _, *rows = table
    return Result(head, [dict(zip(columns, row, strict=True)) for row in rows])


def commit() -> str:
    """Name the commit that is checked out, and whether there is more than it."""
    folder = Path(__file__).parent

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], cwd=folder, capture_output=True, text=True, check=True
        ).stdout.strip()

    others = git("status", "--porcelain", "--", ":(top)", ":(top,exclude)tests/matrix")
    return git("rev-parse", "--short=12", "HEAD") + (" and changes" if others else "")


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
