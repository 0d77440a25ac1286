import pytest

from acme.exceptions import DestinationExistsError
from acme.orchestration.prefect.flows import postgresql_to_s3 as flow
from acme.orchestration.prefect.flows import postgresql_to_s3_in_batches as in_batches
from ....live import postgresql, s3


@pytest.fixture
def target(prefect_server: None) -> str:
    postgresql.connect()
    s3.connect()
    return s3.fresh_target()


@pytest.fixture
def arguments(target: str) -> dict[str, str]:
    return {
        "s3_path": target,
        "sql_query": postgresql.QUERY,
        "postgresql_config_key": postgresql.CONFIG_KEY,
        "s3_config_key": s3.CONFIG_KEY,
    }


def test_existing_rows_are_refused_or_replaced(target: str, arguments: dict) -> None:
    flow(**arguments)
    first = s3.read(target)
    assert first.num_rows
    with pytest.raises(DestinationExistsError):
        flow(**arguments)
    flow(**arguments, overwrite=True)
    assert s3.read(target) == first


@pytest.mark.parametrize("verify", ["none", "bytes", "full"])
def test_batches_arrive_verified(target: str, arguments: dict, verify: str) -> None:
    manifest = in_batches(**arguments, verify=verify)
    found = s3.read(target)
    assert found.num_rows == manifest.rows > 0
    assert (manifest.checksums is None) == (verify != "full")
    s3.connect().verify(manifest)
