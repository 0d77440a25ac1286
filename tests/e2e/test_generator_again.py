"""`sourcewright add` once more: recorded answers stand, and nothing goes unasked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from sourcewright import cli

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.e2e.conftest import Checkout

ANSWERS = ".sourcewright/source-orders_db/answers.yml"
ADD = ("add", "source", "orders_db")


@pytest.fixture
def project(
    acme: Checkout,
    copy_of: Callable[[Checkout], Checkout],
    plain_template: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Checkout:
    """A project with a source of a dialect and destinations that are no defaults."""
    made = copy_of(acme)
    monkeypatch.chdir(made.path)
    given = ["--set", "dialect=sqlite", "--set", "destinations=[adls, local]"]
    assert cli.run([*ADD, *given, "--template", str(plain_template)]) == 0
    made.commit()
    return made


@pytest.fixture
def again(
    project: Checkout, plain_template: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    del project

    def run(*options: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = cli.run([*ADD, *options, "--template", str(plain_template)])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def test_the_bare_command_changes_nothing(
    project: Checkout, again: Callable[..., tuple[int, str, str]]
) -> None:
    code, out, err = again()
    assert code == 0
    assert {line.split()[0] for line in out.splitlines()} == {"identical"}
    assert "->" not in err
    assert project.status() == []


def test_a_changed_answer_is_shown(
    project: Checkout, again: Callable[..., tuple[int, str, str]]
) -> None:
    code, _, err = again("--set", "dialect=duckdb")
    assert code == 0
    assert " note: dialect: sqlite -> duckdb\n" in err
    assert "dialect: duckdb\n" in project.read(ANSWERS)
    assert "destinations:\n- adls\n- local\n" in project.read(ANSWERS)
    # Of its files none is deleted; of the runtime what only SQLite needs.
    deleted = [each[3:] for each in project.status() if each.startswith(" D")]
    assert deleted == [
        "src/acme/runtime/sql/notations/sqlite.py",
        "src/acme/runtime/sql/sqlite.py",
    ]


def test_deleting_files_is_refused_and_names_them(
    project: Checkout, again: Callable[..., tuple[int, str, str]]
) -> None:
    code, _, err = again("--set", "destinations=[adls]")
    assert code == 1
    assert "flows/orders_db_to_local.py\n" in err
    assert "tasks/orders_db_batches_to_local.py\n" in err
    assert "--force" in err
    assert project.status() == []


def test_force_deletes_them_and_says_what_was_answered(
    project: Checkout, again: Callable[..., tuple[int, str, str]]
) -> None:
    code, out, err = again("--set", "destinations=[adls]", "--force", "--json")
    assert code == 0
    told = json.loads(out)
    assert told["notes"] == ['destinations: ["adls", "local"] -> ["adls"]']
    assert ' note: destinations: ["adls", "local"] -> ["adls"]\n' in err
    gone = [e["path"] for e in told["changes"] if e["verb"] == "remove"]
    assert "src/acme/orchestration/prefect/flows/orders_db_to_local.py" in gone
    assert not any((project.path / each).exists() for each in gone)
    assert "orders_db_to_local" not in project.read("prefect.yaml")
