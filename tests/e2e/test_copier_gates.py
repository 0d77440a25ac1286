"""What is rendered passes the project's own gates, whatever it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import golden
from tests.e2e.generated.gates import TOOLS, said_by

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.e2e.conftest import Checkout, Copier

LONGEST_TITLE = "A Title of Sixty Characters - That Is the Longest There Is X"
ONE_WORD, MANY_WORDS = "abcdefghij" * 4, "a_b_" + "cd_" * 11 + "efg"
# Names of a package, a source, and destinations of the kinds adls and local.
NAMES = {
    "one long word": [letter + ONE_WORD[1:] for letter in "pqrs"],
    "many short words": [letter + MANY_WORDS[1:] for letter in "pqrs"],
    "shortest, the package after tests": ["zz", "aa", "yy", "oo"],
    "a source after all others": ["acme", "zendesk", "a1", "b1"],
}


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Projects with a source and two destinations, of unlikely names."""
    folder = tmp_path_factory.mktemp("named")
    projects = {case: folder / str(number) for number, case in enumerate(NAMES)}
    for case, (package, source, adls, local) in NAMES.items():
        title = f"project_name={LONGEST_TITLE}"
        applications = [
            ["component=project", title, f"package={package}"],
            ["component=destination", f"name={adls}", "kind=adls"],
            ["component=destination", f"name={local}", "kind=local"],
            ["component=source", f"name={source}", f"destinations=[{adls}, {local}]"],
        ]
        golden.render(projects[case], applications)
    return projects


@pytest.mark.parametrize("tool", TOOLS)
def test_two_sources_side_by_side_pass(tool: str, acme_and_orders: Checkout) -> None:
    assert said_by(tool, acme_and_orders.path) == ""


@pytest.mark.parametrize("case", NAMES)
@pytest.mark.parametrize("tool", TOOLS)
def test_names_of_any_length_and_order_pass(
    tool: str, case: str, named: dict[str, Path]
) -> None:
    assert said_by(tool, named[case]) == ""


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
    assert said_by("format", project.path) == ""
    assert said_by("lint", project.path) == ""
