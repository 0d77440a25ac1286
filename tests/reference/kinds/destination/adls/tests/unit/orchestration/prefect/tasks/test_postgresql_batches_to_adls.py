from acme.orchestration.prefect.tasks import postgresql_batches_to_adls
from .....contracts.orchestration import TaskContract


class TestTask(TaskContract):
    wrapped = postgresql_batches_to_adls
    ends = ("postgresql_", "adls_")
