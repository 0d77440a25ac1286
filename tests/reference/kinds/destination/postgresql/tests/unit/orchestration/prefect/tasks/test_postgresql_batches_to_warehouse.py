from acme.orchestration.prefect.tasks import postgresql_batches_to_warehouse
from .....contracts.orchestration import TaskContract


class TestTask(TaskContract):
    wrapped = postgresql_batches_to_warehouse
    ends = ("postgresql_", "warehouse_")
