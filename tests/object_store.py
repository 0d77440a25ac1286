"""moto's S3 server, over HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from moto.server import ThreadedMotoServer
from werkzeug.serving import WSGIRequestHandler

from tests.canaries import OF_STORE

HOST = "127.0.0.1"
KEY = {
    "access_key_id": "key",
    "secret_access_key": OF_STORE,
    "region": "us-east-1",
}


@contextmanager
def object_store() -> Iterator[int]:
    """Start it on a free port, which is given."""
    with pytest.MonkeyPatch.context() as patch:
        # It writes headers and body apart, and the body would wait 40 ms.
        patch.setattr(WSGIRequestHandler, "disable_nagle_algorithm", True)
        server = ThreadedMotoServer(ip_address=HOST, port=0, verbose=False)
        server.start()
        try:
            yield server.get_host_and_port()[1]
        finally:
            server.stop()
