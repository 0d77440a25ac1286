from acme.orchestration.prefect.tasks import custom_batches_to_local
from .....contracts.orchestration import TaskContract


class TestTask(TaskContract):
    wrapped = custom_batches_to_local
    ends = ("custom_", "local_")
