import pandas as pd
import pytest

from acme.orchestration.prefect.tasks import df_to_duckdb
from ....live import duckdb


@pytest.mark.usefixtures("prefect_server")
def test_the_task_writes_the_frame() -> None:
    duckdb.connect()
    target = duckdb.fresh_target()
    df = pd.DataFrame({"number": [1, 2], "text": ["a", None]})
    df_to_duckdb(df, target, config_key=duckdb.CONFIG_KEY)
    assert duckdb.read(target).to_pylist() == [
        {"number": 1, "text": "a"},
        {"number": 2, "text": None},
    ]
