"""Run flows of a project, for each line of orders on standard input.

A script, run in a process of its own with the project's `src` in PYTHONPATH. It says
"done" on standard output after each line, and ends with the first flow that fails.
"""

import importlib
import json
import logging
import os
import sys


def main() -> None:
    """Read `[[flow, arguments], …]` from each line; run each."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # so that nothing else is taken for an answer
    flows = importlib.import_module("acme.orchestration.prefect.flows")
    logging.getLogger("httpx").setLevel(logging.INFO)
    logging.basicConfig(level=logging.INFO)
    for line in sys.stdin:
        for name, arguments in json.loads(line):
            getattr(flows, name)(**arguments)
        print("done", file=answers, flush=True)


if __name__ == "__main__":
    main()
