from acme.orchestration.prefect.flows import postgresql_to_s3
from .orchestration import FlowContract


class TestFlow(FlowContract):
    flow = postgresql_to_s3
    source = "postgresql"
    destination = "s3"
