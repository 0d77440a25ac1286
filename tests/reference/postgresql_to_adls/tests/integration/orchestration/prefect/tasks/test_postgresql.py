import pytest

from acme.orchestration.prefect.tasks import postgresql_to_df
from ....live import postgresql


@pytest.mark.usefixtures("prefect_server")
def test_the_task_returns_the_rows_of_the_query() -> None:
    source = postgresql.connect()
    df = postgresql_to_df(postgresql.QUERY, config_key=postgresql.CONFIG_KEY)
    assert len(df)
    assert df.equals(source.to_df(postgresql.QUERY))
