from acme.orchestration.prefect.flows import postgresql_to_adls
from .orchestration import FlowContract


class TestFlow(FlowContract):
    flow = postgresql_to_adls
    source = "postgresql"
    destination = "adls"
