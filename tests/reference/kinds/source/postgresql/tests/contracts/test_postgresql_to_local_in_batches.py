from acme.orchestration.prefect.flows import postgresql_to_local_in_batches
from acme.orchestration.prefect.tasks import postgresql_batches_to_local
from .orchestration import FlowContract, TaskContract


class TestFlow(FlowContract):
    flow = postgresql_to_local_in_batches
    source = "postgresql"
    destination = "local"
    manner = "--in-batches"


class TestTask(TaskContract):
    task = postgresql_batches_to_local
    arguments = {
        "local_path": "landing/example.parquet",
        "sql_query": "SELECT * FROM example",
    }
    ends = (
        "postgresql_",
        "local_",
    )
