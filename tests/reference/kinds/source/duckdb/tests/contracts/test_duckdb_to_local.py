from acme.orchestration.prefect.flows import duckdb_to_local
from .orchestration import FlowContract


class TestFlow(FlowContract):
    flow = duckdb_to_local
    source = "duckdb"
    destination = "local"
