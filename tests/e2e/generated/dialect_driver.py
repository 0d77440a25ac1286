"""Read queries through a generated source, and say what each column came as.

A script, run in a process of its own with a project's `src` in PYTHONPATH.
"""

import importlib
import json
import sys
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from itertools import islice
from typing import Any, TypeAlias

Source: TypeAlias = Any  # a project's, which mypy doesn't see

# As a database's own text for a value can be written, too.
TEXTS: dict[type, Callable[[Any], str | None]] = {
    Decimal: lambda value: f"{value:f}",
    bool: lambda value: str(int(value)),
    bytes: lambda value: value.hex().upper(),
    date: lambda value: value.isoformat(),
    datetime: lambda value: f"{value:%Y-%m-%d %H:%M:%S.%f}",
    str: lambda value: value.encode().hex().upper(),
    time: lambda value: f"{value:%H:%M:%S.%f}",
    type(None): lambda _: None,
}


def shown(value: object) -> str | None:
    """Return a value's text."""
    return TEXTS.get(type(value), repr)(value)


def read(made: Callable[..., Source], reading: dict[str, Any]) -> dict[str, Any]:
    """Return the types and the values of a query's columns, or its error.

    Of some batches alone, their rows and bytes.
    """
    try:
        source, query = made(credentials=reading["credentials"]), reading["query"]
        if "batches" in reading:
            batches = source.to_batches(query)
            first = list(islice(batches, reading["batches"]))
            batches.close()
            return {
                "rows": sum(batch.num_rows for batch in first),
                "bytes": sum(batch.nbytes for batch in first),
            }
        table = source.to_arrow(query)
    except Exception as err:  # noqa: BLE001 - it is the result
        return {"error": type(err).__name__, "message": str(err)}
    return {
        "types": [str(kind) for kind in table.schema.types],
        "columns": [
            [shown(value) for value in column.to_pylist()] for column in table.columns
        ],
    }


def main() -> None:
    """Read `{"class", "readings"}`; print what each query gave.

    A reading is `{"credentials", "query"}`; `settings` are for the source's module, and
    `batches` is how many are enough.

    With `{"flow", "arguments"}` a flow is run instead, and its number of rows printed.
    """
    order = json.load(sys.stdin)
    if "flow" in order:
        flows = importlib.import_module("acme.orchestration.prefect.flows")
        flow = getattr(flows, order["flow"])
        result: Any = flow(**order["arguments"]).rows
    else:
        made = getattr(importlib.import_module("acme.sources"), order["class"])
        module = sys.modules[made.__module__]
        result = {}
        for name, each in order["readings"].items():
            for constant, value in each.get("settings", {}).items():
                setattr(module, constant, value)
            result[name] = read(made, each)
    print("\n" + json.dumps(result))  # noqa: T201


if __name__ == "__main__":
    main()
