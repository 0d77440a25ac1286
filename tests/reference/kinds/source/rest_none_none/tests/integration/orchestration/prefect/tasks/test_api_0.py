import pytest

from acme.orchestration.prefect.tasks import api_0_to_df
from ....live import api_0


@pytest.mark.usefixtures("prefect_server")
def test_the_task_returns_the_rows_of_the_query() -> None:
    source = api_0.connect()
    df = api_0_to_df(api_0.QUERY, config_key=api_0.CONFIG_KEY)
    assert len(df)
    assert df.equals(source.to_df(api_0.QUERY))
