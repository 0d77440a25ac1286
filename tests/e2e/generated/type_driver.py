"""Read tables through the golden's PostgreSQL, in every form that it gives.

A script, run in a process of its own with the golden's `src` in PYTHONPATH. For each
table it writes a file in each form, and prints the types, or the errors instead.
"""

import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa
from pyarrow import parquet

Source: TypeAlias = Any  # the golden's, which mypy doesn't see


def forms(source: Source, query: str, folder: Path) -> dict[str, Callable[[], str]]:
    """Return what reads the query in each form, writes a file, and gives the type."""
    # By name, since mypy checks this script without the golden in its path.
    write_batches = importlib.import_module("acme.formats").write_batches

    def file(suffix: str) -> str:
        # Some rows in each batch, so that a file has several.
        batches = source.to_batches(query, batch_bytes=100)
        with (folder / f"value.{suffix}").open("wb") as sink:
            write_batches(batches, sink, f"value.{suffix}")
        return suffix

    def streamed() -> str:
        file("parquet")
        schema = parquet.read_schema(folder / "value.parquet")
        return str(schema.field("value").type)

    def frame() -> str:
        df = source.to_df(query)
        table = pa.Table.from_pandas(df, preserve_index=False)
        parquet.write_table(table, folder / "value.df")
        return str(df["value"].dtype)

    def polars() -> str:
        df = source.to_polars(query)
        df.write_parquet(folder / "value.polars")
        return str(df["value"].dtype)

    return {
        "parquet": streamed,
        "df": frame,
        "polars": polars,
        "csv": lambda: file("csv"),
        "jsonl": lambda: file("jsonl"),
    }


def main() -> None:
    """Read `{"credentials", "queries", "forms"}`; print `{query: {form: …}}`."""
    order = json.load(sys.stdin)
    source = importlib.import_module("acme.sources").PostgreSQL(
        credentials=order["credentials"]
    )
    results: dict[str, dict[str, dict[str, str]]] = {}
    for name, query in order["queries"].items():
        folder = Path(name)
        folder.mkdir()
        results[name] = {}
        for form, read in forms(source, query, folder).items():
            if form in order["forms"]:
                try:
                    results[name][form] = {"type": read()}
                except Exception as err:  # noqa: BLE001 - it is the result
                    error = {"error": type(err).__name__, "message": str(err)}
                    results[name][form] = error
    print(json.dumps(results))  # noqa: T201


if __name__ == "__main__":
    main()
