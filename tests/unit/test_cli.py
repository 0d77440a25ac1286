"""The command line, on real folders: what it prints, and how it exits."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from sourcewright import cli

from tests import json_output

if TYPE_CHECKING:
    from pathlib import Path

EDITS = """\
version: 1
edits:
  - {edit: dependency, file: pyproject.toml, requirement: b>=1}
"""
GIVEN = '[project]\ndependencies = ["a"]\n'


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".sourcewright/source-b").mkdir(parents=True)
    (tmp_path / ".sourcewright/source-b/edits.yml").write_text(EDITS)
    (tmp_path / "pyproject.toml").write_text(GIVEN)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_ctrl_c_stops_with_the_code_that_shells_know(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def pressed(_root: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sourcewright.ledger.read", pressed)
    assert cli.run(["list"]) == 130
    assert capsys.readouterr().err.strip() == "stopped"


def test_what_a_project_says_does_not_steer_the_terminal(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hostile = EDITS.replace("pyproject.toml", '"a\\e]0;mine\\a\\u202e.toml"')
    (project / ".sourcewright/source-b/edits.yml").write_text(hostile)
    assert cli.run(["weave"]) == 4
    told = "".join(capsys.readouterr())
    assert r"pending  a\x1b]0;mine\x07\u202e.toml: there is no such file" in told
    assert not {"\x1b", "\x07", "\u202e"} & set(told)


def test_weave_edits_then_says_identical(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["check"]) == 1
    assert cli.run(["weave"]) == 0
    assert "     edit  pyproject.toml" in capsys.readouterr().out
    assert '["a", "b>=1"]' in (project / "pyproject.toml").read_text()
    assert cli.run(["weave"]) == 0
    assert capsys.readouterr().out == "identical\n"
    assert cli.run(["check"]) == 0
    assert cli.run(["list"]) == 0
    assert "source-b  source  no version  1 woven, 0 pending" in capsys.readouterr().out


def test_a_dry_run_shows_what_would_be_written_and_writes_nothing(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["weave", "--dry-run"]) == 0
    out = capsys.readouterr().out
    assert '-dependencies = ["a"]\n+dependencies = ["a", "b>=1"]\n' in out
    assert "+++ b/.sourcewright/source-b/woven.yml" in out
    assert (project / "pyproject.toml").read_text() == GIVEN
    assert not (project / ".sourcewright/source-b/woven.yml").exists()


def test_the_dry_run_is_a_patch_that_git_applies_to_the_same_result(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "pyproject.toml").write_bytes(GIVEN.rstrip().encode())
    cli.run(["weave", "--dry-run", "--json"])
    diff = json_output.read(capsys.readouterr().out)["diff"]
    command = ["git", "apply", "-"]
    subprocess.run(command, cwd=project, input=diff.encode(), check=True)
    capsys.readouterr()
    assert cli.run(["weave"]) == 0
    assert "identical" in capsys.readouterr().out


def test_what_is_left_to_do_exits_with_4_and_tells_the_lines(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "pyproject.toml").unlink()
    assert cli.run(["weave"]) == 4
    out = capsys.readouterr().out
    assert "pending  pyproject.toml: there is no such file" in out
    assert 'dependencies = ["b>=1"]' in out
    assert cli.run(["check"]) == 1
    capsys.readouterr()
    assert cli.run(["weave", "--json"]) == 4
    told = json_output.read(capsys.readouterr().out)
    assert told["schema"] == 1
    assert told["pending"][0]["edit"]["requirement"] == "b>=1"


def test_what_the_user_can_fix_exits_with_1_and_no_traceback(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = project / ".sourcewright/source-b/edits.yml"
    path.write_text(EDITS.replace("pyproject.toml", "../pyproject.toml"))
    assert cli.run(["weave"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("error: ")
    assert "Nothing was written." in err
    assert "Traceback" not in err


def test_an_entry_that_was_edited_by_hand_is_named_and_left_alone(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["weave"]) == 0
    edited = (project / "pyproject.toml").read_text().replace("b>=1", "b>=0.5")
    (project / "pyproject.toml").write_text(edited)
    assert cli.run(["weave"]) == 4
    assert 'it asks for "b>=0.5" already' in capsys.readouterr().out
    assert (project / "pyproject.toml").read_text() == edited
    assert cli.run(["check"]) == 1
    assert "SW102  pyproject.toml" in capsys.readouterr().out


def test_usage_exits_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["waeve"]) == 2
    assert cli.run(["weave", "--dri-run"]) == 2
    assert "No such" in capsys.readouterr().err


def test_a_bug_exits_with_3_and_a_traceback(
    project: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    del project
    monkeypatch.setattr("sourcewright.commands.weave.plan_shared", None)
    assert cli.run(["weave"]) == 3
    assert "Traceback" in capsys.readouterr().err


def test_help_imports_nothing_that_commands_need() -> None:
    code = (
        "import sys; from sourcewright.cli import run; run(['--help']);"
        "sys.exit(bool({'yaml', 'copier', 'packaging'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
