"""The destination kind `postgresql`: its project's gates and tests, and rows moved."""

from pathlib import Path
from typing import Any

import pytest
from sourcewright.services import PostgreSQL, PrefectServer

from tests.e2e.generated import kinds
from tests.e2e.generated.parts import postgresql_credentials
from tests.e2e.generated.telling import assert_telling
from tests.sweeps import only_whole

FLOWS = ("postgresql_to_warehouse", "postgresql_to_warehouse_in_batches")


@pytest.fixture(scope="module")
def kind(
    tmp_path_factory: pytest.TempPathFactory,
    postgres: PostgreSQL,
    prefect_server: PrefectServer,
) -> kinds.Kind:
    folder = tmp_path_factory.mktemp("postgresql")
    credentials = postgresql_credentials(postgres)
    environment = prefect_server.environment
    return kinds.make(
        folder, "postgresql", "warehouse", credentials, postgres, environment
    )


def arguments(table: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {
        "warehouse_table": table,
        "sql_query": kinds.QUERY,
        "postgresql_config_key": "postgresql_test",
        "warehouse_config_key": "warehouse_test",
        **more,
    }


def test_it_passes_the_gates_as_rendered(kind: kinds.Kind) -> None:
    kind.assert_gates_pass()


@only_whole
def test_it_passes_its_own_tests(kind: kinds.Kind, tmp_path: Path) -> None:
    kind.assert_tests_pass(tmp_path)


@pytest.mark.moves("source/postgresql", "destination/postgresql")
def test_what_the_flows_move_is_what_another_reader_finds(
    kind: kinds.Kind, postgres: PostgreSQL
) -> None:
    one, other = FLOWS
    kind.run_flows(
        (one, arguments(one)),
        (other, arguments(other, verify="full")),
        *((flow, arguments(flow, mode="replace")) for flow in FLOWS),
        *((flow, arguments(flow, mode="append")) for flow in FLOWS),
    )
    expected = kinds.rows_of(postgres, kinds.QUERY)
    assert len(expected) == kinds.ROWS
    for flow in FLOWS:
        found = kinds.rows_of(postgres, f"TABLE {flow} ORDER BY id")
        assert found[::2] == found[1::2] == expected
        assert_telling(found[::2])
