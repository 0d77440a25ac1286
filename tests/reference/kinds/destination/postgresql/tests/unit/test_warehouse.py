from acme.sources import Warehouse
from ..contracts.connector import ConnectorContract, ExtraContract


class TestWarehouse(ExtraContract, ConnectorContract):
    connector = Warehouse
    secret = "a-canary-in-the-mine"
    credentials = {"host": "a", "database": "b", "user": "c", "password": secret}
