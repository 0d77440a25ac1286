from acme.orchestration.prefect.flows import mysql_to_local_in_batches
from acme.orchestration.prefect.tasks import mysql_batches_to_local
from .orchestration import FlowContract, TaskContract


class TestFlow(FlowContract):
    flow = mysql_to_local_in_batches
    source = "mysql"
    destination = "local"
    manner = "--in-batches"


class TestTask(TaskContract):
    task = mysql_batches_to_local
    arguments = {
        "local_path": "landing/example.parquet",
        "sql_query": "SELECT * FROM example",
    }
    ends = (
        "mysql_",
        "local_",
    )
