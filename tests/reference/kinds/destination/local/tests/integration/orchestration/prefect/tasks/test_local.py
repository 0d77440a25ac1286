import pandas as pd
import pytest

from acme.orchestration.prefect.tasks import df_to_local
from ....live import local


@pytest.mark.usefixtures("prefect_server")
def test_the_task_writes_the_frame() -> None:
    local.connect()
    target = local.fresh_target()
    df = pd.DataFrame({"number": [1, 2], "text": ["a", None]})
    df_to_local(df, target, config_key=local.CONFIG_KEY)
    assert local.read(target).to_pylist() == [
        {"number": 1, "text": "a"},
        {"number": 2, "text": None},
    ]
