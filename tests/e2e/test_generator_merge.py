"""Three branches that each add a source, merged by git itself."""

from __future__ import annotations

import itertools
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.sweeps import sampled

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.conftest import Checkout, Shell, Sourcewright

NAMES = ("alpha", "mike", "zulu")
ORDERS = list(itertools.permutations(NAMES))
TRIED = sampled(ORDERS, 1)
TOOLS = Path(sys.executable).parent


@pytest.fixture(scope="module")
def tools(shell: Shell) -> Shell:
    """A shell with our command on the path, where git's driver looks for it."""
    path = f"{TOOLS}{os.pathsep}{shell.environment['PATH']}"
    return type(shell)({**shell.environment, "PATH": path})


@pytest.fixture(scope="module")
def branches(
    acme: Checkout,
    sourcewright: Sourcewright,
    tools: Shell,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Checkout, dict[str, bytes]]:
    """A project with a branch for each of three sources, and all three in a row."""
    from tests.e2e.conftest import _copy_of  # noqa: PLC0415  # for other scopes

    project = _copy_of(acme, tmp_path_factory.mktemp("branches") / "acme")
    project = replace(project, shell=tools)

    def add(name: str) -> None:
        answers = ("--set", "dialect=postgresql", "--set", "destinations=[adls]")
        sourcewright.said("add", "source", name, *answers, folder=project.path)

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


@pytest.mark.parametrize("order", TRIED)
def test_branches_merged_in_any_order_and_woven_give_the_bytes_of_adding_in_a_row(
    order: tuple[str, ...],
    branches: tuple[Checkout, dict[str, bytes]],
    copy_of: Callable[[Checkout], Checkout],
) -> None:
    project, in_a_row = branches
    project = copy_of(project)
    for name in order:
        project.git("merge", "--quiet", "--no-edit", name)
    project.shell.said("sourcewright", "weave", folder=project.path)
    assert project.files() == in_a_row
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


@pytest.mark.parametrize("way", ["cherry-pick", "rebase"])
def test_picked_and_rebased_commits_give_the_bytes_of_adding_in_a_row(
    way: str,
    branches: tuple[Checkout, dict[str, bytes]],
    copy_of: Callable[[Checkout], Checkout],
) -> None:
    project, in_a_row = branches
    project = copy_of(project)
    if way == "cherry-pick":
        project.git("switch", "--quiet", "zulu")
        project.git("cherry-pick", "mike", "alpha")
    else:
        project.git("switch", "--quiet", "mike")
        project.git("rebase", "--quiet", "zulu")
        project.git("switch", "--quiet", "alpha")
        project.git("rebase", "--quiet", "mike")
    project.shell.said("sourcewright", "weave", folder=project.path)
    assert project.files() == in_a_row


def test_a_clone_merges_by_lines_until_a_command_has_told_its_git_of_the_driver(
    branches: tuple[Checkout, dict[str, bytes]], tmp_path: Path
) -> None:
    origin = branches[0]
    origin.git("clone", "--quiet", str(origin.path), str(tmp_path / "acme"))
    clone = replace(origin, path=tmp_path / "acme")
    clone.git("switch", "--quiet", "alpha")
    merge = ("git", "merge", "--quiet", "--no-edit", "origin/mike")
    assert clone.shell.run(*merge, folder=clone.path).returncode == 1
    assert_both_sides_are_there(clone)
    clone.git("merge", "--abort")
    assert clone.shell.said("sourcewright", "weave", folder=clone.path) == "identical\n"
    clone.shell.said(*merge, folder=clone.path)


def test_without_the_command_the_registered_driver_merges_by_lines(
    branches: tuple[Checkout, dict[str, bytes]],
    copy_of: Callable[[Checkout], Checkout],
    shell: Shell,
) -> None:
    project = replace(copy_of(branches[0]), shell=shell)
    project.git("switch", "--quiet", "alpha")
    merge = ("git", "merge", "--quiet", "--no-edit", "mike")
    assert shell.run(*merge, folder=project.path).returncode == 1
    assert_both_sides_are_there(project)


def test_a_ledger_that_can_not_be_read_leaves_a_plain_conflict(
    branches: tuple[Checkout, dict[str, bytes]],
    copy_of: Callable[[Checkout], Checkout],
) -> None:
    project = copy_of(branches[0])
    project.git("switch", "--quiet", "mike")
    project.write(".sourcewright/source-mike/woven.yml", "version: 99\n")
    project.commit("broken")
    project.git("switch", "--quiet", "alpha")
    merge = ("git", "merge", "--no-edit", "mike")
    done = project.shell.run(*merge, folder=project.path)
    assert done.returncode == 1
    assert "made by a newer Sourcewright" in done.stdout
    assert_both_sides_are_there(project)


def assert_both_sides_are_there(project: Checkout) -> None:
    """Hold a merge to git's own manner: what it can't merge is marked, nothing lost."""
    conflicts = project.git("diff", "--name-only", "--diff-filter=U").split()
    assert ".env.example" in conflicts
    assert "src/acme/sources/__init__.py" in conflicts
    for path in conflicts:
        text = project.read(path)
        assert "<<<<<<<" in text, path
        assert "alpha" in text.lower(), path
        assert "mike" in text.lower(), path
