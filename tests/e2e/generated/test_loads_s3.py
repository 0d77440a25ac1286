"""Loads into S3 that are stopped at each of their requests: all or nothing.

The points are the HTTP requests of the real process to moto's server, times the ways to
stop it. `make test` tries a dozen, drawn with a fixed seed; with
SOURCEWRIGHT_EVERY_POINT=1 all are tried, and the counts are kept in
tests/matrix/loads.md.
"""

import io
import os
import random
import re
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import boto3
import pytest
from moto.s3 import models
from pyarrow import parquet
from sourcewright.services import PostgreSQL

from tests.e2e.generated.loads import Loads
from tests.e2e.generated.parts import generate, postgresql_credentials
from tests.e2e.generated.stops import WAYS, StopAt, Way
from tests.golden import APPLICATIONS
from tests.object_store import KEY, object_store
from tests.proxy import Proxy, Request
from tests.results import Keep

BUCKET = "loads"
FORMER = b"the former object, whatever is in it"
ROWS = 4_000
QUERY = "SELECT i, md5(i::text) AS text FROM generate_series(1, 4000) AS i"
SAMPLE = 12
EVERY_POINT = bool(os.environ.get("SOURCEWRIGHT_EVERY_POINT"))
VERIFY = ("none", "bytes", "full")
HIDDEN = re.compile(r"_file\.parquet\.[0-9a-f]{32}\.partial")
# So that there are several parts, and several groups of rows.
PART_BYTES = 64 * 1024
SETTINGS = {
    "sources.s3": {"PART_BYTES": PART_BYTES},
    "formats": {"ROW_GROUP_BYTES": PART_BYTES},
}


class Point(NamedTuple):
    """Where a load is stopped, and how."""

    verify: str
    former: bool
    request: int
    way: Way

    @property
    def options(self) -> dict[str, Any]:
        return {
            "verify": self.verify,
            "overwrite": self.former,
            "load_id": "monday",
        }


class Store:
    """The server, looked at without the proxy."""

    def __init__(self, port: int) -> None:
        self._client = boto3.client(
            "s3",
            aws_access_key_id=KEY["access_key_id"],
            aws_secret_access_key=KEY["secret_access_key"],
            region_name=KEY["region"],
            endpoint_url=f"http://127.0.0.1:{port}",
        )
        self._client.create_bucket(Bucket=BUCKET)

    def new_path(self, *, former: bool) -> str:
        key = f"{uuid.uuid4()}/file.parquet"
        if former:
            self._client.put_object(Bucket=BUCKET, Key=key, Body=FORMER)
        return f"{BUCKET}/{key}"

    def visible(self, path: str) -> Literal["nothing", "old", "new"]:
        """Return what a reader finds at a path; anything else fails the test."""
        try:
            found = self._client.get_object(Bucket=BUCKET, Key=_key(path))
        except self._client.exceptions.NoSuchKey:
            return "nothing"
        content = found["Body"].read()
        if content == FORMER:
            return "old"
        table = parquet.read_table(io.BytesIO(content))
        assert table.column("i").to_pylist() == [*range(1, ROWS + 1)]
        return "new"

    def names(self, path: str) -> set[str]:
        """Return the names of all objects in the folder of a path."""
        folder = _key(path).rpartition("/")[0]
        listed = self._client.list_objects_v2(Bucket=BUCKET, Prefix=folder)
        return {each["Key"].rpartition("/")[2] for each in listed.get("Contents", ())}

    def uploads(self, path: str) -> int:
        """Return how many uploads below the folder of a path have not ended."""
        folder = _key(path).rpartition("/")[0]
        listed = self._client.list_multipart_uploads(Bucket=BUCKET)
        return sum(each["Key"].startswith(folder) for each in listed.get("Uploads", ()))


def _key(path: str) -> str:
    return path.partition("/")[2]


def begins_upload(request: Request) -> bool:
    return request.method == "POST" and "uploads" in request.query


def shows_object(request: Request) -> bool:
    """Say whether it makes the object visible, not the hidden one beside it."""
    whole = request.method == "PUT" and "partNumber" not in request.query
    completes = request.method == "POST" and "uploadId" in request.query
    return (whole or completes) and "/_" not in request.path


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with pytest.MonkeyPatch.context() as patch, object_store() as port:
        patch.setattr(models, "S3_UPLOAD_PART_MIN_SIZE", 1)
        yield port


@pytest.fixture(scope="module")
def store(port: int) -> Store:
    return Store(port)


@pytest.fixture(scope="module")
def proxy(port: int) -> Iterator[Proxy]:
    with Proxy(port) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def loads(
    postgres: PostgreSQL, proxy: Proxy, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Loads]:
    folder = tmp_path_factory.mktemp("loads-s3")
    project = folder / "project"
    generate(
        project,
        [
            APPLICATIONS[0],
            ["component=destination", "name=s3", "kind=s3"],
            ["component=source", "name=postgresql", "destinations=[]"],
        ],
    )
    order = {
        "source": postgresql_credentials(postgres),
        "class": "S3",
        "destination": {**KEY, "endpoint_url": f"http://127.0.0.1:{proxy.port}"},
        "query": QUERY,
    }
    with Loads(project, folder, order, SETTINGS) as loads:
        yield loads


@pytest.fixture(scope="module")
def points(loads: Loads, store: Store, proxy: Proxy) -> list[Point]:
    """Look at a load of each kind; give all points, or a dozen of them."""
    found = []
    for verify in VERIFY:
        for former in (False, True):
            proxy.seen.clear()
            path = store.new_path(former=former)
            assert loads.run(path, verify=verify, overwrite=former) == "written"
            assert store.names(path) == {"file.parquet"}
            assert store.uploads(path) == 0
            parts = sum("partNumber" in each.query for each in proxy.seen)
            assert parts > 1
            requests = range(1, len(proxy.seen) + 1)
            found += [Point(verify, former, at, way) for at in requests for way in WAYS]
    return found if EVERY_POINT else random.Random(6).sample(found, SAMPLE)  # noqa: S311


def test_a_load_that_is_stopped_shows_the_old_object_or_the_new_one(
    loads: Loads, store: Store, proxy: Proxy, points: list[Point], keep: Keep
) -> None:
    seen: Counter[tuple[str, str, str]] = Counter()
    for point in points:
        path = store.new_path(former=point.former)
        process = loads.start(path, **point.options)
        proxy.rule = stop = StopAt(point.request, point.way, process)
        proxy.arrived = stop.arrived
        said = loads.finish()
        proxy.rule, proxy.arrived = lambda _: "pass", lambda _: None
        assert stop.reached, point
        assert bool(said) == (not point.way.startswith("kill")), (point, said)

        visible = store.visible(path)
        seen[point.verify, point.way, visible] += 1
        assert visible != ("nothing" if point.former else "old"), point
        if said == "written":
            assert visible == "new", point
        if point.way != "lose the answer" and not shows_object(stop.reached):
            assert visible != "new", point
        others = store.names(path) - {"file.parquet"}
        assert len(others) <= 1, point
        assert all(HIDDEN.fullmatch(name) for name in others), point
        left = store.uploads(path)
        if point.way == "lose the answer":
            # Nobody knows the name of the one that was begun then.
            assert left == begins_upload(stop.reached), point

        # The task tries again; nothing of the former attempt is in its way, and no
        # upload more is left.
        assert loads.run(path, **point.options) == "written", point
        assert store.visible(path) == "new", point
        assert store.uploads(path) == left <= 1, point
        if point.verify == "full":
            assert store.names(path) == {"file.parquet"}, point
    if EVERY_POINT:
        assert len(points) >= 200
    for (verify, way, shown), count in sorted(seen.items()):
        row = {"destination": "s3", "load": f"verify={verify}", "stopped by": way}
        keep("loads", **row, **{"visible then": shown}, points=count, wrong=0)
