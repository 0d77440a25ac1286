from acme.orchestration.prefect.flows import postgresql_to_warehouse
from tests.contracts.orchestration import FlowContract


class TestFlow(FlowContract):
    flow = postgresql_to_warehouse
    source = "postgresql"
    destination = "warehouse"
