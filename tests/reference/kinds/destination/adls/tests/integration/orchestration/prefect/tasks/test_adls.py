import pandas as pd
import pytest

from acme.orchestration.prefect.tasks import df_to_adls
from ....live import adls


@pytest.mark.usefixtures("prefect_server")
def test_the_task_writes_the_frame() -> None:
    adls.connect()
    target = adls.fresh_target()
    df = pd.DataFrame({"number": [1, 2], "text": ["a", None]})
    df_to_adls(df, target, config_key=adls.CONFIG_KEY)
    assert adls.read(target).to_pylist() == [
        {"number": 1, "text": "a"},
        {"number": 2, "text": None},
    ]
