import pytest

from acme.orchestration.prefect.tasks import api_1_to_df
from ....live import api_1


@pytest.mark.usefixtures("prefect_server")
def test_the_task_returns_the_rows_of_the_query() -> None:
    source = api_1.connect()
    df = api_1_to_df(api_1.QUERY, config_key=api_1.CONFIG_KEY)
    assert len(df)
    assert df.equals(source.to_df(api_1.QUERY))
