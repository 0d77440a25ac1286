from acme.orchestration.prefect.tasks import postgresql_batches_to_local
from .....contracts.orchestration import TaskContract


class TestTask(TaskContract):
    wrapped = postgresql_batches_to_local
    ends = ("postgresql_", "local_")
