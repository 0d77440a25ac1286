"""Move rows by a connector, in this process or in a fork, and return the result."""

import importlib
import os
import secrets
import time
from typing import Any

import pyarrow as pa
from runtime.exceptions import ConnectorError, RetriableError
from runtime.rest.authentication import BearerToken
from runtime.rest.source import REST
from runtime.source import Source

from tests.runtime.rest.orders import QUICK, Orders
from tests.runtime.shown import everything_shown

CANARY = f"a-canary-{secrets.token_hex(8)}"
# Variables that name trusted certificates, or a proxy; a machine may have them set.
TRUST = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "AWS_CA_BUNDLE")
OTHERS = (
    *("SSL_CERT_DIR", "CURL_CA_BUNDLE"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
)
ALL = {each for name in (*TRUST, *OTHERS) for each in (name, name.lower())}

ROWS = 2
Moved = dict[str, Any]


class KeyedOrders(REST):
    """Orders of a server that wants a token."""

    credentials_model = BearerToken
    limits, api = QUICK, Orders.api


def move(class_path: str, credentials: dict[str, Any], target: str) -> Moved:
    """Read a query, or write rows into a target; return their number, or the error."""
    module, _, name = class_path.rpartition(".")
    start = time.monotonic()
    try:
        end = getattr(importlib.import_module(module), name)(credentials=credentials)
        if isinstance(end, Source):
            return {"rows": end.to_arrow(target).num_rows}
        batch = pa.RecordBatch.from_pydict({"id": [*range(ROWS)]})
        options = {"mode": "replace"} if "tables" in module else {"overwrite": True}
        return {"rows": end.from_batches([batch], target, **options).rows}
    except ConnectorError as err:
        return {
            "error": type(err).__name__,
            "retriable": isinstance(err, RetriableError),
            "what": err.what,
            "next": err.next_step,
            "shown": everything_shown(err),
            "seconds": time.monotonic() - start,
        }


def move_each(variables: dict[str, str], moves: list[tuple[Any, ...]]) -> list[Moved]:
    """Move rows several times, with some variables of the environment."""
    for name in ALL:
        os.environ.pop(name, None)
    os.environ.update(variables)
    return [move(*each) for each in moves]


def assert_refused(came: Moved, what: str, setting: str = "") -> None:
    """Check that an error is fatal, and says what is wrong and what to set."""
    assert came.get("error") in {"FatalError", "CredentialError"}, came
    assert not came["retriable"]
    assert what in came["what"], came
    assert setting in came["next"], came
    assert CANARY not in came["shown"]
