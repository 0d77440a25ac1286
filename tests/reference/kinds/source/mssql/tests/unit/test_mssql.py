from acme.sources import MSSQL
from ..contracts.connector import ExtraContract, ServerContract


class TestMSSQL(ExtraContract, ServerContract):
    connector = MSSQL
    secret = "a-canary-in-the-mine"
    credentials = {
        "host": "127.0.0.1",
        "port": 1,
        "database": "shop",
        "user": "reader",
        "password": secret,
    }
