"""Three branches that each add a source, merged by git itself."""

from __future__ import annotations

import itertools
import os
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.conftest import Checkout, Shell

NAMES = ("alpha", "mike", "zulu")
TOOLS = Path(sys.executable).parent


@pytest.fixture(scope="module")
def tools(shell: Shell) -> Shell:
    """A shell with our command on the path, where git's driver looks for it."""
    path = f"{TOOLS}{os.pathsep}{shell.environment['PATH']}"
    return type(shell)({**shell.environment, "PATH": path})


@pytest.fixture(scope="module")
def branches(
    acme: Checkout,
    template: Checkout,
    tools: Shell,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Checkout, dict[str, bytes]]:
    """A project with a branch for each of three sources, and all three in a row."""
    from tests.e2e.conftest import _copy_of  # noqa: PLC0415  # for other scopes

    project = _copy_of(acme, tmp_path_factory.mktemp("branches") / "acme")
    project = replace(project, shell=tools)

    def add(name: str) -> None:
        given = ("--template", str(template.path), "--vcs-ref", "HEAD")
        answers = ("--set", "dialect=postgresql", "--set", "destinations=[adls]")
        command = ("sourcewright", "add", "source", name, *answers, *given)
        tools.said(*command, folder=project.path)

    for name in NAMES:
        project.git("switch", "--quiet", "--create", name, "main")
        add(name)
        project.commit(name)
    project.git("switch", "--quiet", "--create", "in-a-row", "main")
    for name in NAMES:
        add(name)
    project.commit("in a row")
    files = project.files()
    project.git("switch", "--quiet", "main")
    return project, files


@pytest.mark.parametrize("order", list(itertools.permutations(NAMES)))
def test_branches_that_each_add_a_source_merge_without_a_conflict(
    order: tuple[str, ...],
    branches: tuple[Checkout, dict[str, bytes]],
    copy_of: Callable[[Checkout], Checkout],
) -> None:
    project, in_a_row = branches
    project = copy_of(project)
    for name in order:
        project.git("merge", "--quiet", "--no-edit", name)
    project.shell.said("sourcewright", "weave", folder=project.path)
    merged = project.files()
    if order == NAMES:
        assert merged == in_a_row
    # In another order the blocks of lists that nobody sorts stand in another order.
    assert merged.keys() == in_a_row.keys()
    for path, text in merged.items():
        if path.endswith("woven.yml"):
            continue
        assert Counter(text.splitlines()) == Counter(in_a_row[path].splitlines()), path
    project.shell.said("sourcewright", "check", folder=project.path)
    assert project.shell.said("sourcewright", "weave", folder=project.path) == (
        "identical\n"
    )


def test_lines_of_people_are_merged_and_their_conflicts_told(
    branches: tuple[Checkout, dict[str, bytes]],
    copy_of: Callable[[Checkout], Checkout],
) -> None:
    project = copy_of(branches[0])
    init = "src/acme/sources/__init__.py"
    project.git("switch", "--quiet", "alpha")
    project.replace(init, '"""Sources and', '"""Our sources and')
    project.commit("alpha's own line")
    project.git("switch", "--quiet", "mike")
    project.write(init, project.read(init) + "\nMIKE = 1\n")
    project.commit("mike's own line")
    project.git("merge", "--quiet", "--no-edit", "alpha")
    assert '"""Our sources and' in project.read(init)
    assert "\nMIKE = 1\n" in project.read(init)
    project.git("switch", "--quiet", "zulu")
    project.replace(init, '"""Sources and', '"""Their sources and')
    project.commit("zulu's own line")
    command = ("git", "merge", "--quiet", "--no-edit", "alpha")
    assert project.shell.run(*command, folder=project.path).returncode == 1
    assert project.git("diff", "--name-only", "--diff-filter=U").split() == [init]
    assert "<<<<<<<" in project.read(init)


def test_a_rebase_goes_through_as_well(
    branches: tuple[Checkout, dict[str, bytes]],
    copy_of: Callable[[Checkout], Checkout],
) -> None:
    project = copy_of(branches[0])
    project.git("switch", "--quiet", "mike")
    project.git("rebase", "--quiet", "alpha")
    project.shell.said("sourcewright", "weave", folder=project.path)
    exports = project.read("src/acme/sources/__init__.py")
    assert "from .alpha import Alpha\n" in exports
    assert "from .mike import Mike\n" in exports
    project.shell.said("sourcewright", "check", folder=project.path)
