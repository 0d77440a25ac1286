from acme.orchestration.prefect.tasks import postgresql_batches_to_s3
from .....contracts.orchestration import TaskContract


class TestTask(TaskContract):
    wrapped = postgresql_batches_to_s3
    ends = ("postgresql_", "s3_")
