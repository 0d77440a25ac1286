"""Rules of every kind are held by the tests of a project that has it.

Each mutation breaks one rule in a copy of a project with one source or destination of
each kind, whose own tests must then fail. `make test` tries a dozen, drawn with a fixed
seed; with SOURCEWRIGHT_EVERY_POINT=1 all are tried, and the counts are kept in
tests/matrix/rules.md.
"""

import os
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import boto3
import psycopg2
import pytest
from sourcewright.services import PostgreSQL

from tests import mariadb
from tests.e2e.generated import rules_of_dialects, rules_of_kinds, rules_of_rest
from tests.e2e.generated.mutations import Mutation, Results, run_mutations
from tests.e2e.generated.parts import (
    generate,
    postgresql_credentials,
    write_config,
)
from tests.golden import APPLICATIONS
from tests.object_store import HOST, KEY, object_store
from tests.results import Keep

SAMPLE = 12
EVERY_POINT = bool(os.environ.get("SOURCEWRIGHT_EVERY_POINT"))
SOUND = "sound"
PARTS, AT_LEAST = 19, 5  # modules, and rules of each

MUTATIONS: list[Mutation] = [
    mutation
    for module in (rules_of_kinds, rules_of_rest, rules_of_dialects)
    for name, rules in vars(module).items()
    if name.endswith("_RULES")
    for mutation in rules
]
# Without a server of MariaDB its live tests can't notice.
NOTICED = [
    each
    for each in MUTATIONS
    if each.tests != rules_of_dialects.MARIADB_LIVE or not mariadb.missing()
]
TRIED = NOTICED if EVERY_POINT else random.Random(9).sample(NOTICED, SAMPLE)  # noqa: S311
APPLIED = [
    ["component=destination", "name=s3", "kind=s3"],
    ["component=destination", "name=postgresql", "kind=postgresql"],
    ["component=destination", "name=warehouse", "kind=duckdb"],
    *(
        ["component=source", f"name={dialect}", f"dialect={dialect}", "destinations=[]"]
        for dialect in (
            *("sqlite", "mariadb", "duckdb"),
            *("generic", "mssql", "oracle"),
        )
    ),
    ["component=source", "name=orders", "kind=rest", "destinations=[]"],
    ["component=source", "name=readings", "kind=custom", "destinations=[]"],
]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = tmp_path_factory.mktemp("kinds") / "project"
    generate(project, [APPLICATIONS[0], *APPLIED])
    return project


@pytest.fixture(scope="module")
def credentials(postgres: PostgreSQL) -> Iterator[dict[str, Any]]:
    """Give what each live test connects to."""
    with ExitStack() as stack:
        port = stack.enter_context(object_store())
        given: dict[str, Any] = {
            "s3_test": {**KEY, "endpoint_url": f"http://{HOST}:{port}"},
            "postgresql_test": postgresql_credentials(postgres),
        }
        if any(each.tests == rules_of_dialects.MARIADB_LIVE for each in TRIED):
            server = stack.enter_context(mariadb.MariaDB())
            given["mariadb_test"] = server.credentials
        yield given


@pytest.fixture(scope="module")
def results(
    tmp_path_factory: pytest.TempPathFactory,
    project: Path,
    credentials: dict[str, Any],
) -> Results:
    """Run the mutations in one batch, and the same tests on what they break."""
    folder = tmp_path_factory.mktemp("mutations")
    # Each run makes them where they are missing, and two of them may come at once.
    make_places(credentials)
    return run_mutations(
        folder,
        {SOUND: TRIED},
        {SOUND: project},
        config=write_config(folder / "config.yaml", credentials),
        # None of these tests runs a flow; one that did would say so.
        servers={"PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false"},
        seconds=3000,
    )


def make_places(credentials: dict[str, Any]) -> None:
    """Make the bucket and the schema that the tests write to."""
    store, database = credentials["s3_test"], credentials["postgresql_test"]
    client = boto3.client(
        "s3",
        aws_access_key_id=store["access_key_id"],
        aws_secret_access_key=store["secret_access_key"],
        region_name=store["region"],
        endpoint_url=store["endpoint_url"],
    )
    client.create_bucket(Bucket="connector-tests")
    connection = psycopg2.connect(
        host=database["host"],
        port=database["port"],
        dbname=database["database"],
        user=database["user"],
        password=database["password"],
    )
    with closing(connection), connection, connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA IF NOT EXISTS connector_tests")


def name_of(mutation: Mutation) -> str:
    return mutation.rule


@pytest.mark.parametrize("mutation", MUTATIONS, ids=name_of)
def test_what_a_mutation_replaces_is_there_once(
    mutation: Mutation, project: Path
) -> None:
    assert (project / mutation.file).read_text("utf-8").count(mutation.old) == 1
    assert mutation.new != mutation.old


def test_each_module_that_carries_rules_is_mutated() -> None:
    count = Counter(mutation.file for mutation in MUTATIONS)
    assert len(count) == PARTS
    assert min(count.values()) >= AT_LEAST, count


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
        name = mutation.file.rpartition("/")[2]
        failed = results[mutation.folder]["failed"]
        broken[name] += 1
        wrong[name] += not any(mutation.is_noticed_in(test) for test in failed)
    for name in sorted(broken):
        keep("rules", module=name, broken=broken[name], wrong=wrong[name])
    assert len(results) == len(TRIED) + 1
