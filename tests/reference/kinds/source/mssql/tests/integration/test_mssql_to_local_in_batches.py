import pytest

from acme.exceptions import (
    DestinationExistsError,
)
from acme.loading import Verify
from acme.orchestration.prefect.flows import mssql_to_local_in_batches as flow
from acme.sources import MSSQL
from .live import local as destination
from .live import mssql as source
from .live import skip_without

VERIFICATIONS = ["none", "bytes"]
if MSSQL.has_checksums:
    VERIFICATIONS.append("full")


@pytest.mark.usefixtures("prefect_server")
@pytest.mark.parametrize("verify", VERIFICATIONS)
def test_the_flow_loads_once_and_again_where_it_may(verify: Verify) -> None:
    skip_without(source.CONFIG_KEY)
    connected = destination.connect()
    target = destination.fresh_target()
    arguments = {
        "local_path": target,
        "sql_query": source.QUERY,
        "mssql_config_key": source.CONFIG_KEY,
        "local_config_key": destination.CONFIG_KEY,
        "verify": verify,
    }
    manifest = flow(**arguments)
    first = destination.read(target)
    assert first.num_rows == manifest.rows
    assert manifest.snapshot or "full" not in VERIFICATIONS
    assert (manifest.checksums is None) == (verify != "full")
    connected.verify(manifest)

    with pytest.raises(DestinationExistsError):
        flow(**arguments)

    flow(**arguments, overwrite=True)
    assert destination.read(target) == first
