import pandas as pd
import pytest

from acme.orchestration.prefect.tasks import df_to_s3
from ....live import s3


@pytest.mark.usefixtures("prefect_server")
def test_the_task_writes_the_frame() -> None:
    s3.connect()
    target = s3.fresh_target()
    df = pd.DataFrame({"number": [1, 2], "text": ["a", None]})
    df_to_s3(df, target, config_key=s3.CONFIG_KEY)
    assert s3.read(target).to_pylist() == [
        {"number": 1, "text": "a"},
        {"number": 2, "text": None},
    ]
