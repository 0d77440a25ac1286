from acme.orchestration.prefect.tasks import rest_to_df
from .....contracts.orchestration import TaskContract


class TestTask(TaskContract):
    wrapped = rest_to_df
