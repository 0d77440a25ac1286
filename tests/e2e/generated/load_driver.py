"""Load through a project's code, once for each order on standard input.

A script, run in a process of its own with the project's `src` in PYTHONPATH. It imports
everything, then forks for each load, which may be killed. Before a load is a line with
its process id, after it a line with what it said, or nothing where it was killed. Its
argument sets what modules of the project have otherwise: `{module: {name: value}}`.
"""

import ctypes
import importlib
import json
import os
import sys
from typing import Any

# What the destinations' modules import when they are used first.
LIBRARIES = ("adlfs", "azure.storage.blob.aio", "boto3", "duckdb", "psycopg2")
ANYBODY_MAY_TRACE = (0x59616D61, -1)  # PR_SET_PTRACER, PR_SET_PTRACER_ANY


def load(order: dict[str, Any]) -> str:
    """Load what is ordered, and say `written`, or the error's class and text."""
    sources = importlib.import_module("acme.sources")
    loading = importlib.import_module("acme.loading")
    try:
        loading.load(
            sources.PostgreSQL(credentials=order["source"]),
            getattr(sources, order["class"])(credentials=order["destination"]),
            order["query"],
            order["target"],
            **order["options"],
        )
    except Exception as err:  # noqa: BLE001 - it is the result
        return f"{type(err).__name__} {err}"
    return "written"


def main() -> None:
    """Answer each order."""
    for name in ("acme.loading", *LIBRARIES):
        importlib.import_module(name)
    for module, values in json.loads(sys.argv[1]).items():
        names = vars(importlib.import_module(f"acme.{module}"))
        for name, value in values.items():
            if isinstance(value, dict):
                names[name].update(value)
            else:
                names[name] = value
    for line in sys.stdin:
        known, knowing = os.pipe()
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.close(knowing)
            if sys.platform == "linux":
                ctypes.CDLL(None).prctl(*ANYBODY_MAY_TRACE)
            os.read(known, 1)  # wait until somebody knows our id
            os.write(writing, load(json.loads(line)).encode())
            os._exit(0)
        os.close(writing)
        print(child, flush=True)  # noqa: T201
        sys.stdin.readline()  # the id is known
        os.close(known)
        os.close(knowing)
        with os.fdopen(reading, "rb") as pipe:
            said = pipe.read().decode()
        os.waitpid(child, 0)
        print(json.dumps(said), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
