import pytest

from acme.exceptions import DestinationExistsError
from acme.orchestration.prefect.flows import postgresql_to_adls
from tests.integration.live import adls as destination
from tests.integration.live import postgresql as source
from tests.integration.live import skip_without


@pytest.mark.usefixtures("prefect_server")
def test_the_flow_loads_once_and_again_where_it_may() -> None:
    skip_without(source.CONFIG_KEY)
    destination.connect()
    arguments = {
        "adls_path": destination.fresh_path(),
        "sql_query": source.QUERY,
        "postgresql_config_key": source.CONFIG_KEY,
        "adls_config_key": destination.CONFIG_KEY,
    }
    postgresql_to_adls(**arguments)
    first = destination.read(arguments["adls_path"])
    assert first.num_rows

    with pytest.raises(DestinationExistsError):
        postgresql_to_adls(**arguments)

    postgresql_to_adls(**arguments, overwrite=True)
    assert destination.read(arguments["adls_path"]) == first
