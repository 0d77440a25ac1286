from acme.sources import SQLite
from ..contracts.connector import ConnectorContract


class TestSQLite(ConnectorContract):
    connector = SQLite
    secret = "a-canary-in-the-mine"
    credentials = {"path": "data/shop.sqlite"}
