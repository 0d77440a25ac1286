from acme.sources import PostgreSQL
from ..contracts.connector import ExtraContract, ServerContract


class TestPostgreSQL(ExtraContract, ServerContract):
    connector = PostgreSQL
    secret = "a-canary-in-the-mine"
    credentials = {
        "host": "127.0.0.1",
        "port": 1,
        "database": "shop",
        "user": "reader",
        "password": secret,
    }
