"""Read the queries on standard input through the golden's PostgreSQL.

A script, run in a process of its own with the golden's `src` in PYTHONPATH. It prints,
for each query, the type and the values of its one column, or the error's class.
"""

import importlib
import json
import sys


def main() -> None:
    """Read `{"credentials", "queries": {name: query}}`; print what each gives."""
    order = json.load(sys.stdin)
    # By name, since mypy checks this script without the golden in its path.
    source = importlib.import_module("acme.sources").PostgreSQL(
        credentials=order["credentials"]
    )
    results: dict[str, dict[str, str | list[str]]] = {}
    for name, query in order["queries"].items():
        try:
            (column,) = source.to_arrow(query).itercolumns()
        except Exception as err:  # noqa: BLE001 - it is the result
            results[name] = {"error": type(err).__name__}
        else:
            values = [str(value) for value in column.to_pylist()]
            results[name] = {"type": str(column.type), "values": values}
    print(json.dumps(results))  # noqa: T201


if __name__ == "__main__":
    main()
