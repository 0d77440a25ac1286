"""What the generated code can't do yet: each test fails for the reason that it gives.

A test that begins to pass fails the run (`strict`); an error of another kind than a
failed assertion does too (`raises`).
"""

import json
import time
import urllib.request

import pytest
from sourcewright.services import Azurite, PrefectServer

from tests.e2e.generated.proxy import Proxy
from tests.e2e.generated.uploads import StallAtTheLastBlock, Uploader

CONTAINER = "expected-to-fail"


@pytest.mark.xfail(
    strict=True,
    raises=AssertionError,
    reason="survival of a kill: nobody notices that the process of a flow run is gone",
)
def test_the_run_of_a_killed_flow_does_not_stay_running(
    azurite: Azurite, proxy: Proxy, uploader: Uploader, prefect_server: PrefectServer
) -> None:
    azurite.create_container(CONTAINER)
    path = f"{CONTAINER}/killed.parquet"
    proxy.rule = stall = StallAtTheLastBlock()
    with uploader.by_flow(proxy, path, overwrite=True) as upload:
        if not stall.reached.wait(timeout=60):
            raise RuntimeError
        upload.process.kill()
        stall.released.set()
    deadline = time.monotonic() + 5
    while (state := state_of_run(prefect_server, path)) == "RUNNING":
        if time.monotonic() > deadline:
            break
        time.sleep(0.5)
    assert state != "RUNNING"


def state_of_run(server: PrefectServer, path: str) -> str:
    """Return the state of the one flow run that writes to a path."""
    request = urllib.request.Request(  # noqa: S310 - our own server
        f"{server.api_url}/flow_runs/filter",
        data=json.dumps({"sort": "START_TIME_DESC", "limit": 20}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        runs = json.load(answer)
    (state,) = [
        r["state_type"] for r in runs if r["parameters"].get("adls_path") == path
    ]
    return str(state)
