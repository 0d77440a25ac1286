from acme.orchestration.prefect.flows import postgresql_to_s3_in_batches
from acme.orchestration.prefect.tasks import postgresql_batches_to_s3
from .orchestration import FlowContract, TaskContract


class TestFlow(FlowContract):
    flow = postgresql_to_s3_in_batches
    source = "postgresql"
    destination = "s3"
    manner = "--in-batches"


class TestTask(TaskContract):
    task = postgresql_batches_to_s3
    arguments = {
        "s3_path": "bucket/landing/example.parquet",
        "sql_query": "SELECT * FROM example",
    }
    ends = (
        "postgresql_",
        "s3_",
    )
