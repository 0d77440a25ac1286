from acme.sources import S3
from ..contracts.connector import ConnectorContract, ExtraContract


class TestS3(ExtraContract, ConnectorContract):
    connector = S3
    secret = "a-canary-in-the-mine"
    credentials = {"access_key_id": "key", "secret_access_key": secret}
