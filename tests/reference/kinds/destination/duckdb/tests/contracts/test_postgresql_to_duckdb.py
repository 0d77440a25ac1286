from acme.orchestration.prefect.flows import postgresql_to_duckdb
from .orchestration import FlowContract


class TestFlow(FlowContract):
    flow = postgresql_to_duckdb
    source = "postgresql"
    destination = "duckdb"
