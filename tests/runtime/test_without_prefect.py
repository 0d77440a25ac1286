"""Connectors work in a program that has no Prefect."""

import sqlite3
import subprocess
import sys
from pathlib import Path

from pyarrow import parquet

TEMPLATE = Path(__file__).parents[2] / "template"

PROGRAM = """
import sys

sys.modules["prefect"] = None  # an import of it fails

from runtime.files.local import LocalFolder
from runtime.loading import load
from runtime.sql.sqlite import SQLite

shop = SQLite(config_key="shop")
folder = LocalFolder(credentials={"root": sys.argv[1]})
written = load(shop, folder, "SELECT number FROM numbers", "numbers.parquet")
folder.verify(written)
print(written.rows)
try:
    import runtime.prefect.credentials
except ImportError:
    print("no Prefect")
"""


def test_a_load_needs_no_prefect(tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "shop.sqlite")
    database.executescript(
        "CREATE TABLE numbers (number INTEGER);"
        "INSERT INTO numbers VALUES (1), (NULL), (3);"
    )
    database.close()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, tmp_path],
        env={
            "PYTHONPATH": str(TEMPLATE),
            "RUNTIME__SHOP__PATH": str(tmp_path / "shop.sqlite"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split("\n") == ["3", "no Prefect", ""], done.stderr
    table = parquet.read_table(tmp_path / "numbers.parquet")
    assert table.to_pydict() == {"number": [1, None, 3]}
