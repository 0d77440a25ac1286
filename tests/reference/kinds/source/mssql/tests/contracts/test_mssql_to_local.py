from acme.orchestration.prefect.flows import mssql_to_local
from .orchestration import FlowContract


class TestFlow(FlowContract):
    flow = mssql_to_local
    source = "mssql"
    destination = "local"
