import pytest

from acme.orchestration.prefect.tasks import api_3_to_df
from ....live import api_3


@pytest.mark.usefixtures("prefect_server")
def test_the_task_returns_the_rows_of_the_query() -> None:
    source = api_3.connect()
    df = api_3_to_df(api_3.QUERY, config_key=api_3.CONFIG_KEY)
    assert len(df)
    assert df.equals(source.to_df(api_3.QUERY))
