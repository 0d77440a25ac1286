"""Run the demo with `python -m sourcewright.demo`."""

import argparse
import signal
import sys
from pathlib import Path
from types import FrameType

from sourcewright.demo.run import Ports, run
from sourcewright.errors import SourcewrightError

INTERRUPTED = 128 + signal.SIGINT


def main() -> int:
    """Run the demo; return 0, 1 for what the user can fix, 130 after Ctrl-C."""
    parser = argparse.ArgumentParser(prog="sourcewright demo", description=run.__doc__)
    for service in ("postgres", "azurite", "prefect"):
        parser.add_argument(f"--{service}-port", type=int, metavar="PORT")
    parser.add_argument("--output", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    # `kill` is to clean up as Ctrl-C does.
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, _interrupt)
    ports = Ports(options.postgres_port, options.azurite_port, options.prefect_port)
    try:
        run(ports, output=options.output)
    except SourcewrightError as err:
        sys.stderr.write(f"{err}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted. Every process was stopped, nothing was kept.\n")
        return INTERRUPTED
    return 0


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
