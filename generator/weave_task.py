# ruff: noqa: INP001  # a script in the template's clone, not a part of a package
"""Weave from within Copier: the template's one task, run from its own clone.

    python -B <clone>/generator/weave_task.py --application ID --operation copy|update

It needs the standard library and what Copier itself installs. It never exits non-zero:
on update, a failing task would leave the project without the user's own lines.
This file itself parses on Python 3.8, so that it can say what is missing.
"""

from __future__ import annotations

import os
import subprocess
import sys

LATER = "The shared files are as they were; run `sourcewright weave` later."


def say(text: str) -> None:
    """Print a line, whatever the terminal can show."""
    encoding = sys.stdout.encoding or "ascii"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    sys.stdout.flush()


def value_of(name: str, arguments: list[str]) -> str:
    """Return the value after an option; an empty text where there is none."""
    if name in arguments[:-1]:
        return arguments[arguments.index(name) + 1]
    return ""


def is_temporary_copy(application: str, operation: str) -> bool:
    """Return whether this is one of the copies that `copier update` makes and drops.

    A real update runs in a clean git checkout, so the answers are tracked there. In
    Copier's copies they are not, and the host's files are missing.
    """
    if operation != "update":
        return False
    answers = os.path.join(".sourcewright", application, "answers.yml")  # noqa: PTH118  # as the rest: plain
    found = subprocess.run(
        ["git", "ls-files", "--error-unmatch", "--", answers],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return found.returncode != 0


def weave() -> None:
    """Weave the project in the working directory, and tell what came of it."""
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
    from pathlib import Path  # noqa: PLC0415  # after the check of Python's version

    from sourcewright import reporting  # noqa: PLC0415  # as above
    from sourcewright.commands import weave  # noqa: PLC0415  # as above
    from sourcewright.deciding import parts  # noqa: PLC0415  # as above

    supply = parts.read_supply(Path(__file__).resolve().parents[1])
    _, outcome = weave.weave(Path.cwd(), supply)
    for line in (*outcome.notes, *reporting.lines_of(outcome)):
        say(line)
    if outcome.pending:
        say("Add these lines by hand, then run `sourcewright weave`.")


def main(arguments: list[str]) -> None:
    """Weave, unless there is nothing to weave into; tell what hinders, never fail."""
    if sys.version_info < (3, 11):  # noqa: UP036  # Copier itself runs on older ones
        say("weave: this needs Python 3.11 or newer, Copier runs on " + sys.version[:6])
        say(LATER)
        return
    try:
        application = value_of("--application", arguments)
        if not is_temporary_copy(application, value_of("--operation", arguments)):
            weave()
    except Exception as err:  # noqa: BLE001  # see above: it must never fail
        known = type(err).__module__ == "sourcewright.errors"
        say(str(err) if known else "weave: {}: {}".format(type(err).__name__, err))  # noqa: UP032
        say(LATER)


if __name__ == "__main__":
    main(sys.argv[1:])
