"""Run many of Copier's commands in one process, each as it would run alone.

A script: the commands are JSON on standard input, the outcomes on standard output.
"""

import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path

STARTUP = Path(__file__).with_name("startup")


def run_many(
    commands: Sequence[Sequence[str]],
    python: str | Path = sys.executable,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> list[tuple[int, str]]:
    """Run commands one after another; return the exit code and the text of each.

    Args:
        commands: What follows `copier` on the command line.
        python: Of an environment with Copier.
        folder: Where the commands run.
        environment: Theirs, all of it.
    """
    done = subprocess.run(
        [python, __file__],
        input=json.dumps(commands),
        cwd=folder,
        env={**(environment or os.environ), "PYTHONPATH": str(STARTUP)},
        capture_output=True,
        text=True,
        check=True,
    )
    return [(code, said) for code, said in json.loads(done.stdout)]


def main() -> None:
    """Run what standard input says."""
    from copier._cli import CopierApp  # noqa: PLC0415  # slow; what `copier` runs

    outcomes, output = [], os.dup(1)
    for command in json.load(sys.stdin):
        # A task writes to the descriptors themselves.
        with tempfile.TemporaryFile() as said:
            os.dup2(said.fileno(), 1)
            os.dup2(said.fileno(), 2)
            try:
                code = CopierApp.run(["copier", *command], exit=False)[1]
            except Exception:  # noqa: BLE001  # what came of one command
                traceback.print_exc()
                code = 1
            sys.stdout.flush()
            said.seek(0)
            outcomes.append([code, said.read().decode()])
    with os.fdopen(output, "w") as told:
        json.dump(outcomes, told)


if __name__ == "__main__":
    main()
