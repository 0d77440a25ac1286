import pytest

from acme.exceptions import DestinationExistsError
from acme.orchestration.prefect.flows import generic_to_local as flow
from .live import generic as source
from .live import local as destination
from .live import skip_without


@pytest.mark.usefixtures("prefect_server")
def test_the_flow_loads_once_and_again_where_it_may() -> None:
    skip_without(source.CONFIG_KEY)
    destination.connect()
    target = destination.fresh_target()
    arguments = {
        "local_path": target,
        "sql_query": source.QUERY,
        "generic_config_key": source.CONFIG_KEY,
        "local_config_key": destination.CONFIG_KEY,
    }
    flow(**arguments)
    first = destination.read(target)
    assert first.num_rows

    with pytest.raises(DestinationExistsError):
        flow(**arguments)

    flow(**arguments, overwrite=True)
    assert destination.read(target) == first
