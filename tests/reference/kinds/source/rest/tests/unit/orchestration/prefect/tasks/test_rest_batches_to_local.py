from acme.orchestration.prefect.tasks import rest_batches_to_local
from .....contracts.orchestration import TaskContract


class TestTask(TaskContract):
    wrapped = rest_batches_to_local
    ends = ("rest_", "local_")
