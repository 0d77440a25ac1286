from acme.orchestration.prefect.tasks import postgresql_to_df
from .....contracts.orchestration import TaskContract


class TestTask(TaskContract):
    wrapped = postgresql_to_df
