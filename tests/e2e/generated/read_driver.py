"""Read one query through a snapshot of the golden's PostgreSQL, against the clock.

A script, run in a process of its own with the golden's `src` in PYTHONPATH. It prints
`read`, or the error's class and text. The deadline of `seconds` is the reader's own.
The server's timeout for a statement is another, so that either can be tried alone.
"""

import importlib
import json
import sys


def main() -> None:
    """Read `{"credentials", "query", "seconds", "settings"}`; read all rows."""
    order = json.load(sys.stdin)
    # By name, since mypy checks this script without the golden in its path.
    module = vars(importlib.import_module("acme.sources.postgresql"))
    module["SESSION"].update(order.get("settings", {}))
    module["CONNECT_SECONDS"] = 2
    source = module["PostgreSQL"](
        credentials=order["credentials"], query_timeout=order.get("server_seconds", 600)
    )
    try:
        with source.snapshot() as snapshot:
            source.query_timeout = order.get("seconds", 600)
            for batch in snapshot.to_batches(order["query"]):
                print("batch", batch.num_rows, flush=True)  # noqa: T201
    except Exception as err:  # noqa: BLE001 - it is the result
        print(type(err).__name__, err)  # noqa: T201
    else:
        print("read")  # noqa: T201


if __name__ == "__main__":
    main()
