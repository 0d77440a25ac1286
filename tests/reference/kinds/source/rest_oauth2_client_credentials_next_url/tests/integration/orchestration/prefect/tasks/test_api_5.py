import pytest

from acme.orchestration.prefect.tasks import api_5_to_df
from ....live import api_5


@pytest.mark.usefixtures("prefect_server")
def test_the_task_returns_the_rows_of_the_query() -> None:
    source = api_5.connect()
    df = api_5_to_df(api_5.QUERY, config_key=api_5.CONFIG_KEY)
    assert len(df)
    assert df.equals(source.to_df(api_5.QUERY))
