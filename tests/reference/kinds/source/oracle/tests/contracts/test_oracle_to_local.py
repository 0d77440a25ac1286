from acme.orchestration.prefect.flows import oracle_to_local
from .orchestration import FlowContract


class TestFlow(FlowContract):
    flow = oracle_to_local
    source = "oracle"
    destination = "local"
