from acme.orchestration.prefect.flows import postgresql_to_duckdb_in_batches
from acme.orchestration.prefect.tasks import postgresql_batches_to_duckdb
from .orchestration import FlowContract, TaskContract


class TestFlow(FlowContract):
    flow = postgresql_to_duckdb_in_batches
    source = "postgresql"
    destination = "duckdb"
    manner = "--in-batches"


class TestTask(TaskContract):
    task = postgresql_batches_to_duckdb
    arguments = {
        "duckdb_table": "landing.example",
        "sql_query": "SELECT * FROM example",
    }
    ends = (
        "postgresql_",
        "duckdb_",
    )
