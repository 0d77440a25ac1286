"""What is rendered passes the project's own gates, whatever it is called."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.conftest import Checkout, Copier

# Prefect and pandas are read once for all projects.
MYPY_CACHE = REPOSITORY / ".mypy_cache" / "rendered"
GATES = {
    "format": ["ruff", "format", "--check", "--diff", "--no-cache"],
    "lint": ["ruff", "check", "--no-cache", "--output-format", "concise"],
    "types": ["mypy", "--cache-dir", str(MYPY_CACHE)],
}
LONGEST_TITLE = "A Title of Sixty Characters - That Is the Longest There Is X"
ONE_WORD, MANY_WORDS = "abcdefghij" * 4, "a_b_" + "cd_" * 11 + "efg"
# Names of a package, a source, and destinations of the kinds adls and local.
NAMES = {
    "one long word": [letter + ONE_WORD[1:] for letter in "pqrs"],
    "many short words": [letter + MANY_WORDS[1:] for letter in "pqrs"],
    "shortest, the package after tests": ["zz", "aa", "yy", "oo"],
    "a source after all others": ["acme", "zendesk", "a1", "b1"],
}


def assert_passes(gate: str, project: Path) -> None:
    """Run a gate in a project with the tools of our environment."""
    tool, *arguments = GATES[gate]
    program = Path(sys.executable).with_name(tool)
    done = subprocess.run(
        [program, *arguments, *([] if gate == "types" else ["."])],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def named(
    tmp_path_factory: pytest.TempPathFactory, copier: Copier, plain_template: Path
) -> dict[str, Path]:
    """Projects with a source and two destinations, of unlikely names."""
    folder = tmp_path_factory.mktemp("named")
    projects = {case: folder / str(number) for number, case in enumerate(NAMES)}
    commands = []
    for case, (package, source, adls, local) in NAMES.items():
        for answers in (
            [
                "component=project",
                f"project_name={LONGEST_TITLE}",
                f"package={package}",
            ],
            ["component=destination", f"name={adls}", "kind=adls"],
            ["component=destination", f"name={local}", "kind=local"],
            ["component=source", f"name={source}", f"destinations=[{adls}, {local}]"],
        ):
            data = [part for answer in answers for part in ("--data", answer)]
            places = [str(plain_template), str(projects[case])]
            commands.append(["copy", "--trust", "--defaults", *data, *places])
    for command, (code, said) in zip(
        commands, copier.run_many(commands, folder), strict=True
    ):
        assert code == 0, f"{command}: {said}"
    return projects


@pytest.mark.parametrize("gate", GATES)
def test_two_sources_side_by_side_pass(gate: str, acme_and_orders: Checkout) -> None:
    assert_passes(gate, acme_and_orders.path)


@pytest.mark.parametrize("case", NAMES)
@pytest.mark.parametrize("gate", GATES)
def test_names_of_any_length_and_order_pass(
    gate: str, case: str, named: dict[str, Path]
) -> None:
    assert_passes(gate, named[case])


def test_the_longest_names_are_as_long_as_may_be() -> None:
    longest = {len(name) for names in list(NAMES.values())[:2] for name in names}
    assert (longest, len(LONGEST_TITLE)) == ({40}, 60)


def test_a_title_of_another_script_passes(
    copier: Copier, template: Checkout, empty: Callable[[str], Checkout]
) -> None:
    project = empty("acme")
    copier.copy(
        template, project.path, project_name="Ünïcode & Søn's (Данные)", package="acme"
    )
    assert_passes("format", project.path)
    assert_passes("lint", project.path)
