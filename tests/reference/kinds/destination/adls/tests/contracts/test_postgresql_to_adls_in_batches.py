from acme.orchestration.prefect.flows import postgresql_to_adls_in_batches
from acme.orchestration.prefect.tasks import postgresql_batches_to_adls
from .orchestration import FlowContract, TaskContract


class TestFlow(FlowContract):
    flow = postgresql_to_adls_in_batches
    source = "postgresql"
    destination = "adls"
    manner = "--in-batches"


class TestTask(TaskContract):
    task = postgresql_batches_to_adls
    arguments = {
        "adls_path": "lake/landing/example.parquet",
        "sql_query": "SELECT * FROM example",
    }
    ends = (
        "postgresql_",
        "adls_",
    )
