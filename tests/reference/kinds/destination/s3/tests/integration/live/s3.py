"""The store that integration tests write to, in a bucket of their own."""

import contextlib
import io
import uuid

import pyarrow as pa
from pyarrow import parquet

from acme.sources import S3
from . import skip_without

CONFIG_KEY = "s3_test"
BUCKET = "connector-tests"


def connect() -> S3:
    """Return the destination, with its bucket made; skip without its config key."""
    skip_without(CONFIG_KEY)
    destination = S3(config_key=CONFIG_KEY)
    client = destination.client
    region = destination.credentials.region or "us-east-1"
    where = {"CreateBucketConfiguration": {"LocationConstraint": region}}
    theirs, ours = "BucketAlreadyExists", "BucketAlreadyOwnedByYou"
    known = [getattr(client.exceptions, each) for each in (theirs, ours)]
    with contextlib.suppress(*known):
        client.create_bucket(Bucket=BUCKET, **where if region != "us-east-1" else {})
    return destination


def fresh_target() -> str:
    """Return a path without a file."""
    return f"{BUCKET}/{uuid.uuid4()}/file.parquet"


def read(path: str) -> pa.Table:
    """Return the rows at `path`, or raise FileNotFoundError."""
    client = connect().client
    bucket, _, key = path.partition("/")
    try:
        found = client.get_object(Bucket=bucket, Key=key)["Body"].read()
    except client.exceptions.NoSuchKey as err:
        raise FileNotFoundError(path) from err
    return parquet.read_table(io.BytesIO(found))
