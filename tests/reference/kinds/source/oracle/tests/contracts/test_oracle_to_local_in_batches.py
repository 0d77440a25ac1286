from acme.orchestration.prefect.flows import oracle_to_local_in_batches
from acme.orchestration.prefect.tasks import oracle_batches_to_local
from .orchestration import FlowContract, TaskContract


class TestFlow(FlowContract):
    flow = oracle_to_local_in_batches
    source = "oracle"
    destination = "local"
    manner = "--in-batches"


class TestTask(TaskContract):
    task = oracle_batches_to_local
    arguments = {
        "local_path": "landing/example.parquet",
        "sql_query": "SELECT * FROM example",
    }
    ends = (
        "oracle_",
        "local_",
    )
