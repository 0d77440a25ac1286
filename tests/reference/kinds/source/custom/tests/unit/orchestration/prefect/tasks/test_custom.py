from acme.orchestration.prefect.tasks import custom_to_df
from .....contracts.orchestration import TaskContract


class TestTask(TaskContract):
    wrapped = custom_to_df
