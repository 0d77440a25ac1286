from acme.orchestration.prefect.flows import sqlite_to_local
from .orchestration import FlowContract


class TestFlow(FlowContract):
    flow = sqlite_to_local
    source = "sqlite"
    destination = "local"
