"""Every rule of connectors, tasks and flows is held by the tests that come with them.

Each rule of rules_of_the_golden.txt is broken in a copy of the golden, whose own tests
must then fail. `make test` tries some, the same ones each time, and `make matrix` all:
tests/matrix/rules_of_the_golden.md has the counts. The rules of the runtime are in
tests/runtime/rules.
"""

from collections import Counter
from pathlib import Path

import pytest

from tests.e2e.generated.parts import copy_golden, environment
from tests.golden import GOLDEN
from tests.mutations import Mutation, Results, Run, read_rules, run_all
from tests.results import Keep
from tests.sweeps import sampled

SAMPLE = 4
SOUND = "sound"

MUTATIONS = [*read_rules(Path(__file__).with_name("rules_of_the_golden.txt"))]
TRIED = sampled(MUTATIONS, SAMPLE)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Run all mutations in one batch, and the same tests on the golden as it is."""
    folder = tmp_path_factory.mktemp("rules")
    sound = copy_golden(folder / SOUND)
    tests = sorted({each.tests for each in TRIED})
    runs = [Run(sound, sound, tests, [each.judge for each in TRIED])]
    for mutation in TRIED:
        copy = copy_golden(folder / mutation.folder)
        changed = copy / mutation.file
        text = changed.read_text("utf-8").replace(mutation.old, mutation.new)
        changed.write_text(text, encoding="utf-8")
        runs.append(Run(copy, copy, [mutation.tests], [mutation.judge]))
    # None of these tests runs a flow; one that did would say so.
    variables = environment(
        folder, PREFECT_SERVER_ALLOW_EPHEMERAL_MODE="false", HOME=str(folder)
    )
    return run_all(runs, variables=variables, seconds=540)  # below pytest's own


def name_of(mutation: Mutation) -> str:
    return mutation.rule


@pytest.mark.parametrize("mutation", MUTATIONS, ids=name_of)
def test_the_text_of_a_rule_is_there_once(mutation: Mutation) -> None:
    assert (GOLDEN / mutation.file).read_text("utf-8").count(mutation.old) == 1
    assert mutation.new != mutation.old


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
        name = mutation.file.removeprefix("src/acme/")
        failed = results[mutation.folder]["failed"]
        broken[name] += 1
        wrong[name] += not any(map(mutation.is_noticed_in, failed))
    for name in sorted(broken):
        keep("rules_of_the_golden", module=name, broken=broken[name], wrong=wrong[name])
    assert broken.total() == len(TRIED)
