from acme.orchestration.prefect.tasks import df_to_s3
from .....contracts.orchestration import TaskContract


class TestTask(TaskContract):
    wrapped = df_to_s3
