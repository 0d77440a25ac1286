from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from runtime.exceptions import (
    ConnectorError,
    CredentialError,
    DestinationRejectedError,
    DestinationUnavailableError,
    FatalError,
    UnsupportedTypeError,
)
from runtime.source import BATCH_BYTES
from runtime.tables.postgresql import ERRORS, PostgreSQLTables

from tests.runtime.frames import OLD, OLD_ROWS
from tests.runtime.places import Warehouse
from tests.runtime.shown import everything_shown

NOWHERE = {
    "host": "127.0.0.1",
    "port": 1,
    "database": "warehouse",
    "user": "loader",
    "password": "canary",
}


def test_an_unreachable_server_can_be_retried() -> None:
    destination = PostgreSQLTables(credentials=NOWHERE)
    with pytest.raises(DestinationUnavailableError, match="127") as caught:
        destination.from_df(OLD, "landing.example")
    assert "canary" not in everything_shown(caught.value)
    assert "canary" not in f"{destination!r} {vars(destination)}"


@pytest.mark.parametrize("name", ["x" * 63, "\N{GREEK SMALL LETTER PI}" * 31 + "x"])
def test_a_name_that_the_server_would_cut_is_refused(
    warehouse: Warehouse, name: str
) -> None:
    warehouse.destination.from_df(OLD, name, mode="replace")
    for table in (f"{name}2", f"{name}2.example", f"landing.{name}2"):
        with pytest.raises(DestinationRejectedError, match="more than 63 bytes"):
            warehouse.destination.from_df(OLD.head(0), table, mode="replace")
        with pytest.raises(DestinationRejectedError, match="more than 63 bytes"):
            warehouse.destination.count(table)
    assert warehouse.rows(f'"{name}"') == OLD_ROWS


class Said(Exception):  # noqa: N818 - an error of the driver
    """What the server says, with its SQLSTATE."""

    def __init__(self, state: str | None, text: str = "no") -> None:
        super().__init__(text)
        self.pgcode = state


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (None, DestinationUnavailableError),
        ("08006", DestinationUnavailableError),
        ("40P01", DestinationUnavailableError),
        ("55P03", DestinationUnavailableError),
        ("57014", DestinationUnavailableError),
        ("42501", CredentialError),
        ("23505", DestinationRejectedError),
        ("3F000", DestinationRejectedError),
    ],
)
def test_errors_of_the_server_are_translated(
    state: str | None, expected: type[ConnectorError]
) -> None:
    error = ERRORS.explain(Said(state), "landing.example", connected=True)
    assert type(error) is expected
    assert error.where == "landing.example"
    assert error.next_step


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("password authentication failed", CredentialError),
        ('database "a" does not exist', FatalError),
        ("connection refused", DestinationUnavailableError),
        (
            "connection failed: SSL SYSCALL error: Connection reset by peer",
            DestinationUnavailableError,
        ),
        ("SSL SYSCALL error: EOF detected", DestinationUnavailableError),
        (
            "SSL connection has been closed unexpectedly",
            DestinationUnavailableError,
        ),
        ("SSL error: certificate verify failed", FatalError),
        ("server does not support SSL, but SSL was required", FatalError),
    ],
)
def test_errors_while_connecting_are_translated(
    text: str, expected: type[ConnectorError]
) -> None:
    assert type(ERRORS.explain(Said(None, text), "there", connected=False)) is expected


def test_a_wrong_user_cannot_be_retried(warehouse: Warehouse) -> None:
    wrong = {**warehouse.credentials, "user": "nobody_at_all"}
    with pytest.raises(CredentialError):
        PostgreSQLTables(credentials=wrong).from_df(OLD, warehouse.fresh())


def test_a_table_without_a_schema_is_in_the_current_one(warehouse: Warehouse) -> None:
    warehouse.execute("DROP TABLE IF EXISTS public.unqualified")
    warehouse.destination.from_df(OLD, "unqualified")
    assert warehouse.rows("public.unqualified") == OLD_ROWS


@pytest.mark.parametrize("value", ["a\0b", "\0"])
def test_a_text_that_no_table_holds_is_refused_by_its_column(
    warehouse: Warehouse, value: str
) -> None:
    with pytest.raises(UnsupportedTypeError, match="'words'"):
        warehouse.destination.from_df(
            pd.DataFrame({"words": [value]}), warehouse.fresh()
        )


VALUES: dict[str, tuple[pa.DataType, list[Any]]] = {
    "boolean": (pa.bool_(), [True, None]),
    "smallint": (pa.int8(), [-128, None]),
    "bigint": (pa.uint32(), [2**32 - 1, None]),
    "numeric(20,0)": (pa.uint64(), [2**64 - 1, None]),
    "numeric(50,3)": (pa.decimal256(50, 3), [Decimal(f"-{'9' * 47}.001"), None]),
    "real": (pa.float32(), [1.5, None]),
    "double precision": (pa.float64(), [5e-324, None]),
    "text": (pa.large_string(), ["", "a\n\\N\U0010ffff"]),
    "bytea": (pa.binary(3), [b"\x00\xff\x00", None]),
    "date": (pa.date64(), [date(1, 1, 1), None]),
    "time without time zone": (pa.time32("s"), [time(23, 59, 59), None]),
    "timestamp without time zone": (pa.timestamp("ms"), [datetime(1, 1, 1), None]),
    "timestamp with time zone": (
        pa.timestamp("us", tz="Asia/Tokyo"),
        [datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC), None],
    ),
}


def test_values_keep_their_types(warehouse: Warehouse) -> None:
    table = warehouse.fresh()
    batch = pa.RecordBatch.from_pydict(
        {name: pa.array(values, kind) for name, (kind, values) in VALUES.items()}
    )
    seen: list[pa.Table] = []
    warehouse.destination.from_batches(
        [batch],
        table,
        check=lambda batches: seen.append(pa.Table.from_batches(batches)),
    )
    assert seen == [pa.Table.from_batches([batch])]
    described, _ = warehouse.execute(
        "SELECT format_type(atttypid, atttypmod) FROM pg_attribute "
        f"WHERE attrelid = '{table}'::regclass AND attnum > 0 ORDER BY attnum"
    )
    assert [kind for (kind,) in described] == [*VALUES]
    bytea = next(number for number, name in enumerate(VALUES) if name == "bytea")
    rows = [list(row) for row in warehouse.execute(f"SELECT * FROM {table}")[0]]
    for row in rows:
        row[bytea] = row[bytea] and bytes(row[bytea])
    assert rows == [
        list(row) for row in zip(*(v for _, v in VALUES.values()), strict=True)
    ]


def test_many_rows_are_checked_in_batches_of_about_two_mebibytes(
    warehouse: Warehouse,
) -> None:
    numbers = pa.array(range(50_000), pa.int64())
    texts = pa.array([f"{number:>200}" for number in range(50_000)])
    batch = pa.RecordBatch.from_arrays([numbers, texts], names=["number", "text"])
    seen: list[pa.RecordBatch] = []
    warehouse.destination.from_batches([batch], warehouse.fresh(), check=seen.extend)
    assert pa.Table.from_batches(seen) == pa.Table.from_batches([batch])
    assert len(seen) > 5
    assert max(each.nbytes for each in seen) < 2 * BATCH_BYTES
