from acme.orchestration.prefect.flows import mariadb_to_local
from .orchestration import FlowContract


class TestFlow(FlowContract):
    flow = mariadb_to_local
    source = "mariadb"
    destination = "local"
