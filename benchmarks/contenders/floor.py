"""The floor: what psql takes to receive the same rows, and to throw them away."""

import os
import subprocess

from sourcewright.services.postgresql import installation

from benchmarks.job import Job

CONNECTION = {
    "PGHOST": "host",
    "PGPORT": "port",
    "PGUSER": "user",
    "PGPASSWORD": "password",
    "PGDATABASE": "database",
}


def extract(job: Job) -> None:
    """Write no file, so that there are no rows to count."""
    connection = {name: str(job.server[key]) for name, key in CONNECTION.items()}
    copy = rf"\copy ({job.query}) to '/dev/null' (format binary)"
    psql = installation() / "bin" / "psql"
    subprocess.run(
        [psql, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--command", copy],
        env=os.environ | connection,
        check=True,
    )
