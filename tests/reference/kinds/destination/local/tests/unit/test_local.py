from acme.sources import LocalFolder
from ..contracts.connector import ConnectorContract


class TestLocalFolder(ConnectorContract):
    connector = LocalFolder
    secret = "a-canary-in-the-mine"
    credentials = {"root": "landing"}
