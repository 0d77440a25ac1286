from acme.orchestration.prefect.flows import generic_to_local_in_batches
from acme.orchestration.prefect.tasks import generic_batches_to_local
from .orchestration import FlowContract, TaskContract


class TestFlow(FlowContract):
    flow = generic_to_local_in_batches
    source = "generic"
    destination = "local"
    manner = "--in-batches"


class TestTask(TaskContract):
    task = generic_batches_to_local
    arguments = {
        "local_path": "landing/example.parquet",
        "sql_query": "SELECT * FROM example",
    }
    ends = (
        "generic_",
        "local_",
    )
