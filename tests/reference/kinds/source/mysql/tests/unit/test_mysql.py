from acme.sources import MySQL
from ..contracts.connector import ExtraContract, ServerContract


class TestMySQL(ExtraContract, ServerContract):
    connector = MySQL
    secret = "a-canary-in-the-mine"
    credentials = {
        "host": "127.0.0.1",
        "port": 1,
        "database": "shop",
        "user": "reader",
        "password": secret,
    }
