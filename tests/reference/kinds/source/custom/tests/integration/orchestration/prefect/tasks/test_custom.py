import pytest

from acme.orchestration.prefect.tasks import custom_to_df
from ....live import custom


@pytest.mark.usefixtures("prefect_server")
def test_the_task_returns_the_rows_of_the_query() -> None:
    source = custom.connect()
    df = custom_to_df(custom.QUERY, config_key=custom.CONFIG_KEY)
    assert len(df)
    assert df.equals(source.to_df(custom.QUERY))
