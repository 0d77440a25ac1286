import pytest

from acme.orchestration.prefect.tasks import api_2_to_df
from ....live import api_2


@pytest.mark.usefixtures("prefect_server")
def test_the_task_returns_the_rows_of_the_query() -> None:
    source = api_2.connect()
    df = api_2_to_df(api_2.QUERY, config_key=api_2.CONFIG_KEY)
    assert len(df)
    assert df.equals(source.to_df(api_2.QUERY))
