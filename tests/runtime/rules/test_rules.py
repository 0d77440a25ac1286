"""Every rule of the runtime is held by a test: break it, and the test fails.

The rules of a module are in the text file of its name. Each is broken in a copy of the
runtime, on which the named test must fail. `make test` tries some, the same ones each
time, and `make matrix` all: tests/matrix/rules.md has the counts.
"""

import os
import shutil
from collections import Counter
from pathlib import Path

import pytest
from sourcewright.services import Azurite, PostgreSQL

from tests import mariadb
from tests.mutations import Mutation, Results, Run, read_rules, run_all
from tests.results import Keep
from tests.runtime.places import CONTAINER
from tests.sweeps import sampled

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[2]
RUNTIME = REPOSITORY / "template" / "runtime"
SAMPLE = 6
SOUND = "sound"

MUTATIONS = [
    mutation
    for path in sorted(HERE.rglob("*.txt"))
    for mutation in read_rules(path, f"{path.relative_to(HERE).with_suffix('.py')}")
]
# Fixture -> the tests that need its server.
SERVERS = {
    "mariadb": ("sql/test_mysql.py", "sql/test_generic.py"),
    "prefect_server": ("prefect/",),
}
POSSIBLE = [
    each
    for each in MUTATIONS
    if not (mariadb.missing() and each.tests.startswith(SERVERS["mariadb"]))
]
TRIED = sampled(POSSIBLE, SAMPLE)
# They hold data, or nothing that can be wrong.
WITHOUT_RULES = {"exceptions.py", "signals.py", "rest/settings.py"}


@pytest.fixture(scope="module")
def results(
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
    postgres: PostgreSQL,
    azurite: Azurite,
) -> Results:
    """Run all mutations in one batch, and the same tests on the runtime as it is."""
    folder = tmp_path_factory.mktemp("rules")
    services = [postgres, azurite]
    azurite.create_container(CONTAINER)
    for name, tests in SERVERS.items():
        if any(each.tests.startswith(tests) for each in TRIED):
            services.append(request.getfixturevalue(name))
    runs = [sound(folder / SOUND)]
    for mutation in TRIED:
        place = folder / mutation.folder
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(RUNTIME, place / "runtime", ignore=ignored)
        changed = place / "runtime" / mutation.file
        text = changed.read_text("utf-8").replace(mutation.old, mutation.new)
        changed.write_text(text, encoding="utf-8")
        path = f"pythonpath={place} {RUNTIME.parent}"  # for the contracts
        arguments = ["-o", path, f"tests/runtime/{mutation.tests}"]
        runs.append(Run(place, REPOSITORY, arguments, [mutation.judge]))
    return run_all(runs, services=services, variables=os.environ, seconds=3000)


def sound(folder: Path) -> Run:
    """Return a run of all tests that must notice something."""
    folder.mkdir()
    files = sorted({f"tests/runtime/{each.tests}" for each in TRIED})
    return Run(folder, REPOSITORY, files, [each.judge for each in TRIED])


def name_of(mutation: Mutation) -> str:
    return f"{mutation.file}: {mutation.rule}"


@pytest.mark.parametrize("mutation", MUTATIONS, ids=name_of)
def test_the_text_of_a_rule_is_there_once(mutation: Mutation) -> None:
    text = (RUNTIME / mutation.file).read_text("utf-8")
    assert text.count(mutation.old) == 1
    assert mutation.new != mutation.old


def test_each_module_has_rules() -> None:
    modules = {
        path.relative_to(RUNTIME).as_posix()
        for path in RUNTIME.rglob("*.py")
        if path.name != "__init__.py"
    }
    assert {each.file for each in MUTATIONS} == modules - WITHOUT_RULES


@pytest.mark.parametrize("mutation", TRIED, ids=name_of)
def test_an_unbroken_rule_passes(mutation: Mutation, results: Results) -> None:
    sound = results[SOUND]
    assert sound["code"] == pytest.ExitCode.OK, sound["failed"]
    assert any(mutation.is_noticed_in(test) for test in sound["passed"])


@pytest.mark.parametrize("mutation", TRIED, ids=name_of)
def test_a_broken_rule_is_noticed(mutation: Mutation, results: Results) -> None:
    result = results[mutation.folder]
    assert result["code"] == pytest.ExitCode.TESTS_FAILED, result
    assert any(mutation.is_noticed_in(test) for test in result["failed"]), result


def test_the_counts_are_kept(results: Results, keep: Keep) -> None:
    broken, wrong = Counter[str](), Counter[str]()
    for mutation in TRIED:
        failed = results[mutation.folder]["failed"]
        broken[mutation.file] += 1
        wrong[mutation.file] += not any(map(mutation.is_noticed_in, failed))
    for name in sorted(broken):
        keep("rules", module=name, broken=broken[name], wrong=wrong[name])
    assert len(results) == len(TRIED) + 1
