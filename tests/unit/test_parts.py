"""Parts of the runtime: they come, follow, merge and leave, in memory and with git."""

from __future__ import annotations

import subprocess
import tomllib
from typing import TYPE_CHECKING

import pytest
from sourcewright import cli, ledger
from sourcewright.changes import Application, Parts
from sourcewright.deciding import parts
from sourcewright.errors import LedgerError
from sourcewright.tree import Tree

from tests.golden import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = "src/acme/runtime"
OLD = parts.supply_of(
    {
        "runtime": {
            "__init__.py": '"""Version 1.0.0."""\n',
            "core.py": "import os\n\nCORE = 1\n\n\ndef f():\n    return os\n",
            "sql/__init__.py": '"""SQL."""\n',
            "sql/source.py": "from ..core import CORE\n",
            "sql/postgresql.py": "from . import source\nfrom .words import X, words\n",
            "sql/words/__init__.py": "X = 1\n",
            "sql/words/words.py": "from ... import core\n",
            "rest.py": "from .core import CORE\n",
        }
    },
    "",
)
NEW = parts.supply_of(
    {
        "runtime": {
            **OLD.texts["runtime"],
            "__init__.py": '"""Version 1.1.0."""\n',
            "core.py": "import os\n\nCORE = 2\n\n\ndef f():\n    return os\n",
            "extra.py": "",
            "rest.py": "from .core import CORE\nfrom .extra import *\n",
        }
    },
    "",
)
SQL = Application("source-a", parts=(Parts("runtime", FOLDER, ("sql.postgresql",)),))
REST = Application("source-b", parts=(Parts("runtime", FOLDER, ("rest",)),))
OF_SQL = {
    *("__init__.py", "core.py", "sql/__init__.py", "sql/source.py"),
    *("sql/postgresql.py", "sql/words/__init__.py", "sql/words/words.py"),
}
CORE = f"{FOLDER}/core.py"


def _git(folder: Path, *arguments: str) -> None:
    own = ["-c", "user.name=A", "-c", "user.email=a@b.example"]
    subprocess.run(["git", *own, *arguments], cwd=folder, check=True)


def _settle(
    root: Path, *applications: Application, supply: parts.Supply | None = None
) -> tuple[list[str], list[str]]:
    """Settle the parts on the disk; return the reasons of what is stuck, and notes."""
    tree = Tree(root)
    pending, notes = parts.settle(tree, applications, supply)
    for change in tree.plan().changes:
        place = root / change.path
        if change.after is None:
            place.unlink()
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(change.after)
    return [each.reason for _, each in pending], notes


def _held(root: Path) -> dict[str, str]:
    return {
        each.relative_to(root / FOLDER).as_posix(): each.read_text()
        for each in root.rglob("*.py")
    }


def test_the_runtime_has_the_version_of_sourcewright() -> None:
    supply = parts.read_supply(REPOSITORY)
    assert supply
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
    assert supply.version == project["project"]["version"]


def test_a_module_needs_what_it_imports_and_its_folders() -> None:
    texts = OLD.texts["runtime"]
    assert parts.closure(texts, ["sql.postgresql"]) == (OF_SQL, set())
    assert parts.closure(texts, ["rest"])[0] == {"__init__.py", "core.py", "rest.py"}
    found, missing = parts.closure(texts, ["sql.words.words", "lost.one"])
    assert found >= {"sql/words/words.py", "core.py"}
    assert missing == {"lost.one"}


def test_parts_come_with_the_first_and_leave_with_the_last(tmp_path: Path) -> None:
    assert _settle(tmp_path, SQL, supply=OLD) == ([], [])
    assert set(_held(tmp_path)) == OF_SQL
    assert _settle(tmp_path, SQL, REST, supply=OLD) == ([], [])
    assert set(_held(tmp_path)) == {*OF_SQL, "rest.py"}
    assert _settle(tmp_path, REST) == ([], [])
    assert set(_held(tmp_path)) == {"__init__.py", "core.py", "rest.py"}
    assert _settle(tmp_path) == ([], [])
    assert not [each for each in tmp_path.rglob("*") if each.is_file()]


def test_the_record_has_the_ids_that_git_gives(tmp_path: Path) -> None:
    _git(tmp_path, "init", "-q")
    _settle(tmp_path, SQL, supply=OLD)
    held = ledger.read_held(Tree(tmp_path))
    assert held.runtime == "1.0.0"
    told = subprocess.run(
        ["git", "hash-object", *held.files],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert told.split() == list(held.files.values())


def test_all_parts_change_together(tmp_path: Path) -> None:
    _settle(tmp_path, SQL, REST, supply=OLD)
    assert _settle(tmp_path, SQL, REST, supply=NEW) == ([], [])
    assert _held(tmp_path) == {
        each: NEW.texts["runtime"][each] for each in {*OF_SQL, "rest.py", "extra.py"}
    }
    assert ledger.read_held(Tree(tmp_path)).runtime == "1.1.0"


def test_an_older_template_replaces_nothing(tmp_path: Path) -> None:
    _settle(tmp_path, SQL, supply=NEW)
    before = _held(tmp_path)
    (reason,), _ = _settle(tmp_path, SQL, REST, supply=OLD)
    assert "1.0.0" in reason
    assert "1.1.0" in reason
    assert _held(tmp_path) == before
    assert _settle(tmp_path, SQL, supply=OLD) == ([], [])
    assert _held(tmp_path) == before
    assert ledger.read_held(Tree(tmp_path)).runtime == "1.1.0"


def test_an_edited_part_is_kept_and_named(tmp_path: Path) -> None:
    _settle(tmp_path, SQL, supply=OLD)
    (tmp_path / CORE).write_text("CORE = 7\n")
    _, (note,) = _settle(tmp_path, SQL, REST, supply=OLD)
    assert note == f"{CORE} was edited: it is kept as it is"
    assert _held(tmp_path)["core.py"] == "CORE = 7\n"
    _, (note,) = _settle(tmp_path)
    assert note == f"{CORE} was edited: it stays, but nothing uses it"
    assert _held(tmp_path) == {"core.py": "CORE = 7\n"}


def test_a_newer_part_is_merged_with_an_edit_from_what_git_has(tmp_path: Path) -> None:
    _git(tmp_path, "init", "-q")
    _settle(tmp_path, SQL, supply=OLD)
    _git(tmp_path, "add", "-A")
    _git(tmp_path, "commit", "-q", "-m", "parts")
    mine = OLD.texts["runtime"]["core.py"].replace("return os", "return os.name")
    (tmp_path / CORE).write_text(mine)
    stuck, (note,) = _settle(tmp_path, SQL, supply=NEW)
    assert not stuck
    assert note == f"{CORE} was edited: your change was merged"
    assert _held(tmp_path)["core.py"] == mine.replace("CORE = 1", "CORE = 2")
    # The record has the template's text, so that the edit is still known as one.
    again = _settle(tmp_path, SQL, supply=NEW)
    assert again == ([], [f"{CORE} was edited: it is kept as it is"])


@pytest.mark.parametrize("committed", [True, False])
def test_on_a_conflict_no_part_moves(committed: bool, tmp_path: Path) -> None:  # noqa: FBT001
    _settle(tmp_path, SQL, supply=OLD)
    if committed:
        _git(tmp_path, "init", "-q")
        _git(tmp_path, "add", "-A")
        _git(tmp_path, "commit", "-q", "-m", "parts")
    (tmp_path / CORE).write_text("CORE = 7\n")
    before = _held(tmp_path)
    record = ledger.read_held(Tree(tmp_path))
    (reason,), _ = _settle(tmp_path, SQL, REST, supply=NEW)
    assert "changes the same lines" in reason
    assert _held(tmp_path) == before
    assert ledger.read_held(Tree(tmp_path)) == record


def test_a_file_in_the_place_of_a_part_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / CORE).parent.mkdir(parents=True)
    (tmp_path / CORE).write_text("mine\n")
    (reason,), _ = _settle(tmp_path, SQL, supply=OLD)
    assert "is not Sourcewright's" in reason
    assert _held(tmp_path) == {"core.py": "mine\n"}


def test_a_checkout_with_other_newlines_is_not_an_edit(tmp_path: Path) -> None:
    _settle(tmp_path, SQL, supply=OLD)
    for each in tmp_path.rglob("*.py"):
        each.write_bytes(each.read_bytes().replace(b"\n", b"\r\n"))
    assert _settle(tmp_path, SQL, supply=OLD) == ([], [])
    assert _settle(tmp_path) == ([], [])
    assert _held(tmp_path) == {}


def test_code_without_its_parts_is_found_and_supplied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As `copier copy -T` leaves it."""
    edits = tmp_path / ".sourcewright/source-a/edits.yml"
    edits.parent.mkdir(parents=True)
    edits.write_text(
        "version: 1\nedits: []\nparts:\n"
        f"  - {{from: runtime, folder: {FOLDER}, modules: [sql.postgresql]}}\n"
    )
    monkeypatch.chdir(tmp_path)
    assert cli.run(["check"]) == 1
    told = capsys.readouterr().out
    assert f"{FOLDER}: source-a: sql.postgresql is not in the project" in told
    assert "sourcewright weave" in told
    assert cli.run(["weave"]) == 0
    assert (tmp_path / FOLDER / "sql/postgresql.py").is_file()
    assert cli.run(["check"]) == 0
    assert cli.run(["weave"]) == 0
    assert "identical\n" in capsys.readouterr().out


ODD = {
    "no version": "files: {}\n",
    "a version that is none": "runtime: new\nfiles: {}\n",
    "files that are a list": "runtime: 1.0.0\nfiles: [a]\n",
    "an id that is a number": "runtime: 1.0.0\nfiles: {a: 1}\n",
}


@pytest.mark.parametrize("case", ODD)
def test_an_odd_record_is_an_error_of_the_project(case: str, tmp_path: Path) -> None:
    (tmp_path / ".sourcewright").mkdir()
    (tmp_path / ledger.HELD).write_text(f"version: 1\n{ODD[case]}")
    with pytest.raises(LedgerError, match=r"runtime\.yml"):
        _settle(tmp_path, SQL, supply=OLD)
