"""Every pair of answers makes a project that its own gates have nothing to say about.

`make test` takes a sample, `make matrix` makes all projects; the counts are kept in
tests/matrix/pairs.md. Where the parts can be had, projects also run the tests that were
generated with them; those counts are in pairs_run.md.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from itertools import combinations, cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import golden
from tests.e2e.generated import pairs
from tests.e2e.generated.ends import Ends
from tests.e2e.generated.gates import TOOLS, report_of_tests, said_by
from tests.e2e.generated.parts import environment, run, write_config
from tests.sweeps import WHOLE, only_whole, sampled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sourcewright.services import Azurite, PostgreSQL, PrefectServer

    from tests.results import Keep

SAMPLE = 1
AT_LEAST_RUN = 25
PROJECTS = pairs.projects()
TRIED = sampled(PROJECTS, SAMPLE)

# Where the server can't be had.
NOT_RUN = {
    name for name, row in golden.table()["dialects"].items() if "not" in row["run"]
}

IMPORT_ALL = """
import importlib
for place in ("sources", "orchestration.prefect.tasks", "orchestration.prefect.flows"):
    module = importlib.import_module("PACKAGE." + place)
    missing = [name for name in module.__all__ if not hasattr(module, name)]
    assert not missing, (place, missing)
"""

MORE = {
    "imports": ["python", "-c", IMPORT_ALL],
    "docs": ["mkdocs", "build", "--strict", "--quiet"],
}


def said_by_gates(project: Path, package: str) -> dict[str, str]:
    """Run every gate of a project; return what those said that weren't content."""
    said = {tool: said_by(tool, project) for tool in TOOLS}
    for gate, (program, *arguments) in MORE.items():
        command: list[str | Path] = [
            Path(sys.executable).with_name(program),
            *(argument.replace("PACKAGE", package) for argument in arguments),
        ]
        done = run(command, env=environment(project), cwd=project)
        said[gate] = done.stdout[-3000:] if done.returncode else ""
    return {gate: text for gate, text in said.items() if text}


@pytest.mark.parametrize("project", TRIED, ids=[each.title for each in TRIED])
def test_a_project_passes_its_gates(
    project: pairs.Project, tmp_path: Path, keep: Keep
) -> None:
    golden.render(tmp_path / "project", pairs.as_answers(project))
    package = project.applications[0]["package"]
    said = said_by_gates(tmp_path / "project", package)
    assert not said, "\n".join(f"{gate}: {text}" for gate, text in said.items())
    keep("pairs", project=project.title, projects=1, wrong=0)


def ends_of(project: pairs.Project) -> dict[str, tuple[str, str]]:
    """Return by name each end's kind, or dialect, and its authentication."""
    return {
        each["name"]: (
            each.get("dialect", each["kind"]),
            each.get("authentication", "none"),
        )
        for each in project.applications
        if "name" in each
    }


def to_run() -> list[pairs.Project]:
    """Return projects in which each source that can be run meets each destination."""
    met: set[tuple[tuple[str, str], str]] = set()
    found = []
    for project in random.Random(7).sample(PROJECTS, len(PROJECTS)):  # noqa: S311
        *others, source = ends_of(project).values()
        here = {(source, kind) for kind, _ in others} or {(source, "")}
        if source[0] not in NOT_RUN and here - met:
            met |= here
            found.append(project)
    return found


TO_RUN = to_run()
RUN = TO_RUN if WHOLE else []  # the golden's own run in `make test`


@pytest.fixture(scope="module")
def ends(
    tmp_path_factory: pytest.TempPathFactory, postgres: PostgreSQL, azurite: Azurite
) -> Iterator[Ends]:
    with Ends(tmp_path_factory.mktemp("ends"), postgres, azurite) as ends:
        yield ends


@pytest.mark.parametrize("project", RUN, ids=[each.title for each in RUN])
def test_a_project_passes_its_own_tests_on_real_parts(
    project: pairs.Project,
    ends: Ends,
    prefect_server: PrefectServer,
    tmp_path: Path,
    keep: Keep,
) -> None:
    made = tmp_path / "project"
    golden.render(made, pairs.as_answers(project))
    package = project.applications[0]["package"]
    names = ends_of(project)
    config = write_config(
        tmp_path / "config.yaml",
        {f"{name}_test": ends.credentials(*end) for name, end in names.items()},
    )
    report = report_of_tests(
        made,
        tmp_path,
        [f"tests/**/test_*{name}*.py" for name in names],
        servers={
            **prefect_server.environment,
            f"{package.upper()}_CONFIG_PATH": str(config),
        },
    )
    assert " skipped" not in report, report[-3000:]
    passed = int(report.split(" passed")[0].split()[-1])
    keep("pairs_run", project=project.title, tests=passed, wrong=0)


@only_whole
def test_twenty_sources_meet_the_coverage_gate(tmp_path: Path, keep: Keep) -> None:
    known = golden.table()
    ways = [f"kind=sql,dialect={name}" for name in known["dialects"]]
    ways += [f"kind={kind}" for kind in known["kinds"]["source"] if kind != "sql"]
    sources = [
        [*f"component=source,name=number_{n},{way}".split(","), "destinations=[local]"]
        for n, way in enumerate(islice(cycle(ways), 20))
    ]
    made = tmp_path / "project"
    local = ["component=destination", "name=local"]
    golden.render(made, [golden.APPLICATIONS[0], local, *sources])
    done = run(
        [sys.executable, "-m", "pytest", "-q", "--cov", "tests/unit"],
        env=environment(made),
        cwd=made,
        seconds=550,
    )
    assert done.returncode == 0, done.stdout[-5000:]
    assert "Required test coverage of 80.0% reached" in done.stdout
    keep("coverage", sources=f"{len(sources)}, of every kind", wrong=0)


def test_enough_projects_run_their_own_tests() -> None:
    assert len(TO_RUN) >= AT_LEAST_RUN


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
