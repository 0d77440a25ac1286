"""Run one contender in this process, and say what it took.

    python -m benchmarks.measured CONTENDER < job.json

Linux only, for it reads /proc. A row is extracted first, so that whatever is imported
late is there, and doesn't count.
"""

import importlib
import json
import re
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from benchmarks.job import Job

STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
RESET_PEAK = "5"


@dataclass(frozen=True)
class Measurement:
    """What one extraction took.

    Attributes:
        seconds: Of the clock, from before it connects until the file is closed.
        cpu_seconds: Of this process and its children.
        peak_bytes: The highest resident memory, above what it was before.
    """

    seconds: float
    cpu_seconds: float
    peak_bytes: int


def measure(contender: str, job: Job) -> Measurement:
    """Extract one row, then what the job asks for."""
    extract = importlib.import_module(f"benchmarks.contenders.{contender}").extract
    stem, dot, suffix = job.path.rpartition(".")
    extract(
        replace(
            job,
            query=f"SELECT * FROM ({job.query}) AS result LIMIT 1",  # noqa: S608
            table="first_row",
            path=f"{stem}-first{dot}{suffix}",
        )
    )
    return measured(lambda: extract(job))


def measured(work: Callable[[], object]) -> Measurement:
    """Do some work, and say what it took."""
    RESET.write_text(RESET_PEAK)
    before = _memory("VmRSS")
    cpu, start = _cpu_seconds(), time.perf_counter()
    work()
    seconds = time.perf_counter() - start
    return Measurement(seconds, _cpu_seconds() - cpu, _memory("VmHWM") - before)


def _cpu_seconds() -> float:
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _memory(name: str) -> int:
    (kibibytes,) = re.findall(rf"^{name}:\s+(\d+) kB", STATUS.read_text(), re.MULTILINE)
    return int(kibibytes) * 1024


def main() -> None:
    """Read the job, print the measurement as JSON."""
    job = Job(**json.load(sys.stdin))
    sys.stdout.write(json.dumps(asdict(measure(sys.argv[1], job))))


if __name__ == "__main__":
    main()
