import pytest

from acme.exceptions import DestinationExistsError
from acme.orchestration.prefect.flows import postgresql_to_warehouse as flow
from acme.orchestration.prefect.flows import (
    postgresql_to_warehouse_in_batches as in_batches,
)
from ....live import postgresql, warehouse


@pytest.fixture
def target(prefect_server: None) -> str:
    postgresql.connect()
    warehouse.connect()
    return warehouse.fresh_target()


@pytest.fixture
def arguments(target: str) -> dict[str, str]:
    return {
        "warehouse_table": target,
        "sql_query": postgresql.QUERY,
        "postgresql_config_key": postgresql.CONFIG_KEY,
        "warehouse_config_key": warehouse.CONFIG_KEY,
    }


def test_existing_rows_are_refused_or_replaced(target: str, arguments: dict) -> None:
    flow(**arguments)
    first = warehouse.read(target)
    assert first.num_rows
    with pytest.raises(DestinationExistsError):
        flow(**arguments)
    flow(**arguments, mode="replace")
    assert warehouse.read(target) == first


@pytest.mark.parametrize("verify", ["none", "bytes", "full"])
def test_batches_arrive_verified(target: str, arguments: dict, verify: str) -> None:
    manifest = in_batches(**arguments, verify=verify)
    found = warehouse.read(target)
    assert found.num_rows == manifest.rows > 0
    assert (manifest.checksums is None) == (verify != "full")
    warehouse.connect().verify(manifest)
