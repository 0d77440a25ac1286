from acme.orchestration.prefect.flows import postgresql_to_warehouse
from .orchestration import FlowContract


class TestFlow(FlowContract):
    flow = postgresql_to_warehouse
    source = "postgresql"
    destination = "warehouse"
