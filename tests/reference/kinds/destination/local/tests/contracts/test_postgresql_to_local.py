from acme.orchestration.prefect.flows import postgresql_to_local
from .orchestration import FlowContract


class TestFlow(FlowContract):
    flow = postgresql_to_local
    source = "postgresql"
    destination = "local"
