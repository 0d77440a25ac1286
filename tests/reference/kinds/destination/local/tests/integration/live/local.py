"""The folder that integration tests write to."""

import uuid

import pyarrow as pa
from pyarrow import parquet

from acme.sources import LocalFolder
from . import skip_without

CONFIG_KEY = "local_test"


def connect() -> LocalFolder:
    """Return the destination; skip without its config key."""
    skip_without(CONFIG_KEY)
    return LocalFolder(config_key=CONFIG_KEY)


def fresh_target() -> str:
    """Return a path without a file."""
    return f"{uuid.uuid4()}/file.parquet"


def read(path: str) -> pa.Table:
    """Return the rows at `path`, or raise FileNotFoundError."""
    return parquet.read_table(connect().credentials.root / path)
