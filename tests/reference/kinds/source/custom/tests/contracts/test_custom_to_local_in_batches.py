from acme.orchestration.prefect.flows import custom_to_local_in_batches
from acme.orchestration.prefect.tasks import custom_batches_to_local
from .orchestration import FlowContract, TaskContract


class TestFlow(FlowContract):
    flow = custom_to_local_in_batches
    source = "custom"
    destination = "local"
    manner = "--in-batches"


class TestTask(TaskContract):
    task = custom_batches_to_local
    arguments = {
        "local_path": "landing/example.parquet",
        "query": "3",
    }
    ends = (
        "custom_",
        "local_",
    )
