from acme.sources import S3
from ..contracts.connector import ConnectorContract


class TestS3(ConnectorContract):
    connector = S3
    secret = "a-canary-in-the-mine"
    credentials = {"access_key_id": "key", "secret_access_key": secret}
