from acme.orchestration.prefect.flows import postgresql_to_warehouse_in_batches
from acme.orchestration.prefect.tasks import postgresql_batches_to_warehouse
from .orchestration import FlowContract, TaskContract


class TestFlow(FlowContract):
    flow = postgresql_to_warehouse_in_batches
    source = "postgresql"
    destination = "warehouse"
    manner = "--in-batches"


class TestTask(TaskContract):
    task = postgresql_batches_to_warehouse
    arguments = {
        "warehouse_table": "landing.example",
        "sql_query": "SELECT * FROM example",
    }
    ends = (
        "postgresql_",
        "warehouse_",
    )
