from acme.sources import AzureDataLake
from ..contracts.connector import ConnectorContract, ExtraContract


class TestAzureDataLake(ExtraContract, ConnectorContract):
    connector = AzureDataLake
    secret = "YS1jYW5hcnk="
    credentials = {"account_name": "account", "account_key": secret}
