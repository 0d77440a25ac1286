from acme.orchestration.prefect.tasks import postgresql_batches_to_duckdb
from .....contracts.orchestration import TaskContract


class TestTask(TaskContract):
    wrapped = postgresql_batches_to_duckdb
    ends = ("postgresql_", "duckdb_")
