import pytest

from acme.orchestration.prefect.tasks import rest_to_df
from ....live import rest


@pytest.mark.usefixtures("prefect_server")
def test_the_task_returns_the_rows_of_the_query() -> None:
    source = rest.connect()
    df = rest_to_df(rest.QUERY, config_key=rest.CONFIG_KEY)
    assert len(df)
    assert df.equals(source.to_df(rest.QUERY))
