"""Rules that are broken in copies of a project, whose own tests must notice."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.generated.parts import HERE, copy_project, environment, run

# A project's own starts a server; here all copies share the session's.
SHARED_SERVER = '''\
import pytest


@pytest.fixture(scope="session")
def prefect_server() -> None:
    """Nothing to do: the environment names a server that runs already."""
'''
CONFTEST = "tests/integration/conftest.py"

Results = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Mutation:
    """One rule, broken in one place.

    Attributes:
        rule: What is broken, as a test id.
        file: Where, in the project.
        old: A text that is there exactly once.
        new: What breaks the rule.
        tests: The module of the project's tests that must notice.
        noticed_by: The test in it that must be among those which fail.
    """

    rule: str
    file: str
    old: str
    new: str
    tests: str
    noticed_by: str

    @property
    def folder(self) -> str:
        """The name of the folder with the broken copy."""
        return self.rule.replace(" ", "-").replace("'", "")

    @property
    def test(self) -> str:
        """The name of the test function alone."""
        return self.noticed_by.rpartition("::")[2].partition("[")[0]

    @property
    def arguments(self) -> tuple[str, ...]:
        """What pytest is given."""
        return self.tests, "-k", self.test

    def is_noticed_in(self, node: str) -> bool:
        """Say whether a test's id is the one that must notice."""
        return node.startswith(f"{self.tests}::") and self.noticed_by in node


def run_mutations(
    folder: Path,
    mutations: Mapping[str, Sequence[Mutation]],
    bases: Mapping[str, Path],
    *,
    config: Path,
    servers: Mapping[str, str],
    seconds: float,
) -> Results:
    """Run all mutations in one batch, and the same tests on what they break.

    Args:
        folder: Where the copies are made.
        mutations: By the name of what they break.
        bases: The unbroken projects, by the same names.
        config: The configuration of all.
        servers: Variables that name servers.
        seconds: What the batch may take.

    Returns:
        What became of each copy, by its folder's name: a mutation's, or a base's.
    """
    runs = []
    for name, broken in mutations.items():
        for mutation in broken:
            target = copy_project(bases[name], folder / mutation.folder)
            (target / CONFTEST).write_text(SHARED_SERVER, encoding="utf-8")
            changed = target / mutation.file
            text = changed.read_text("utf-8").replace(mutation.old, mutation.new)
            changed.write_text(text, encoding="utf-8")
            told = {"tests": [*mutation.arguments], "until": mutation.noticed_by}
            runs.append({"folder": str(target), **told})
        copy_project(bases[name], folder / name)
        (folder / name / CONFTEST).write_text(SHARED_SERVER, encoding="utf-8")
        modules = {mutation.tests for mutation in broken}
        tests = {mutation.test for mutation in broken}
        arguments = [*sorted(modules), "-k", " or ".join(sorted(tests))]
        runs.append({"folder": str(folder / name), "tests": arguments})
    done = run(
        # -P: else our own modules could hide those of the project.
        [sys.executable, "-P", HERE / "mutation_runner.py"],
        env=environment(folder, config=config, **servers, HOME=str(folder)),
        cwd=folder,
        stdin=json.dumps(runs),
        seconds=seconds,
    )
    assert done.returncode == 0, done.stdout[-5000:]
    found = json.loads(done.stdout.splitlines()[-1])
    return {Path(name).name: result for name, result in found.items()}
