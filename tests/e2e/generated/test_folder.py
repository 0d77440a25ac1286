"""A load into a folder that is killed: nothing at its path, and nothing that stays."""

import os
import subprocess
import sys
import time
from pathlib import Path

from tests.e2e.generated.parts import environment, run

A_DAY = 24 * 60 * 60
LOAD_INTO_FOLDER = """
import sys, time
import pyarrow as pa
from acme.sources import LocalFolder

def batches():
    yield pa.RecordBatch.from_pydict({"number": [1]})
    print("begun", flush=True)
    time.sleep(float(sys.argv[2]))

folder = LocalFolder(credentials={"root": sys.argv[1]})
folder.from_batches(batches(), "file.parquet", overwrite=True)
"""


def test_what_a_killed_load_left_in_a_folder_is_deleted_by_one_a_day_later(
    tmp_path: Path, with_local: Path
) -> None:
    root = tmp_path / "lake"
    root.mkdir()
    command = [sys.executable, "-c", LOAD_INTO_FOLDER, str(root)]
    env = environment(with_local)
    with subprocess.Popen([*command, "600"], env=env, stdout=subprocess.PIPE) as load:
        assert load.stdout
        assert load.stdout.readline() == b"begun\n"
        load.kill()
    (partial,) = root.iterdir()
    assert partial.suffix == ".partial"

    done = run([*command, "0"], env=env, cwd=tmp_path)
    assert not done.returncode, done.stdout
    assert {*root.iterdir()} == {partial, root / "file.parquet"}

    long_ago = time.time() - A_DAY - 60
    os.utime(partial, (long_ago, long_ago))
    done = run([*command, "0"], env=env, cwd=tmp_path)
    assert not done.returncode, done.stdout
    assert [path.name for path in root.iterdir()] == ["file.parquet"]
