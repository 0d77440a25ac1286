"""Measure how fast the command starts, and how fast it adds, beside Copier.

    .venv/bin/python benchmarks/startup.py [--rounds N]

The two sides of each comparison run in turn, so that a busy machine slows both; the
ratio is that of the medians. Both add the same source from the same clean clone of this
repository's last commit, into a copy of the same project.
"""

import argparse
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
TOOLS = Path(sys.executable).parent
OURS, THEIRS = str(TOOLS / "sourcewright"), str(TOOLS / "copier")


def seconds(command: list[str], folder: Path) -> float:
    """Give how long a command takes, which has to succeed."""
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return time.perf_counter() - start


def compare(
    title: str, sides: dict[str, list[str]], fresh: Callable[[], Path], rounds: int
) -> None:
    """Run both sides in turn, and print a row with their medians and the ratio."""
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, command in sides.items():
            taken[name].append(seconds(command, fresh()))
    (ours, theirs) = (statistics.median(times) for times in taken.values())
    row = f"| {title} | {ours:.2f} | {theirs:.2f} | {ours / theirs:.2f} |\n"
    sys.stdout.write(row)
    sys.stdout.flush()


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        template = folder / "sourcewright"
        clone = ["git", "clone", "--quiet", str(REPOSITORY), str(template)]
        subprocess.run(clone, check=True)
        which = ["--template", str(template), "--vcs-ref", "HEAD"]
        seconds([OURS, "new", "given", *which], folder)
        adls = [OURS, "add", "destination", "adls", *which]
        seconds(adls, folder / "given")

        def fresh() -> Path:
            project = folder / "project"
            shutil.rmtree(project, ignore_errors=True)
            shutil.copytree(folder / "given", project)
            return project

        copy = [THEIRS, "copy", "--trust", "--defaults", "--vcs-ref", "HEAD"]
        data = ["--data", "component=source", "--data", "name=postgresql"]
        add = [OURS, "add", "source", "postgresql", *which]
        sys.stdout.write(
            f"\nPython {platform.python_version()}, Copier {version('copier')}, "
            f"{rounds} rounds\n\n"
            "| what | sourcewright, s | copier, s | ratio |\n"
            "| --- | --- | --- | --- |\n"
        )
        help_, version_ = [OURS, "--help"], [THEIRS, "--version"]
        compare(
            "`sourcewright --help` / `copier --version`",
            {"ours": help_, "theirs": version_},
            lambda: folder,
            rounds,
        )
        compare(
            "`sourcewright add source` / `copier copy --trust`",
            {"ours": add, "theirs": [*copy, *data, str(template), "."]},
            fresh,
            rounds,
        )


if __name__ == "__main__":
    main()
