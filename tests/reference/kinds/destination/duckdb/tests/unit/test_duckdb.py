from acme.sources import DuckDBTables
from ..contracts.connector import ConnectorContract


class TestDuckDBTables(ConnectorContract):
    connector = DuckDBTables
    secret = "a-canary-in-the-mine"
    credentials = {"path": "warehouse.duckdb"}
