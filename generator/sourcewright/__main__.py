"""Run the command line: `python -m sourcewright`."""

from sourcewright.cli import main

main()
