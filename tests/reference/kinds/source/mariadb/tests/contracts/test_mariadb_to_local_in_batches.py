from acme.orchestration.prefect.flows import mariadb_to_local_in_batches
from acme.orchestration.prefect.tasks import mariadb_batches_to_local
from .orchestration import FlowContract, TaskContract


class TestFlow(FlowContract):
    flow = mariadb_to_local_in_batches
    source = "mariadb"
    destination = "local"
    manner = "--in-batches"


class TestTask(TaskContract):
    task = mariadb_batches_to_local
    arguments = {
        "local_path": "landing/example.parquet",
        "sql_query": "SELECT * FROM example",
    }
    ends = (
        "mariadb_",
        "local_",
    )
