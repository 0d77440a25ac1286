from acme.orchestration.prefect.tasks import api_1_to_df
from .....contracts.orchestration import TaskContract


class TestTask(TaskContract):
    wrapped = api_1_to_df
