from acme.orchestration.prefect.tasks import api_4_to_df
from .....contracts.orchestration import TaskContract


class TestTask(TaskContract):
    wrapped = api_4_to_df
