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


def test_what_is_kept_is_what_was_counted(tmp_path: Path) -> None:
    head = {"command": "make matrix", "date": "2026-11-22"}
    results.write("some", head, [{"what": "a", "points": 3, "wrong": 0}], tmp_path)
    kept = results.read(tmp_path / "some.md")
    assert kept.head == head
    assert kept.rows == [{"what": "a", "points": "3", "wrong": "0"}]


def test_the_kills_are_kept() -> None:
    assert "kill" in [path.stem for path in KEPT]


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_a_kept_result_says_what_was_run_and_that_nothing_was_wrong(path: Path) -> None:
    kept = results.read(path)
    assert kept.head["command"].startswith("make matrix")
    assert date.fromisoformat(kept.head["date"])
    # A commit, and nothing beside it.
    assert re.fullmatch("[0-9a-f]{12}", kept.head["commit"])
    assert re.fullmatch(r"[1-9][0-9]* passed, 0 failed", kept.head["tests"])
    assert kept.rows
    assert {row["wrong"] for row in kept.rows} == {"0"}


@pytest.mark.parametrize("command", ["new", "add", "remove", "update", "weave"])
def test_each_command_was_stopped_at_each_of_its_points(command: str) -> None:
    rows = results.read(results.RESULTS / "kill.md").rows
    of_it = {row["fault"]: row for row in rows if row["command"] == command}
    for row in of_it.values():
        assert int(row["before"]) + int(row["after"]) == int(row["points"])
    points = {of_it[fault]["points"] for fault in ("kill", "ENOSPC", "EACCES", "EIO")}
    assert len(points) == 1
    assert int(points.pop()) > 50
