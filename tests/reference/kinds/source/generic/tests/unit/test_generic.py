from acme.sources import GenericSQL
from ..contracts.connector import ConnectorContract


class TestGenericSQL(ConnectorContract):
    connector = GenericSQL
    secret = "a-canary-in-the-mine"
    credentials = {
        "drivername": "postgresql+psycopg2",
        "host": "localhost",
        "database": "shop",
        "user": "reader",
        "password": secret,
    }
