"""Rules that are broken in copies of some code, whose tests must notice.

Rules are text files. A rule is its name, the file that it is about, the text that is
there exactly once, the text that breaks the rule in its place, and the test that must
fail then:

    an existing file is refused
    @files/adls.py
    -if written_by is not None and not replace:
    +if written_by == path:
    ?test_writing.py::test_existing_rows_are_refused_and_stay[lake]
"""

import json
import os
import pickle
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sourcewright.services.service import Service

RUNNER = Path(__file__).with_name("mutation_runner.py")
REPOSITORY = Path(__file__).parents[1]

# By the name of a run: pytest's code, and which tests passed and failed.
Results = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Mutation:
    """One rule, broken in one place.

    Attributes:
        rule: The rule that is broken, as a test id.
        file: The file that is changed.
        old: A text that is there exactly once.
        new: The text in its place.
        tests: The file of the tests that must notice.
        test: The name of the one that must fail, or the beginning of its name.
    """

    rule: str
    file: str
    old: str
    new: str
    tests: str
    test: str

    @property
    def folder(self) -> str:
        """The name of a folder for its run."""
        return "".join(c if c.isalnum() else "-" for c in f"{self.file} {self.rule}")

    @property
    def judge(self) -> str:
        """The test that must notice: its file and its name."""
        return f"{self.tests}::{self.test}"

    def is_noticed_in(self, node: str) -> bool:
        """Return whether a test's id is the one that must notice."""
        return is_judge(self.judge, node)


def is_judge(judge: str, node: str) -> bool:
    """Return whether a test's id is that of a judge, whatever its class."""
    tests, _, test = judge.partition("::")
    path, _, name = node.partition("::")
    return path.endswith(tests) and f"::{test}" in f"::{name}"


def read_rules(path: Path, file: str = "") -> Iterator[Mutation]:
    """Yield the rules of a text file.

    Args:
        path: The text file.
        file: The file that its rules are about if they name none.
    """
    for block in path.read_text("utf-8").strip().split("\n\n"):
        rule, *lines = block.split("\n")
        parts = {
            sign: "\n".join(line[1:] for line in lines if line[0] == sign)
            for sign in "@-+?"
        }
        about = parts["@"] or file
        tests, _, test = parts["?"].partition("::")
        yield Mutation(rule, about, parts["-"], parts["+"], tests, test)


@dataclass(frozen=True)
class Run:
    """A run of pytest.

    Attributes:
        folder: For its result.
        cwd: Where it runs.
        arguments: pytest's.
        judges: The only tests that are run.
    """

    folder: Path
    cwd: Path
    arguments: Sequence[str]
    judges: Sequence[str]


def run_all(
    runs: Sequence[Run],
    *,
    services: Sequence[Service] = (),
    variables: Mapping[str, str],
    seconds: float,
) -> Results:
    """Run pytest many times, two at a time, and return the results by their folders.

    Args:
        runs: In the order in which they begin.
        services: Those that the runs use in place of starting their own.
        variables: The environment.
        seconds: How long all of them may take.
    """
    states = [
        (type(service), {k: v for k, v in vars(service).items() if k != "_cleanup"})
        for service in services
    ]
    order = {
        "services": b64encode(pickle.dumps(states)).decode(),
        "runs": [
            {
                "folder": str(run.folder),
                "cwd": str(run.cwd),
                "arguments": [*run.arguments],
                "judges": [*run.judges],
            }
            for run in runs
        ],
    }
    done = subprocess.run(
        # -P: our own modules must not hide those of a project.
        [sys.executable, "-P", RUNNER],
        input=json.dumps(order),
        env={**variables, "PYTHONPATH": os.pathsep.join([str(REPOSITORY)])},
        stdout=subprocess.PIPE,
        text=True,
        timeout=seconds,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return {Path(folder).name: result for folder, result in found.items()}
