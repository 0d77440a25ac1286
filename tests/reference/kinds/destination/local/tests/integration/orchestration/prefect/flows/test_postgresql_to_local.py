import pytest

from acme.exceptions import DestinationExistsError
from acme.orchestration.prefect.flows import postgresql_to_local as flow
from acme.orchestration.prefect.flows import (
    postgresql_to_local_in_batches as in_batches,
)
from ....live import local, postgresql


@pytest.fixture
def target(prefect_server: None) -> str:
    postgresql.connect()
    local.connect()
    return local.fresh_target()


@pytest.fixture
def arguments(target: str) -> dict[str, str]:
    return {
        "local_path": target,
        "sql_query": postgresql.QUERY,
        "postgresql_config_key": postgresql.CONFIG_KEY,
        "local_config_key": local.CONFIG_KEY,
    }


def test_existing_rows_are_refused_or_replaced(target: str, arguments: dict) -> None:
    flow(**arguments)
    first = local.read(target)
    assert first.num_rows
    with pytest.raises(DestinationExistsError):
        flow(**arguments)
    flow(**arguments, overwrite=True)
    assert local.read(target) == first


@pytest.mark.parametrize("verify", ["none", "bytes", "full"])
def test_batches_arrive_verified(target: str, arguments: dict, verify: str) -> None:
    manifest = in_batches(**arguments, verify=verify)
    found = local.read(target)
    assert found.num_rows == manifest.rows > 0
    assert (manifest.checksums is None) == (verify != "full")
    local.connect().verify(manifest)
