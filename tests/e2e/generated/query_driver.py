"""Run queries through the golden's PostgreSQL, in batches of a given size.

A script, run in a process of its own with the golden's `src` in PYTHONPATH.
"""

import importlib
import json
import sys
from typing import Any

import pyarrow as pa


def main() -> None:
    """Read `{"credentials", "queries": [[query, bytes]]}`; print what each gives."""
    order = json.load(sys.stdin)
    # By name, since mypy checks this script without the golden in its path.
    source = importlib.import_module("acme.sources").PostgreSQL(
        credentials=order["credentials"]
    )
    results: list[dict[str, Any]] = []
    for query, batch_bytes in order["queries"]:
        try:
            batches = list(source.to_batches(query, batch_bytes=batch_bytes))
        except Exception as err:  # noqa: BLE001 - it is the result
            results.append({"error": type(err).__name__, "message": str(err)})
        else:
            table = pa.Table.from_batches(batches)
            columns = [column.to_pylist() for column in table.columns]
            rows = [[*row] for row in zip(*columns, strict=True)]
            results.append(
                {"names": table.column_names, "rows": rows, "batches": len(batches)}
            )
    print(json.dumps(results))  # noqa: T201


if __name__ == "__main__":
    main()
