from acme.sources import DuckDB
from ..contracts.connector import ConnectorContract, ExtraContract


class TestDuckDB(ExtraContract, ConnectorContract):
    connector = DuckDB
    secret = "a-canary-in-the-mine"
    credentials = {"path": "data/shop.duckdb"}
