from acme.sources import DuckDB
from ..contracts.connector import ConnectorContract


class TestDuckDB(ConnectorContract):
    connector = DuckDB
    secret = "a-canary-in-the-mine"
    credentials = {"path": "data/shop.duckdb"}
