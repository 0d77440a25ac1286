from acme.sources import MariaDB
from ..contracts.connector import ExtraContract, ServerContract


class TestMariaDB(ExtraContract, ServerContract):
    connector = MariaDB
    secret = "a-canary-in-the-mine"
    credentials = {
        "host": "127.0.0.1",
        "port": 1,
        "database": "shop",
        "user": "reader",
        "password": secret,
    }
