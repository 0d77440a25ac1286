from acme.sources import DuckDBTables
from ..contracts.connector import ConnectorContract, ExtraContract


class TestDuckDBTables(ExtraContract, ConnectorContract):
    connector = DuckDBTables
    secret = "a-canary-in-the-mine"
    credentials = {"path": "warehouse.duckdb"}
