"""Parts of the runtime under stock Copier: no user, an older template, no trust."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import point_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.conftest import Checkout, Copier

RUNTIME = "src/acme/runtime"
LOADING = f"{RUNTIME}/loading.py"
CORE = f"{RUNTIME}/connector.py"
SOURCE = {"component": "source", "name": "postgresql"}


@pytest.fixture
def made(acme: Checkout, copy_of: Callable[[Checkout], Checkout]) -> Checkout:
    """A project whose one source loads into one destination."""
    return copy_of(acme)


@pytest.mark.parametrize("prefix", ["", "services/pipelines"])
def test_parts_whose_last_user_goes_by_an_update_stay_away(
    prefix: str, made: Checkout, copier: Copier
) -> None:
    """Copier's own merge would put back what the weave deleted."""
    project = made
    if prefix:
        outer = type(made)(made.path.parent / "monorepo", made.shell)
        shutil.copytree(made.path, outer.path / prefix, ignore=lambda *_: [".git"])
        outer.git("init", "--quiet")
        outer.commit("all")
        project = type(made)(outer.path / prefix, made.shell)
    assert (project.path / LOADING).exists()
    copier.update(
        project.path, "source-postgresql", "--vcs-ref", "HEAD", destinations="[]"
    )
    assert not (project.path / LOADING).exists()
    assert (project.path / CORE).exists()
    record = project.read(".sourcewright/runtime.yml")
    assert LOADING not in record
    assert CORE in record


def test_parts_of_an_older_template_replace_nothing(
    made: Checkout,
    template: Checkout,
    copier: Copier,
    copy_of: Callable[[Checkout], Checkout],
) -> None:
    older = copy_of(template)
    older.release("v1.0.0")
    older.replace("template/runtime/__init__.py", "Version 0.1.0", "Version 0.2.0")
    older.replace(
        "template/runtime/connector.py", "CONNECT_SECONDS = 10", "CONNECT_SECONDS = 11"
    )
    older.release("v2.0.0")
    point_at(made, older, "v1.0.0")
    copier.update(made.path, "source-postgresql")
    assert "CONNECT_SECONDS = 11" in made.read(CORE)
    made.commit("the newer runtime")
    before = {p: t for p, t in made.files().items() if p.startswith(RUNTIME)}
    # SQLite is not among the parts yet: a connector of the older template needs it.
    said = copier.copy(
        older, made.path, "--vcs-ref", "v1.0.0", component="source", name="sqlite"
    )
    assert "this template has the runtime 0.1.0" in said
    assert "already has 0.2.0" in said
    now = {p: t for p, t in made.files().items() if p.startswith(RUNTIME)}
    assert now == before


def test_without_trust_the_weave_supplies_them_later(
    bare: Checkout,
    template: Checkout,
    copier: Copier,
    copy_of: Callable[[Checkout], Checkout],
) -> None:
    project = copy_of(bare)
    copier.run(
        *("copy", "--skip-tasks", "--vcs-ref", "HEAD", template.path, "."),
        folder=project.path,
        **SOURCE,
        destinations="[]",
    )
    assert not (project.path / RUNTIME / "sql/postgresql.py").exists()
    project.commit("without the weave")
    # The next application's weave brings what the first lacks.
    copier.copy(
        template,
        project.path,
        *("--vcs-ref", "HEAD"),
        component="destination",
        name="local",
    )
    assert (project.path / RUNTIME / "sql/postgresql.py").exists()
    assert (project.path / RUNTIME / "files/local.py").exists()


def test_an_edited_part_survives_an_update_and_is_named(
    made: Checkout,
    template: Checkout,
    copier: Copier,
    copy_of: Callable[[Checkout], Checkout],
) -> None:
    newer = copy_of(template)
    newer.release("v1.0.0")
    newer.replace("template/runtime/__init__.py", "Version 0.1.0", "Version 0.2.0")
    newer.replace(
        "template/runtime/connector.py", "CONNECT_SECONDS = 10", "CONNECT_SECONDS = 11"
    )
    newer.release("v2.0.0")
    point_at(made, newer, "v1.0.0")
    made.write(CORE, made.read(CORE) + "\nMINE = 1\n")
    made.commit("mine")
    said = copier.update(made.path, "source-postgresql")
    assert f"{CORE} was edited: your change was merged" in said
    assert "CONNECT_SECONDS = 11" in made.read(CORE)
    assert made.read(CORE).endswith("\nMINE = 1\n")
