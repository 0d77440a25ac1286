"""A process that imports libraries once, and forks to call a function in each fork."""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import runtime

REPOSITORY = Path(__file__).parents[2]
PROGRAM = Path(__file__).with_name("forks_program.py")


class Forks:
    """Calls functions in forks of one process, one after the other."""

    def __init__(self, *libraries: str, **variables: str) -> None:
        """Start the process.

        Args:
            libraries: The modules that are imported before the first fork.
            variables: Further environment variables.
        """
        path = [runtime.__path__[0].removesuffix("/runtime"), str(REPOSITORY)]
        self._process = subprocess.Popen(
            [sys.executable, PROGRAM, *libraries],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path), **variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.kill()
        self._process.communicate()

    def start(self, function: Callable[..., Any], *arguments: Any) -> int:
        """Start a fork, which waits for `finish`; return its process id.

        The function is called by its name. Its arguments and its result are JSON.
        """
        self._tell([function.__module__, function.__name__, arguments])
        return int(self._hear())

    def finish(self) -> Any:
        """Let the fork go on, and return its result, or None if it was killed."""
        self._tell("go on")
        return self._hear()

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call a function in a fork, and return its result."""
        self.start(function, *arguments)
        return self.finish()

    def call_traced(
        self,
        options: tuple[str, ...],
        trace: Path,
        function: Callable[..., Any],
        *arguments: Any,
    ) -> Any:
        """Call a function in a fork under strace, which writes its calls to `trace`."""
        process = str(self.start(function, *arguments))
        with subprocess.Popen(
            ["strace", "-f", "-s0", "-o", trace, *options, "-p", process],
            stderr=subprocess.PIPE,
            text=True,
        ) as tracer:
            assert tracer.stderr
            said = tracer.stderr.readline()
            assert "attached" in said, said + tracer.stderr.read()
            result = self.finish()
            tracer.communicate()
        return result

    def _tell(self, order: object) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()

    def _hear(self) -> Any:
        assert self._process.stdout
        return json.loads(self._process.stdout.readline())


def most_calls(trace: Path) -> Counter[str]:
    """Return the names of the calls, and how often one thread made each at most."""
    # A line begins with the thread's id and the call's name.
    lines = re.findall(r"^(\d+) +(\w+)\(", trace.read_text(), re.MULTILINE)
    most: Counter[str] = Counter()
    for (_, name), count in Counter(lines).items():
        most[name] = max(most[name], count)
    return most
