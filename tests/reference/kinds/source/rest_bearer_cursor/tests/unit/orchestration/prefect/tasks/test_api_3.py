from acme.orchestration.prefect.tasks import api_3_to_df
from .....contracts.orchestration import TaskContract


class TestTask(TaskContract):
    wrapped = api_3_to_df
