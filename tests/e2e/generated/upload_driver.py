"""Write one file through the golden's AzureDataLake, with all that may go wrong.

A script, run in a process of its own with the golden's `src` in PYTHONPATH. It prints
`written`, or the error's class and text.
"""

import importlib
import json
import os
import sys
from collections.abc import Iterator
from typing import Any

MEBIBYTE = 2**20
ROW_GROUP_MEBIBYTES = 32  # no block is sent before


def batches(mebibytes: int, *, text: str, broken: bool) -> Iterator[Any]:
    """Yield noise of so many MiB, which no compression shrinks, then perhaps break."""
    arrow = importlib.import_module("pyarrow")
    for _ in range(mebibytes + broken * ROW_GROUP_MEBIBYTES):
        columns = {"writer": [text], "noise": [os.urandom(MEBIBYTE)]}
        yield arrow.RecordBatch.from_pydict(columns)
    if broken:
        msg = "the source broke off"
        raise RuntimeError(msg)


def main() -> None:
    """Read `{"credentials", "path", "mebibytes", "text", "broken", …}`; write."""
    order = json.load(sys.stdin)
    # By name, since mypy checks this script without the golden in its path.
    lake = importlib.import_module("acme.sources").AzureDataLake(
        credentials=order["credentials"]
    )
    data = batches(
        order["mebibytes"], text=order["text"], broken=order.get("broken", False)
    )
    try:
        lake.from_batches(data, order["path"], **order.get("options", {}))
    except Exception as err:  # noqa: BLE001 - it is the result
        print(type(err).__name__, err)  # noqa: T201
    else:
        print("written")  # noqa: T201


if __name__ == "__main__":
    main()
