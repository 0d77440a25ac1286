from acme.orchestration.prefect.tasks import df_to_warehouse
from .....contracts.orchestration import TaskContract


class TestTask(TaskContract):
    wrapped = df_to_warehouse
