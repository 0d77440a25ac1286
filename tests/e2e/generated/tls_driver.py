"""Read a resource, or write a file, once for each order on standard input.

A script, run in a process of its own with a project's `src` in PYTHONPATH.
"""

import importlib
import json
import sys
import time
from typing import Any

import pyarrow as pa


def follow(order: dict[str, Any]) -> dict[str, Any]:
    """Do what `{"class", "credentials", "query" or "path"}` says."""
    start = time.monotonic()
    retriable = importlib.import_module("acme.exceptions").RetriableError
    made = getattr(importlib.import_module("acme.sources"), order["class"])
    try:
        end = made(credentials=order["credentials"])
        if "query" in order:
            rows = end.to_arrow(order["query"]).num_rows
        else:
            batch = pa.RecordBatch.from_pydict({"id": [1, 2, 3]})
            rows = end.from_batches([batch], order["path"], overwrite=True).rows
    except Exception as err:  # noqa: BLE001 - it is the result
        return {
            "error": type(err).__name__,
            "retriable": isinstance(err, retriable),
            "message": str(err),
            "seconds": time.monotonic() - start,
        }
    return {"rows": rows}


if __name__ == "__main__":
    print("\n" + json.dumps([follow(order) for order in json.load(sys.stdin)]))  # noqa: T201
