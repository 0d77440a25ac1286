from acme.orchestration.prefect.flows import sqlite_to_local_in_batches
from acme.orchestration.prefect.tasks import sqlite_batches_to_local
from .orchestration import FlowContract, TaskContract


class TestFlow(FlowContract):
    flow = sqlite_to_local_in_batches
    source = "sqlite"
    destination = "local"
    manner = "--in-batches"


class TestTask(TaskContract):
    task = sqlite_batches_to_local
    arguments = {
        "local_path": "landing/example.parquet",
        "sql_query": "SELECT * FROM example",
    }
    ends = (
        "sqlite_",
        "local_",
    )
