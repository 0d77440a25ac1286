"""A source of the kind `custom` works as it is generated, in every flow."""

from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet
from sourcewright.services import PrefectServer

from tests.e2e.generated.gates import TOOLS, report_of_tests, said_by
from tests.e2e.generated.parts import Flows, write_config
from tests.e2e.generated.telling import assert_telling
from tests.golden import golden_of, render
from tests.sweeps import only_whole

ROWS = 1_500
EDIT = (
    'yield {"number": number, "text": f"row {number}"}',
    'yield {"number": 2**62 + number, "text": None if number % 2 else chr(0x1F600)}',
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = tmp_path_factory.mktemp("custom") / "project"
    render(project, golden_of("source", "custom").applications)
    return project


@pytest.mark.parametrize("tool", TOOLS)
def test_a_tool_has_nothing_to_say(project: Path, tool: str) -> None:
    assert said_by(tool, project) == ""


@only_whole
def test_every_test_that_comes_with_it_passes(
    project: Path, prefect_server: PrefectServer, tmp_path: Path
) -> None:
    config = write_config(
        tmp_path / "config.yaml",
        {"custom_test": {}, "local_test": {"root": str(tmp_path)}},
    )
    said = report_of_tests(
        project,
        tmp_path,
        ["tests/*/*custom*.py"],
        config=config,
        servers=prefect_server.environment,
    )
    assert "skipped" not in said


@pytest.mark.moves("source/custom", "destination/local")
def test_what_is_filled_in_arrives(
    project: Path, prefect_server: PrefectServer, tmp_path: Path
) -> None:
    place = project / "src/acme/sources/custom.py"
    text = place.read_text("utf-8")
    assert text.count(EDIT[0]) == 1
    place.write_text(text.replace(*EDIT), encoding="utf-8")
    config = write_config(
        tmp_path / "config.yaml", {"custom": {}, "local": {"root": str(tmp_path)}}
    )
    keys = {"custom_config_key": "custom", "local_config_key": "local"}
    keys |= {"query": str(ROWS)}
    variables, log = prefect_server.environment, tmp_path / "log"
    with Flows(project, config, variables, log) as flows:
        flows.run(
            ("custom_to_local", {"local_path": "a.parquet", **keys}),
            ("custom_to_local_in_batches", {"local_path": "b.parquet", **keys}),
        )
    place.write_text(text, encoding="utf-8")
    for name in ("a.parquet", "b.parquet"):
        table = parquet.read_table(tmp_path / name)
        assert table.schema.types == [pa.int64(), pa.string()]
        assert table.to_pylist() == [
            {"number": 2**62 + number, "text": None if number % 2 else "😀"}
            for number in range(1, ROWS + 1)
        ]
        assert_telling(table.to_pylist())
