import pandas as pd
import pytest

from acme.orchestration.prefect.tasks import df_to_warehouse
from ....live import warehouse


@pytest.mark.usefixtures("prefect_server")
def test_the_task_writes_the_frame() -> None:
    warehouse.connect()
    target = warehouse.fresh_target()
    df = pd.DataFrame({"number": [1, 2], "text": ["a", None]})
    df_to_warehouse(df, target, config_key=warehouse.CONFIG_KEY)
    assert warehouse.read(target).to_pylist() == [
        {"number": 1, "text": "a"},
        {"number": 2, "text": None},
    ]
