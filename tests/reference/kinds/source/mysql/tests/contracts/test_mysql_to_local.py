from acme.orchestration.prefect.flows import mysql_to_local
from .orchestration import FlowContract


class TestFlow(FlowContract):
    flow = mysql_to_local
    source = "mysql"
    destination = "local"
