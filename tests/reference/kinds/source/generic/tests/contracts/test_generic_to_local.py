from acme.orchestration.prefect.flows import generic_to_local
from .orchestration import FlowContract


class TestFlow(FlowContract):
    flow = generic_to_local
    source = "generic"
    destination = "local"
