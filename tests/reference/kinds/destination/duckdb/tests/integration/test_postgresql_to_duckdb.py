import pytest

from acme.exceptions import DestinationExistsError
from acme.orchestration.prefect.flows import postgresql_to_duckdb as flow
from .live import duckdb as destination
from .live import postgresql as source
from .live import skip_without


@pytest.mark.usefixtures("prefect_server")
def test_the_flow_loads_once_and_again_where_it_may() -> None:
    skip_without(source.CONFIG_KEY)
    destination.connect()
    target = destination.fresh_target()
    arguments = {
        "duckdb_table": target,
        "sql_query": source.QUERY,
        "postgresql_config_key": source.CONFIG_KEY,
        "duckdb_config_key": destination.CONFIG_KEY,
    }
    flow(**arguments)
    first = destination.read(target)
    assert first.num_rows

    with pytest.raises(DestinationExistsError):
        flow(**arguments)

    flow(**arguments, mode="replace")
    assert destination.read(target) == first
