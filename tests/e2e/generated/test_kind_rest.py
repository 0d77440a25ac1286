"""Sources of the kind `rest`: every way to authenticate and to page, and rows moved."""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet
from sourcewright.services import Azurite, PrefectServer

from tests.e2e.generated.api_server import ApiServer, as_text, text_of_every_plane
from tests.e2e.generated.gates import TOOLS, report_of_tests, said_by
from tests.e2e.generated.pairs import factors
from tests.e2e.generated.parts import (
    HERE,
    Flows,
    connection_string,
    environment,
    run,
    write_config,
)
from tests.e2e.generated.telling import assert_telling
from tests.golden import (
    APPLICATIONS,
    REPOSITORY,
    golden_of,
    render,
    rest_answers,
    rest_pairs,
)
from tests.sweeps import WHOLE, only_whole

TOKEN = "a-canary-in-the-mine"  # noqa: S105 - it is to be found
CONTAINER = "rest-records"
RECORDS = 1_234


def pairs() -> list[tuple[str, str]]:
    """Return ways to authenticate with ways to page: each once, or all pairs."""
    own = factors()["rest"]
    every_pair = product(own["authentication"], own["pagination"])
    return list(every_pair) if WHOLE else rest_pairs()


@pytest.fixture(scope="module")
def every_way(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a project with a source for each pair."""
    project = tmp_path_factory.mktemp("every-way") / "project"
    sources = [rest_answers(number, *pair) for number, pair in enumerate(pairs())]
    render(project, [APPLICATIONS[0], *sources])
    return project


@pytest.mark.parametrize("tool", TOOLS)
def test_a_tool_has_nothing_to_say(every_way: Path, tool: str) -> None:
    assert said_by(tool, every_way) == ""


@only_whole
def test_every_way_passes_its_own_tests_without_a_network(
    every_way: Path, tmp_path: Path
) -> None:
    words = ("api", "rest", "http", "json", "pagination")
    patterns = [
        f"tests/{folder}/test_*{word}*.py"
        for folder in ("contracts", "unit")
        for word in words
    ]
    said = report_of_tests(every_way, tmp_path, patterns)
    assert "skipped" not in said
    passed = re.search(r"(\d+) passed", said)
    assert passed
    # What all share is tested in tests/runtime/rest.
    assert int(passed[1]) >= 10 * len(pairs())


def test_without_httpx_the_package_imports_and_the_class_names_the_extra(
    every_way: Path,
) -> None:
    env = environment(every_way, HIDDEN="httpx")
    env["PYTHONPATH"] = f"{HERE / 'missing'}:{env['PYTHONPATH']}"
    script = "import acme.sources as s\ntry: s.Api0(config_key='any')\n"
    script += "except ImportError as err: print(err)"
    done = run([sys.executable, "-c", script], env=env, cwd=every_way)
    assert done.returncode == 0, done.stdout
    assert "acme[api-0]" in done.stdout


def test_no_source_can_take_a_name_that_its_modules_use(every_way: Path) -> None:
    # Tasks and flows name the module `sources`, not the class.
    places = [*every_way.glob("src/acme/sources/api_?.py")]
    places += every_way.rglob("test_api_?.py")
    imported = {
        alias.name
        for path in places
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    modules = {path.stem for path in (every_way / "src/acme/sources").glob("*.py")}
    names = {
        re.sub("(?<!^)(?=[A-Z])", "_", name).lower()
        for name in imported
        if re.fullmatch("([A-Z][a-z0-9]+)+", name) and not re.match(r"Api\d", name)
    }
    assert "server_contract" in names
    taken = (REPOSITORY / "template/kinds/names.jinja").read_text("utf-8")
    known = set(re.findall(r"'(\w+)'", taken))
    wanted = (names | modules) - {f"api_{n}" for n in range(len(pairs()))}
    missing = {
        name for name in wanted - known if not re.search("_(contract|error)$|^__", name)
    }
    assert missing <= {"o_auth2_client_credentials"}


@dataclass(frozen=True)
class Loaded:
    """What went from the server to the two destinations."""

    server: ApiServer
    expected: list[dict[str, Any]]
    tables: dict[str, pa.Table]
    said: str


def record(number: int) -> dict[str, Any]:
    """Return what a record holds, as Python has it; every third has NULLs."""
    empty = number % 3 == 0
    return {
        "id": 2**53 + number if number % 2 else -(2**63) + number,
        "name": None if empty else text_of_every_plane(number),
        "price": None if empty else Decimal(f"{10**15 + number}.{number % 10000:04}"),
        "weight": None if empty else number / 8,
        "paid": None if empty else number % 2 == 0,
    }


def as_json(record: dict[str, Any]) -> str:
    """Write a record's numbers with all their digits; leave some NULLs out."""
    fields = {
        name: str(value) if isinstance(value, Decimal) else as_text(value)
        for name, value in record.items()
        if value is not None or record["id"] % 2
    }
    return "{" + ", ".join(f'"{name}": {text}' for name, text in fields.items()) + "}"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a project whose REST source loads into both destinations."""
    project = tmp_path_factory.mktemp("rest") / "project"
    render(
        project,
        [
            *golden_of("source", "rest").applications,
            ["component=destination", "name=adls"],
            ["component=flow", "source=rest", "destination=adls"],
        ],
    )
    return project


@pytest.fixture(scope="module")
def loaded(
    tmp_path_factory: pytest.TempPathFactory,
    project: Path,
    azurite: Azurite,
    prefect_server: PrefectServer,
) -> Iterator[Loaded]:
    folder = tmp_path_factory.mktemp("loaded")
    azurite.create_container(CONTAINER)
    expected = [record(number) for number in range(RECORDS)]
    lake = f"{CONTAINER}/records.parquet"
    with ApiServer([as_json(each) for each in expected], TOKEN) as server:
        config = write_config(
            folder / "config.yaml",
            {
                "rest": {"token": TOKEN, "base_url": f"{server.url}/v1"},
                "adls": {"connection_string": connection_string(azurite)},
                "local": {"root": str(folder)},
            },
        )
        keys = {"resource": "orders?status=open", "rest_config_key": "rest"}
        to_lake = {**keys, "adls_path": lake, "adls_config_key": "adls"}
        to_folder = {**keys, "local_config_key": "local"}
        with Flows(
            project, config, prefect_server.environment, folder / "log"
        ) as flows:
            said = flows.run(
                ("rest_to_adls_in_batches", to_lake),
                ("rest_to_local_in_batches", {**to_folder, "local_path": "b.parquet"}),
                ("rest_to_local", {**to_folder, "local_path": "a.parquet"}),
            )
        tables = {
            "adls, in batches": parquet.read_table(lake, filesystem=azurite.filesystem),
            "local, in batches": parquet.read_table(folder / "b.parquet"),
            "local": parquet.read_table(folder / "a.parquet"),
        }
        yield Loaded(server, expected, tables, said)


@pytest.mark.moves("source/rest", "destination/adls", "destination/local")
def test_every_record_arrives_exactly(loaded: Loaded) -> None:
    for name, table in loaded.tables.items():
        assert table.num_rows == RECORDS, name
        assert table.column("price").type == pa.decimal128(20, 4), name
        assert table.to_pylist() == loaded.expected, name
        assert_telling(table.to_pylist())


def test_no_request_and_no_log_shows_the_token(loaded: Loaded) -> None:
    assert loaded.server.failures == []  # they were met, and overcome
    assert "orders?status=open" in loaded.said
    assert TOKEN not in loaded.said + "".join(loaded.server.requests)
