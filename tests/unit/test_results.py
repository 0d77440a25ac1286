"""What the last whole sweeps counted: kept, well-formed, and nothing wrong."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

import pytest

from tests import results

if TYPE_CHECKING:
    from pathlib import Path

KEPT = sorted(results.RESULTS.glob("*.md"))


def test_what_is_kept_is_what_was_counted_last(tmp_path: Path) -> None:
    first = {"command": "make matrix", "date": "2026-11-22", "commit": "abc"}
    rows: list[dict[str, str | int]] = [
        {"what": what, "points": 3, "wrong": 1} for what in ("b", "a")
    ]
    results.write("some", first, rows, tmp_path)
    second = {"command": "make matrix SWEEPS=b", "date": "2026-11-23", "commit": "def"}
    results.write("some", second, [{"what": "b", "points": 4, "wrong": 0}], tmp_path)
    kept = results.read(tmp_path / "some.md")
    assert kept.head == {"command": "make matrix SWEEPS=b"}
    assert [list(row.values()) for row in kept.rows] == [
        ["a", "3", "1", "2026-11-22", "abc"],
        ["b", "4", "0", "2026-11-23", "def"],
    ]


def test_the_kills_are_kept() -> None:
    assert "kill" in [path.stem for path in KEPT]


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_a_kept_result_says_what_was_run_and_that_nothing_was_wrong(path: Path) -> None:
    kept = results.read(path)
    # A part may be swept by pytest alone, where it says so.
    command = kept.head["command"]
    assert re.match("make matrix|SOURCEWRIGHT_EVERY_POINT=1 pytest", command)
    assert re.fullmatch(r"[1-9][0-9]* passed, 0 failed", kept.head["tests"])
    assert kept.rows
    for row in kept.rows:
        assert row["wrong"] == "0"
        assert date.fromisoformat(row["date"])
        # A commit, and nothing beside it.
        assert re.fullmatch("[0-9a-f]{12}", row["commit"])


@pytest.mark.parametrize("command", ["new", "add", "remove", "update", "weave"])
def test_each_command_was_stopped_at_each_of_its_points(command: str) -> None:
    rows = results.read(results.RESULTS / "kill.md").rows
    of_it = {row["fault"]: row for row in rows if row["command"] == command}
    for row in of_it.values():
        assert int(row["before"]) + int(row["after"]) == int(row["points"])
    points = {of_it[fault]["points"] for fault in ("kill", "ENOSPC", "EACCES", "EIO")}
    assert len(points) == 1
    assert int(points.pop()) > 50
