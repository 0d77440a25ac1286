# ruff: noqa: S608 - a script, not a module; the names are our own
"""Say which tool brings which type of PostgreSQL into Parquet without changing a value.

    make scoreboard
    .venv/bin/python -m benchmarks.scoreboard [--write]

Each case is a table of `tests/runtime/sql/postgresql_types.py`. Each tool writes it to
a Parquet file as its documentation says. The file is loaded into PostgreSQL by code
that knows no tool, as kindly as it can (a list is an array, a duration an interval),
and the server compares the text of each value with the original's. A case is

- exact, where all values are what they were,
- refused, where the tool stops with an error, so that nobody is misled,
- in another form, where what arrives may well be the value, but PostgreSQL can't say
  so: the bytes that it sends, a structure of numbers, a file that pyarrow can't open,
- wrong, where a value is another one, and nothing says so.

`--write` keeps the result in `benchmarks/scoreboard.md`.
"""

import argparse
import functools
import importlib
import io
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg2
import pyarrow as pa
from pyarrow import parquet
from sourcewright.services import PostgreSQL

from tests.golden import REPOSITORY
from tests.runtime.sql import reload
from tests.runtime.sql.postgresql_types import CASES, OPTIONAL, REFUSED, SETUP

RESULT = Path(__file__).with_suffix(".md")
WORKER_SECONDS = 900
EXACT, REFUSES, OTHER, WRONG = "exact", "refused", "other form", "**wrong**"
SHOWN = 40  # characters of a value
INTEGERS = ("smallint", "integer", "bigint", "oid")


def ours(server: dict[str, Any], query: str, path: Path) -> None:
    """Read by COPY, in batches; write by the writer of files."""
    # By name, so that no other tool's process imports it.
    source = importlib.import_module("runtime.sql.postgresql").PostgreSQL
    write = importlib.import_module("runtime.files.formats").write_batches
    with path.open("wb") as file:
        write(source(credentials=server).to_batches(query), file, path.name)


def by_pandas(server: dict[str, Any], query: str, path: Path) -> None:
    """Read a frame by SQLAlchemy and psycopg2; write it with pandas' defaults."""
    pandas, sqlalchemy = map(importlib.import_module, ("pandas", "sqlalchemy"))
    engine = sqlalchemy.create_engine(url(server, "postgresql+psycopg2"))
    pandas.read_sql_query(query, engine).to_parquet(path, index=False)


def adbc(server: dict[str, Any], query: str, path: Path) -> None:
    """Read a table; pyarrow writes it."""
    dbapi = importlib.import_module("adbc_driver_postgresql.dbapi")
    with dbapi.connect(url(server)) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        parquet.write_table(cursor.fetch_arrow_table(), path)


def connectorx(server: dict[str, Any], query: str, path: Path) -> None:
    """Read a table; pyarrow writes it."""
    tool = importlib.import_module("connectorx")
    table = tool.read_sql(url(server), query, return_type="arrow")
    parquet.write_table(table, path)


def duckdb(server: dict[str, Any], query: str, path: Path) -> None:
    """Attach the server by DuckDB's extension, which is installed as a wheel."""
    tool = importlib.import_module("duckdb")
    extension = importlib.import_module("duckdb_extension_postgres_scanner")
    (program,) = Path(str(extension.__file__)).parent.rglob("*.duckdb_extension")
    names = {"database": "dbname"}
    address = " ".join(
        f"{names.get(key, key)}={value}" for key, value in server.items()
    )
    with tool.connect() as connection:
        connection.execute(f"LOAD '{program}'")
        connection.execute(f"ATTACH '{address}' AS server (TYPE postgres, READ_ONLY)")
        connection.execute("USE server")
        connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")


def dlt(backend: str, server: dict[str, Any], query: str, path: Path) -> None:
    """Load the table by a pipeline into a folder."""
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    os.environ["RUNTIME__LOG_LEVEL"] = "CRITICAL"
    tool = importlib.import_module("dlt")
    database = importlib.import_module("dlt.sources.sql_database")
    to = importlib.import_module("dlt.destinations").filesystem(f"file://{path}.d")
    table = query.rpartition(".")[2]
    source = database.sql_table(
        url(server, "postgresql+psycopg2"), table, schema="types", backend=backend
    )
    with tempfile.TemporaryDirectory() as folder:
        pipeline = tool.pipeline(
            "scoreboard", pipelines_dir=folder, destination=to, dataset_name="loaded"
        )
        done = pipeline.run(source, loader_file_format="parquet")
        done.raise_on_failed_jobs()
    (file,) = Path(f"{path}.d").rglob(f"{table}/*.parquet")
    file.rename(path)


TOOLS: dict[str, tuple[Callable[[dict[str, Any], str, Path], None], str]] = {
    "Sourcewright": (ours, "sourcewright"),
    "pandas": (by_pandas, "pandas"),
    "ADBC": (adbc, "adbc-driver-postgresql"),
    "ConnectorX": (connectorx, "connectorx"),
    "DuckDB": (duckdb, "duckdb"),
    "dlt, pyarrow": (functools.partial(dlt, "pyarrow"), "dlt"),
    "dlt, ConnectorX": (functools.partial(dlt, "connectorx"), "dlt"),
}


def url(server: dict[str, Any], scheme: str = "postgresql") -> str:
    """Return an address with its password."""
    user, place = f"{server['user']}:{server['password']}", server["host"]
    return f"{scheme}://{user}@{place}:{server['port']}/{server['database']}"


def work(tool: str) -> None:
    """Write each table of the order with one tool; print what became of each."""
    order = json.load(sys.stdin)
    extract, _ = TOOLS[tool]
    for table in order["tables"]:
        path = Path(order["folder"]) / f"{table}.parquet"
        error = None
        try:
            extract(order["server"], f"SELECT * FROM types.{table}", path)
        except BaseException as err:  # noqa: BLE001 - a panic of Rust is no Exception
            error = f"{type(err).__name__}: {err}"
            path.unlink(missing_ok=True)
        sys.stdout.write(f"\n@{json.dumps([table, error])}\n")
        sys.stdout.flush()


def errors(
    tool: str, server: dict[str, Any], folder: Path, tables: list[str]
) -> dict[str, str | None]:
    """Run a tool on all tables, again where its process dies; return its errors."""
    found: dict[str, str | None] = {}
    while waiting := [table for table in tables if table not in found]:
        order = {"server": server, "folder": str(folder), "tables": waiting}
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.scoreboard", "--tool", tool],
            input=json.dumps(order),
            capture_output=True,
            text=True,
            check=False,
            cwd=REPOSITORY,
            timeout=WORKER_SECONDS,
            env=os.environ | {"PYTHONPATH": str(REPOSITORY / "template")},
        )
        lines = [line[1:] for line in done.stdout.splitlines() if line[:1] == "@"]
        found |= dict(map(json.loads, lines))
        if done.returncode:
            died = next((table for table in waiting if table not in found), None)
            if died:
                found[died] = f"the process ended with {done.returncode}"
    return found


def written(column: pa.ChunkedArray, type_name: str) -> Iterator[str | None]:
    """Yield each value as PostgreSQL reads it for a column of this type."""
    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        column = pa.chunked_array(
            [chunk.storage for chunk in column.chunks], kind.storage_type
        )
    elif pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
    kind = column.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        for value in column:
            yield _array(value.values, type_name) if value.is_valid else None
    elif pa.types.is_duration(kind):
        for value in column.cast(pa.int64()).to_pylist():
            ticks = reload.IN_A_DAY[kind.unit] // 86_400
            yield None if value is None else f"{value / ticks!r} seconds"
    else:
        plain = [value.as_py() for value in column] if _is_plain(kind) else None
        if plain is None:
            yield from reload.written(column)
        else:
            for value in plain:
                yield None if value is None else _kindly(value, type_name)


def _is_plain(kind: pa.DataType) -> bool:
    return not pa.types.is_temporal(kind)


def _array_of_json(text: str) -> str:
    """Return an array that came as JSON; what isn't JSON as it is."""
    try:
        items = json.loads(text, parse_float=str, parse_int=str)
    except ValueError:
        return text
    column = [
        None if v is None else v if isinstance(v, str) else json.dumps(v) for v in items
    ]
    return _array(pa.array(column, pa.string()), "text[]")


def _array(values: pa.Array, type_name: str) -> str:
    items = written(pa.chunked_array([values]), type_name.removesuffix("[]"))
    quoted = []
    for item in items:
        if item is None:
            quoted.append("NULL")
        elif pa.types.is_list(values.type):
            quoted.append(item)
        else:
            quoted.append('"' + item.replace("\\", r"\\").replace('"', r"\"") + '"')
    return "{" + ",".join(quoted) + "}"


def _kindly(value: object, type_name: str) -> str:  # noqa: PLR0911 - a case each
    if isinstance(value, bytes):
        if type_name.startswith("interval") and len(value) == 12:  # noqa: PLR2004
            parts = [int.from_bytes(value[i : i + 4], "little") for i in (0, 4, 8)]
            return "{} mons {} days {} milliseconds".format(*parts)
        if type_name.startswith("uuid"):
            return value.hex()
        if type_name.startswith("bytea"):
            return rf"\x{value.hex()}"
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, str) and type_name.endswith("[]") and value[:1] == "[":
        return _array_of_json(value)
    if isinstance(value, float) and value.is_integer() and type_name in INTEGERS:
        return str(int(value))
    if isinstance(value, dict) and type_name.startswith("json"):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        fields = ("" if v is None else json.dumps(str(v)) for v in value.values())
        return f"({','.join(fields)})"
    if isinstance(value, str | bool | int | float):
        return value if isinstance(value, str) else repr(value)
    return format(value, "f") if hasattr(value, "as_tuple") else str(value)


def compare(
    connection: Any,  # noqa: ANN401
    table: str,
    type_name: str,
    path: Path,
) -> tuple[str, str | None, str | None]:
    """Return the verdict, and the first other value: as it was, and as it came."""
    stored = reload.texts(connection, f"types.{table}")
    try:
        file = parquet.read_table(path)
        numbers = [int(number) for number in file["number"].to_pylist()]
        came = dict(zip(numbers, written(file["value"], type_name), strict=True))
    except (OSError, ValueError) as err:
        return OTHER, "a file", f"one that can't be read: {err}"
    if sorted(came) != [number for number, _ in stored]:
        return WRONG, f"{len(stored)} rows", f"{len(came)} rows"
    for number, text in stored:
        again = came[number]
        if again is not None:
            again = _as_the_server_writes(connection, again, type_name)
        if again != text and is_other_form(file["value"].type, type_name):
            return OTHER, text, str(file["value"].type)
        if again != text:
            return WRONG, text, again
    return EXACT, None, None


def is_other_form(kind: pa.DataType, type_name: str) -> bool:
    """Say whether such a type is no text, number or date of PostgreSQL's type."""
    kind = kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind
    is_array = type_name.endswith("[]")
    return (
        pa.types.is_struct(kind)
        or (
            pa.types.is_list(kind)
            and (pa.types.is_struct(kind.value_type) or not is_array)
        )
        or (
            (pa.types.is_binary(kind) or pa.types.is_large_binary(kind))
            and not type_name.startswith("bytea")
        )
        or (pa.types.is_integer(kind) and type_name == "money")
    )


def _as_the_server_writes(
    connection: Any,  # noqa: ANN401
    text: str,
    type_name: str,
) -> str:
    """Return a value's text after PostgreSQL has read it; as it is where it can't."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE TEMPORARY TABLE again (value {type_name}\n)")
            row = reload.lines([[text]])
            cursor.copy_expert("COPY again FROM STDIN", row)
            cursor.execute("SELECT value::text FROM again")
            return str(cursor.fetchone()[0])
    except (psycopg2.Error, ValueError):
        return f"{text} (which the type doesn't read)"
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS again")


def shown(text: str | None) -> str:
    """Return a value for a cell."""
    if text is None:
        return "NULL"
    short = text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
    return "`" + repr(short)[1:-1].replace("|", "\\|").replace("`", "'") + "`"


def board(server: PostgreSQL) -> str:
    """Run all tools on all cases; return the page."""
    fields = ("host", "port", "database", "user", "password")
    address = {field: getattr(server, field) for field in fields}
    connection = psycopg2.connect(**address)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(SETUP)
        cursor.execute(reload.PINNED)
    cases = {case.type_name: (case.type_name, case.values) for case in CASES}
    for statement, case in OPTIONAL.items():
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
        except psycopg2.Error:
            continue
        cases[case.type_name] = (case.type_name, case.values)
    for refused in REFUSED:
        name = f"{refused.type_name}: {refused.value}"
        cases[name] = (refused.type_name, (refused.value,))
    tables = {f"case_{number}": name for number, name in enumerate(cases)}
    for table, name in tables.items():
        type_name, values = cases[name]
        reload.load(connection, f"types.{table}", type_name, [*values, None])
    verdicts: dict[str, dict[str, str]] = {name: {} for name in cases}
    examples = []
    for tool in TOOLS:
        sys.stderr.write(f"{tool} …\n")
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            failed = errors(tool, address, folder, [*tables])
            for table, name in tables.items():
                if failed[table] is not None:
                    verdicts[name][tool] = REFUSES
                    continue
                type_name, path = cases[name][0], folder / f"{table}.parquet"
                verdict, was, came = compare(connection, table, type_name, path)
                verdicts[name][tool] = verdict
                if verdict == WRONG:
                    row = f"| {tool} | `{name}` | {shown(was)} | {shown(came)} |"
                    examples.append(row)
    connection.close()
    return page(server, verdicts, examples)


def page(
    server: PostgreSQL, verdicts: dict[str, dict[str, str]], examples: list[str]
) -> str:
    """Return the scoreboard as Markdown."""
    lines = io.StringIO()
    versions = ", ".join(
        f"{name} {version(name)}"
        for name in dict.fromkeys(name for _, name in TOOLS.values())
    )
    today = datetime.now(UTC).date()
    postgresql = server.psql("SHOW server_version").split()[0]
    lines.write(
        f"# Types: who changes values\n\n`make scoreboard`, {today}: PostgreSQL "
        f"{postgresql}, Python {sys.version.split()[0]}, {versions}.\n"
        "`scoreboard.py` says what the verdicts mean and how they are found.\n"
        "\n| | " + " | ".join(TOOLS) + " |\n" + "| --- " * (len(TOOLS) + 1) + "|\n"
    )
    for verdict in (EXACT, REFUSES, OTHER, WRONG):
        counts = Counter(
            tool for row in verdicts.values() for tool in row if row[tool] == verdict
        )
        cells = " | ".join(str(counts[tool]) for tool in TOOLS)
        lines.write(f"| {verdict} | {cells} |\n")
    lines.write("\n## By type\n\n| case | " + " | ".join(TOOLS) + " |\n")
    lines.write("| --- " * (len(TOOLS) + 1) + "|\n")
    for name, row in verdicts.items():
        cells = " | ".join(row[tool] for tool in TOOLS)
        lines.write(f"| `{name}` | {cells} |\n")
    lines.write("\n## What became of values\n\nThe first of each case.\n\n")
    lines.write("| tool | case | stored | arrived |\n| --- | --- | --- | --- |\n")
    lines.writelines(f"{example}\n" for example in examples)
    return lines.getvalue()


def main() -> None:
    """Print the scoreboard."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tool", choices=TOOLS, help=argparse.SUPPRESS)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    if arguments.tool:
        work(arguments.tool)
        return
    with PostgreSQL() as server:
        text = board(server)
    sys.stdout.write(text)
    if arguments.write:
        RESULT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
