from acme.orchestration.prefect.flows import rest_to_local_in_batches
from acme.orchestration.prefect.tasks import rest_batches_to_local
from .orchestration import FlowContract, TaskContract


class TestFlow(FlowContract):
    flow = rest_to_local_in_batches
    source = "rest"
    destination = "local"
    manner = "--in-batches"


class TestTask(TaskContract):
    task = rest_batches_to_local
    arguments = {
        "local_path": "landing/example.parquet",
        "resource": "orders?status=open",
    }
    ends = (
        "rest_",
        "local_",
    )
