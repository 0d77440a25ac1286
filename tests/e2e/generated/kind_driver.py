"""Run flows of a project, one for each order on standard input.

A script, run in a process of its own with the project's `src` in PYTHONPATH.
"""

import importlib
import json
import logging
import sys


def main() -> None:
    """Read `[[flow, arguments], …]`; run each, and end with the first that fails."""
    flows = importlib.import_module("acme.orchestration.prefect.flows")
    logging.getLogger("httpx").setLevel(logging.INFO)
    logging.basicConfig(level=logging.INFO)
    for name, arguments in json.load(sys.stdin):
        getattr(flows, name)(**arguments)


if __name__ == "__main__":
    main()
