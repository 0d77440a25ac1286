from acme.orchestration.prefect.flows import rest_to_local
from .orchestration import FlowContract


class TestFlow(FlowContract):
    flow = rest_to_local
    source = "rest"
    destination = "local"
