"""`sourcewright update` runs the tasks of templates that are known, and of no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml
from sourcewright import cli
from sourcewright.rendering import render

from tests.e2e.conftest import point_at

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.e2e.conftest import Checkout

RAN = "a-task-ran"


@pytest.fixture
def theirs(
    template: Checkout, copy_of: Callable[[Checkout], Checkout], tmp_path: Path
) -> Checkout:
    """Another copy of the template, whose task leaves a mark."""
    made = copy_of(template)
    mark = tmp_path / RAN
    made.replace("copier.yml", "_tasks:\n", f"_tasks:\n  - touch {mark}\n")
    made.release("v1.0.0")
    return made


@pytest.fixture
def project(
    acme: Checkout,
    theirs: Checkout,
    copy_of: Callable[[Checkout], Checkout],
    monkeypatch: pytest.MonkeyPatch,
) -> Checkout:
    made = copy_of(acme)
    point_at(made, theirs, "v1.0.0")
    for key, value in acme.shell.environment.items():
        if key != "PATH":
            monkeypatch.setenv(key, value)
    monkeypatch.chdir(made.path)
    return made


@pytest.mark.parametrize("options", [[], ["--dry-run"], ["adls"]])
def test_a_template_that_only_the_project_names_is_refused_with_its_address(
    options: list[str],
    project: Checkout,
    theirs: Checkout,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.run(["update", *options]) == 1
    said = capsys.readouterr().err
    assert f"{theirs.path} is a template that only this project names" in said
    assert f"--template {theirs.path}" in said
    assert not (tmp_path / RAN).exists()
    assert project.status() == []


@pytest.mark.parametrize("options", [["--trust"], ["--template"]])
def test_what_the_user_names_or_trusts_may_run(
    options: list[str], project: Checkout, theirs: Checkout, tmp_path: Path
) -> None:
    named = [str(theirs.path)] if options == ["--template"] else []
    assert cli.run(["update", "adls", *options, *named]) == 0
    assert (tmp_path / RAN).exists()
    assert project.status() == []


def test_another_template_that_is_named_admits_no_third(
    project: Checkout, template: Checkout, tmp_path: Path
) -> None:
    assert cli.run(["update", "--template", str(template.path)]) == 1
    assert not (tmp_path / RAN).exists()
    assert project.status() == []


@pytest.mark.parametrize(
    ("trusted", "code"), [("{}", 0), ("{}/", 0), ("{}x", 1), ("{}/../", 1)]
)
def test_what_copier_s_settings_trust_may_run(
    trusted: str,
    code: int,
    project: Checkout,
    theirs: Checkout,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place = theirs.path.parent if trusted == "{}/" else theirs.path
    folder = project.path.parent
    settings = folder / "settings.yml"
    settings.write_text(yaml.safe_dump({"trust": [trusted.format(place)]}))
    monkeypatch.setenv("COPIER_SETTINGS_PATH", str(settings))
    assert cli.run(["update", "adls"]) == code
    assert (folder / RAN).exists() is (code == 0)
    assert project.status() == []


def test_the_installed_template_may_run(
    project: Checkout,
    theirs: Checkout,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    installed = render.Template(str(theirs.path))
    monkeypatch.setattr(render, "template", lambda: installed)
    assert cli.run(["update", "adls"]) == 0
    assert (tmp_path / RAN).exists()
    assert project.status() == []
