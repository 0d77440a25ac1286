import pytest

from acme.exceptions import DestinationExistsError
from acme.orchestration.prefect.flows import postgresql_to_s3 as flow
from .live import postgresql as source
from .live import s3 as destination
from .live import skip_without


@pytest.mark.usefixtures("prefect_server")
def test_the_flow_loads_once_and_again_where_it_may() -> None:
    skip_without(source.CONFIG_KEY)
    destination.connect()
    target = destination.fresh_target()
    arguments = {
        "s3_path": target,
        "sql_query": source.QUERY,
        "postgresql_config_key": source.CONFIG_KEY,
        "s3_config_key": destination.CONFIG_KEY,
    }
    flow(**arguments)
    first = destination.read(target)
    assert first.num_rows

    with pytest.raises(DestinationExistsError):
        flow(**arguments)

    flow(**arguments, overwrite=True)
    assert destination.read(target) == first
