"""The storage account that integration tests write to, in a container of their own."""

import uuid

import pyarrow as pa
from pyarrow import parquet

from acme.sources import AzureDataLake
from . import skip_without

CONFIG_KEY = "adls_test"
CONTAINER = "connector-tests"


def connect() -> AzureDataLake:
    """Return the destination, with its container made; skip without its config key."""
    skip_without(CONFIG_KEY)
    destination = AzureDataLake(config_key=CONFIG_KEY)
    filesystem = destination.filesystem
    if not filesystem.exists(CONTAINER):
        filesystem.mkdir(CONTAINER)
    return destination


def fresh_target() -> str:
    """Return a path without a file."""
    return f"{CONTAINER}/{uuid.uuid4()}/file.parquet"


def read(path: str) -> pa.Table:
    """Return the rows at `path`, or raise FileNotFoundError."""
    with connect().filesystem.open(path, "rb") as file:
        return parquet.read_table(file)
