"""Every pair of answers makes a project that its own gates have nothing to say about.

`make test` takes a sample, drawn with a fixed seed; with SOURCEWRIGHT_EVERY_POINT=1 all
projects are made, and the counts are kept in tests/matrix/pairs.md.
"""

from __future__ import annotations

import os
import random
import sys
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import golden
from tests.e2e.generated import pairs
from tests.e2e.generated.parts import environment, run

if TYPE_CHECKING:
    from tests.results import Keep

SAMPLE = 6
EVERY_PROJECT = bool(os.environ.get("SOURCEWRIGHT_EVERY_POINT"))
PROJECTS = pairs.projects()
TRIED = PROJECTS if EVERY_PROJECT else random.Random(6).sample(PROJECTS, SAMPLE)  # noqa: S311

IMPORT_ALL = """
import importlib
for place in ("sources", "orchestration.prefect.tasks", "orchestration.prefect.flows"):
    module = importlib.import_module("PACKAGE." + place)
    missing = [name for name in module.__all__ if not hasattr(module, name)]
    assert not missing, (place, missing)
"""

GATES = {
    "formatter": ["ruff", "format", "--check", "--no-cache"],
    "linter": ["ruff", "check", "--no-cache"],
    "types": ["mypy"],
    "imports": ["python", "-c", IMPORT_ALL],
    "docs": ["mkdocs", "build", "--strict", "--quiet"],
}


def said_by_gates(project: Path, package: str, types: Path) -> dict[str, str]:
    """Run every gate of a project; return what those said that weren't content."""
    said = {}
    env = environment(project, MYPY_CACHE_DIR=str(types))
    for gate, (program, *arguments) in GATES.items():
        command: list[str | Path] = [
            Path(sys.executable).with_name(program),
            *(argument.replace("PACKAGE", package) for argument in arguments),
        ]
        done = run(command, env=env, cwd=project)
        if done.returncode:
            said[gate] = done.stdout[-3000:]
    return said


@pytest.fixture(scope="module")
def types(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What mypy knows of other packages, so that it learns it once."""
    return tmp_path_factory.mktemp("types")


@pytest.mark.parametrize("project", TRIED, ids=[each.title for each in TRIED])
def test_a_project_passes_its_gates(
    project: pairs.Project, types: Path, tmp_path: Path, keep: Keep
) -> None:
    answers = [
        [f"{name}={value}" for name, value in each.items()]
        for each in project.applications
    ]
    golden.render(tmp_path / "project", answers)
    package = project.applications[0]["package"]
    said = said_by_gates(tmp_path / "project", package, types)
    assert not said, "\n".join(f"{gate}: {text}" for gate, text in said.items())
    keep("pairs", project=project.title, projects=1, wrong=0)


def test_every_pair_of_answers_is_in_a_project() -> None:
    seen: Counter[tuple[tuple[str, str], ...]] = Counter()
    for project in PROJECTS:
        *_, source = (
            each for each in project.applications if each["component"] == "source"
        )
        chosen = sorted(
            (name, value)
            for name, value in source.items()
            if name not in {"component", "destinations", "name"}
        )
        chosen += [
            ("destination", each["kind"])
            for each in project.applications
            if each["component"] == "destination"
        ]
        seen.update(combinations(chosen, 2))
    for kind, own in pairs.factors().items():
        ends = golden.table()["kinds"]["destination"]
        answers = [(name, value) for name in sorted(own) for value in own[name]]
        for one in answers:
            assert seen[("kind", kind), one] or seen[one, ("kind", kind)], one
            for end in ends:
                assert seen[one, ("destination", end)], (one, end)
        for first, second in combinations(answers, 2):
            assert first[0] == second[0] or seen[first, second], (first, second)
    assert len(PROJECTS) >= pairs.AT_LEAST
