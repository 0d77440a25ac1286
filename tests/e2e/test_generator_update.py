"""`sourcewright update`: every application, by Copier's merge, whole or not at all."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sourcewright import cli

from tests import json_output
from tests.e2e.conftest import point_at

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.e2e.conftest import Checkout, Copier, Shell

TASK = "src/acme/orchestration/prefect/tasks/postgresql.py"
README = "README.md"
EDITS = "template/destination/.sourcewright/{{ application }}/edits.yml.jinja"


@pytest.fixture
def newer(
    template: Checkout,
    copy_of: Callable[[Checkout], Checkout],
) -> Checkout:
    """The template with a version that every application was made of."""
    made = copy_of(template)
    made.release("v1.0.0")
    return made


@pytest.fixture
def project(
    acme: Checkout,
    newer: Checkout,
    copy_of: Callable[[Checkout], Checkout],
    shell: Shell,
    monkeypatch: pytest.MonkeyPatch,
) -> Checkout:
    made = copy_of(acme)
    point_at(made, newer, "v1.0.0")
    monkeypatch.chdir(made.path)
    for key, value in shell.environment.items():
        if key != "PATH":
            monkeypatch.setenv(key, value)
    return made


def change(template: Checkout) -> None:
    """Change what every application of the project is made of, and release it."""
    for path, old, new in (
        (
            "template/project/README.md.jinja",
            "# {{ project_name }}",
            "# Our {{ project_name }}",
        ),
        ("template/kinds/connectors/source_task.py.jinja", "retries=3", "retries=5"),
        ("template/kinds/table.yml", "adlfs>=2026.4", "adlfs>=2026.5"),
    ):
        template.replace(path, old, new)
    template.release("v2.0.0")


def test_every_application_is_updated_in_one_command(
    project: Checkout, newer: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = project.read(TASK) + "# mine\n"
    project.write(TASK, mine)
    project.commit("mine")
    change(newer)
    assert cli.run(["update", "--trust"]) == 0
    assert "     edit  pyproject.toml" in capsys.readouterr().out
    assert project.read(README).startswith("# Our Acme Pipelines\n")
    assert "adlfs>=2026.5" in project.read("pyproject.toml")
    assert "adlfs>=2026.4" not in project.read("pyproject.toml")
    assert project.read(TASK) == mine.replace("retries=3", "retries=5")
    for name in ("project", "destination-adls", "source-postgresql"):
        answers = project.read(f".sourcewright/{name}/answers.yml")
        assert "_commit: v2.0.0\n" in answers
    capsys.readouterr()
    assert cli.run(["list"]) == 0
    assert "postgresql  source       v2.0.0  " in capsys.readouterr().out
    project.commit("updated")
    assert cli.run(["update", "--trust"]) == 0
    assert capsys.readouterr().out == "identical\n"
    assert project.status() == []


def test_one_application_is_updated_alone_and_the_diff_is_shown_first(
    project: Checkout, newer: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    change(newer)
    assert cli.run(["update", "--trust", "adls", "--dry-run", "--json"]) == 0
    told = json_output.read(capsys.readouterr().out)
    assert project.status() == []
    assert cli.run(["update", "--trust", "adls"]) == 0
    changed = {line[3:] for line in project.status()}
    assert changed == {each["path"] for each in told["changes"]}
    assert "pyproject.toml" in changed
    assert README not in changed


def test_a_conflict_is_never_a_success_and_git_has_it_as_copier_leaves_it(
    project: Checkout,
    newer: Checkout,
    copier: Copier,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    project.replace(README, "# Acme Pipelines", "# My own title")
    project.commit("mine")
    change(newer)
    project.git("clone", "--quiet", str(project.path), str(tmp_path / "theirs"))
    theirs = replace(project, path=tmp_path / "theirs")
    copier.update(theirs.path, "project")
    assert cli.run(["update", "--trust"]) == 4
    assert f"conflict  {README}\n" in capsys.readouterr().out
    text = project.read(README)
    assert "<<<<<<<" in text
    assert "# My own title" in text
    assert "# Our Acme Pipelines" in text
    unmerged = project.git("ls-files", "--unmerged")
    assert unmerged == theirs.git("ls-files", "--unmerged")
    assert [row.split()[2:] for row in unmerged.splitlines()] == [
        [stage, README] for stage in "123"
    ]
    assert text == theirs.read(README)
    done = project.shell.run("git", "commit", "-m", "x", folder=project.path)
    assert "unmerged files" in done.stdout
    # The others are done all the same.
    assert "adlfs>=2026.5" in project.read("pyproject.toml")


def test_a_dirty_checkout_is_refused(
    project: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    project.write("notes.txt", "mine")
    before = project.status()
    assert cli.run(["update", "--trust"]) == 1
    assert "needs a clean git checkout" in capsys.readouterr().err
    assert project.status() == before


def test_a_template_that_is_not_in_git_is_refused(
    project: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    path = ".sourcewright/source-postgresql/answers.yml"
    project.replace(path, "_commit: v1.0.0\n", "")
    project.commit()
    assert cli.run(["update", "--trust"]) == 1
    told = capsys.readouterr().err
    assert "source-postgresql comes from a template that is not in git" in told
    assert project.status() == []


def test_a_template_that_is_gone_is_said_and_nothing_is_written(
    project: Checkout, newer: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    change(newer)
    path = ".sourcewright/source-postgresql/answers.yml"
    project.replace(path, str(newer.path), "/nowhere/to/be/found")
    project.commit()
    # The project and the destination could be updated: nothing is written all the same.
    assert cli.run(["update", "--trust"]) == 1
    assert "source-postgresql can't be updated" in capsys.readouterr().err
    assert project.status() == []


def test_what_git_ignores_is_never_lost_and_named(
    project: Checkout, newer: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    # Never the template's; once the template's; and what the template will bring.
    mine = {".env": "SECRET=1\n", TASK: "# mine\n", "local/notes.md": "mine\n"}
    project.write(".gitignore", project.read(".gitignore") + f"{TASK}\n/local/\n")
    project.git("rm", "--quiet", "--cached", TASK)
    project.commit("not in git")
    for path, text in mine.items():
        project.write(path, text)
    assert project.status() == []
    change(newer)
    for name in ("notes.md", "other.md"):
        newer.write(f"template/project/local/{name}", "the template's\n")
    newer.release("v3.0.0")
    assert cli.run(["update", "--trust"]) == 4
    told = capsys.readouterr()
    assert {path: project.read(path) for path in mine} == mine
    assert project.read("local/other.md") == "the template's\n"
    assert "conflict  local/notes.md\n" in told.out
    assert "local/notes.md is ignored by git: the template's was not" in told.err
    assert f"{TASK} is ignored by git: it is as it was, not updated" in told.err
