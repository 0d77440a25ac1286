"""The destination `s3`: its project's own gates and tests, and rows moved through it.

The store is moto's server, over HTTP.
"""

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from pyarrow import fs, parquet
from sourcewright.services import PostgreSQL, PrefectServer

from tests.e2e.generated import kinds
from tests.e2e.generated.telling import assert_telling
from tests.object_store import HOST, KEY, object_store
from tests.sweeps import only_whole


@pytest.fixture(scope="module")
def store() -> Iterator[str]:
    with object_store() as port:
        yield f"http://{HOST}:{port}"


@pytest.fixture(scope="module")
def kind(
    tmp_path_factory: pytest.TempPathFactory,
    store: str,
    postgres: PostgreSQL,
    prefect_server: PrefectServer,
) -> kinds.Kind:
    folder = tmp_path_factory.mktemp("s3")
    credentials = {**KEY, "endpoint_url": store}
    environment = prefect_server.environment
    return kinds.make(folder, "s3", "s3", credentials, postgres, environment)


def test_it_passes_the_gates_as_rendered(kind: kinds.Kind) -> None:
    kind.assert_gates_pass()


@only_whole
def test_it_passes_its_own_tests(kind: kinds.Kind, tmp_path: Path) -> None:
    kind.assert_tests_pass(tmp_path)


@pytest.mark.moves("source/postgresql", "destination/s3")
def test_what_the_flows_move_is_what_another_reader_finds(
    kind: kinds.Kind, store: str, postgres: PostgreSQL
) -> None:
    client = boto3.client(
        "s3",
        aws_access_key_id=KEY["access_key_id"],
        aws_secret_access_key=KEY["secret_access_key"],
        region_name=KEY["region"],
        endpoint_url=store,
    )
    client.create_bucket(Bucket="moved")
    paths = {
        flow: f"moved/{flow}/file.parquet"
        for flow in ("postgresql_to_s3", "postgresql_to_s3_in_batches")
    }
    arguments = {
        "sql_query": kinds.QUERY,
        "postgresql_config_key": "postgresql_test",
        "s3_config_key": "s3_test",
    }
    order = [(flow, {**arguments, "s3_path": path}) for flow, path in paths.items()]
    said = kind.run_flows(*order)
    reader = fs.S3FileSystem(
        access_key=KEY["access_key_id"],
        secret_key=KEY["secret_access_key"],
        region=KEY["region"],
        endpoint_override=store,
    )
    for path in paths.values():
        found = parquet.read_table(path, filesystem=reader).to_pylist()
        assert len(found) == kinds.ROWS
        assert found == kinds.rows_of(postgres, kinds.QUERY)
        assert_telling(found)
    assert KEY["secret_access_key"] not in said
    assert "Uploads" not in client.list_multipart_uploads(Bucket="moved")
