import pytest

from acme.orchestration.prefect.tasks import api_4_to_df
from ....live import api_4


@pytest.mark.usefixtures("prefect_server")
def test_the_task_returns_the_rows_of_the_query() -> None:
    source = api_4.connect()
    df = api_4_to_df(api_4.QUERY, config_key=api_4.CONFIG_KEY)
    assert len(df)
    assert df.equals(source.to_df(api_4.QUERY))
