"""A process that loads, one load after another, and may be stopped in each of them."""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from tests.e2e.generated.parts import HERE, environment


class Loads:
    """Runs loads of one order: what a subclass or an option says is added to it."""

    def __init__(
        self,
        project: Path,
        folder: Path,
        order: Mapping[str, Any],
        settings: Mapping[str, Mapping[str, Any]],
    ) -> None:
        """Start the process.

        Args:
            project: Whose package is imported.
            folder: Where the process is at home.
            order: What each load has in common, as `load_driver.py` takes it.
            settings: Values of the package's modules that are other ones here.
        """
        self._order = order
        self._process = subprocess.Popen(
            [sys.executable, HERE / "load_driver.py", json.dumps(settings)],
            env=environment(project, HOME=str(folder)),
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        """Give the loads; the process is killed at the end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Kill the process."""
        self._process.kill()
        self._process.wait()

    def start(self, target: str, **options: Any) -> int:  # noqa: ANN401
        """Start a load, which waits for `finish`; return its process id."""
        self._tell(json.dumps({**self._order, "target": target, "options": options}))
        return int(self._hear())

    def finish(self) -> str:
        """Let the load go on, and return what it said: nothing if it was killed."""
        self._tell("go on")
        return str(json.loads(self._hear()))

    def run(self, target: str, **options: Any) -> str:  # noqa: ANN401
        """Run a load to its end, and return what it said."""
        self.start(target, **options)
        return self.finish()

    def run_traced(
        self,
        trace: Path,
        calls: tuple[str, ...],
        *inject: str,
        target: str,
        **options: Any,  # noqa: ANN401
    ) -> str:
        """Run a load under strace, which writes its calls to `trace`."""
        process = self.start(target, **options)
        traced = ("-e", f"trace={','.join(calls)}", *inject)
        with subprocess.Popen(
            ["strace", "-f", "-s0", "-o", trace, *traced, "-p", str(process)],
            stderr=subprocess.PIPE,
            text=True,
        ) as tracer:
            assert tracer.stderr
            told = tracer.stderr.readline()
            assert "attached" in told, told + tracer.stderr.read()
            said = self.finish()
            tracer.communicate()
        return said

    def _tell(self, line: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def _hear(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline()


def most_calls(trace: Path) -> Counter[str]:
    """Return how often a thread called what, at most."""
    # One line: the thread's id, the call's name, a parenthesis.
    lines = re.findall(r"^(\d+) +(\w+)\(", trace.read_text(), re.MULTILINE)
    most: Counter[str] = Counter()
    for (_, name), count in Counter(lines).items():
        most[name] = max(most[name], count)
    return most
