from acme.sources import Oracle
from ..contracts.connector import ExtraContract, ServerContract


class TestOracle(ExtraContract, ServerContract):
    connector = Oracle
    secret = "a-canary-in-the-mine"
    credentials = {
        "host": "127.0.0.1",
        "port": 1,
        "service_name": "FREEPDB1",
        "user": "reader",
        "password": secret,
    }
