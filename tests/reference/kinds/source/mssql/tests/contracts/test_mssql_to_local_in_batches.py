from acme.orchestration.prefect.flows import mssql_to_local_in_batches
from acme.orchestration.prefect.tasks import mssql_batches_to_local
from .orchestration import FlowContract, TaskContract


class TestFlow(FlowContract):
    flow = mssql_to_local_in_batches
    source = "mssql"
    destination = "local"
    manner = "--in-batches"


class TestTask(TaskContract):
    task = mssql_batches_to_local
    arguments = {
        "local_path": "landing/example.parquet",
        "sql_query": "SELECT * FROM example",
    }
    ends = (
        "mssql_",
        "local_",
    )
