"""What the last whole sweeps counted: kept, well-formed, and nothing wrong."""

from __future__ import annotations

import ast
import re
from datetime import date
from pathlib import Path

import pytest

from tests import results

TESTS = Path(__file__).resolve().parents[1]
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


def _sweeps() -> set[str]:
    """Return the names that the tests tell their counts under."""
    found = set()
    for path in TESTS.rglob("*.py"):
        text = path.read_text("utf-8")
        # What is generated, and what is woven into, has no sweeps.
        if path.is_relative_to(TESTS / "reference") or "keep(" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "keep":
                # A sweep's counts are named; what else is called keep has none.
                found |= {ast.literal_eval(e) for e in node.args if node.keywords}
    return found


def test_every_sweep_is_kept_and_what_is_kept_is_a_sweep() -> None:
    assert {path.stem for path in KEPT} == _sweeps()


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_a_kept_result_says_what_was_run_and_that_nothing_was_wrong(path: Path) -> None:
    kept = results.read(path)
    assert kept.head["command"].startswith("make matrix")
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
