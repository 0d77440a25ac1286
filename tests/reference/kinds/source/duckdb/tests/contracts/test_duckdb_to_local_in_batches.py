from acme.orchestration.prefect.flows import duckdb_to_local_in_batches
from acme.orchestration.prefect.tasks import duckdb_batches_to_local
from .orchestration import FlowContract, TaskContract


class TestFlow(FlowContract):
    flow = duckdb_to_local_in_batches
    source = "duckdb"
    destination = "local"
    manner = "--in-batches"


class TestTask(TaskContract):
    task = duckdb_batches_to_local
    arguments = {
        "local_path": "landing/example.parquet",
        "sql_query": "SELECT * FROM example",
    }
    ends = (
        "duckdb_",
        "local_",
    )
