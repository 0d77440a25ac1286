"""Import the libraries that are arguments, then fork for each order on standard input.

An order is a module, a function and its arguments. The program prints the fork's id,
reads a line, lets the fork go on, and prints its result, or null if it was killed.
"""

import ctypes
import importlib
import json
import os
import sys
from typing import Any

ANYBODY_MAY_TRACE = (0x59616D61, -1)  # PR_SET_PTRACER, PR_SET_PTRACER_ANY


def call(module: str, function: str, arguments: list[Any]) -> object:
    """Call a function by its name."""
    found: object = getattr(importlib.import_module(module), function)(*arguments)
    return found


def main() -> None:
    """Answer each order."""
    for library in sys.argv[1:]:
        importlib.import_module(library)
    for line in sys.stdin:
        known, knowing = os.pipe()
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            try:
                os.close(knowing)
                os.dup2(2, 1)  # so that nothing else is taken for a result
                if sys.platform == "linux":
                    ctypes.CDLL(None).prctl(*ANYBODY_MAY_TRACE)
                os.read(known, 1)  # wait until our id is known
                os.write(writing, json.dumps(call(*json.loads(line))).encode())
            finally:
                os._exit(0)
        os.close(writing)
        print(child, flush=True)  # noqa: T201
        sys.stdin.readline()  # the id is known
        os.close(known)
        os.close(knowing)
        with os.fdopen(reading, "rb") as pipe:
            result = pipe.read().decode()
        os.waitpid(child, 0)
        print(result or "null", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
