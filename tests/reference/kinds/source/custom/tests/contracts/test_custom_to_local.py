from acme.orchestration.prefect.flows import custom_to_local
from .orchestration import FlowContract


class TestFlow(FlowContract):
    flow = custom_to_local
    source = "custom"
    destination = "local"
