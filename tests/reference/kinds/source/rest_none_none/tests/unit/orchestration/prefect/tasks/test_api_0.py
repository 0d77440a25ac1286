from acme.orchestration.prefect.tasks import api_0_to_df
from .....contracts.orchestration import TaskContract


class TestTask(TaskContract):
    wrapped = api_0_to_df
