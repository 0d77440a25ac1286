from importlib.util import find_spec
from typing import Any

import pyarrow as pa
import pytest

from acme.exceptions import (
    ConnectorError,
    CredentialError,
    DestinationRejectedError,
    DestinationUnavailableError,
    UnsupportedTypeError,
)
from acme.utils import skip_test_on_missing_extra

if find_spec("duckdb") is None:
    skip_test_on_missing_extra(
        "DuckDBTables",
        extra="duckdb",
    )

from acme.sources import DuckDBTables
from acme.sources.duckdb_tables import (
    columns_of,
    exact,
)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("IO Error: Could not set lock on file", DestinationUnavailableError),
        ("Binder Error: Unique file handle conflict", DestinationUnavailableError),
        ("Out of Memory Error: failed to pin block", DestinationUnavailableError),
        ('Constraint Error: Duplicate key "a: canary"', DestinationRejectedError),
        ("TransactionContext Error: conflict", DestinationUnavailableError),
        ("IO Error: Cannot open file: Permission denied", CredentialError),
        ("IO Error: it is no database", DestinationRejectedError),
        ("Catalog Error: no such schema", DestinationRejectedError),
    ],
)
def test_an_error_is_told_apart_by_its_text(
    said: str, expected: type[ConnectorError]
) -> None:
    destination = DuckDBTables(
        credentials={"path": "warehouse.duckdb"},
    )
    error = destination.explain(Exception(said), "landing.example")
    assert type(error) is expected
    assert "landing.example" in error.where
    assert error.next_step
    assert "canary" not in str(error)


@pytest.mark.parametrize("limit", ["much", "0GB", "1", "-1GB"])
def test_a_limit_without_a_unit_is_refused(limit: str) -> None:
    with pytest.raises(CredentialError, match="memory_limit"):
        DuckDBTables(
            credentials={"path": "warehouse.duckdb", "memory_limit": limit},
        )


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (pa.uint64(), "UBIGINT"),
        (pa.float16(), "FLOAT"),
        (pa.decimal32(5, 2), "DECIMAL(5,2)"),
        (pa.decimal256(38, 3), "DECIMAL(38,3)"),
        (pa.decimal128(5, -2), "DECIMAL(7,0)"),
        (pa.decimal128(2, 5), "DECIMAL(5,5)"),
        (pa.date64(), "DATE"),
        (pa.time32("s"), "TIME"),
        (pa.timestamp("ns"), "TIMESTAMP_NS"),
        (pa.timestamp("s", tz="Asia/Tokyo"), "TIMESTAMP WITH TIME ZONE"),
        (pa.string_view(), "VARCHAR"),
        (pa.dictionary(pa.int8(), pa.string()), "VARCHAR"),
        (pa.null(), "VARCHAR"),
        (pa.binary(3), "BLOB"),
    ],
    ids=str,
)
def test_each_type_has_a_type_of_the_database(kind: pa.DataType, expected: str) -> None:
    (column,) = columns_of(pa.schema([("value", kind)]))
    assert column.type_name == expected


@pytest.mark.parametrize(
    "kind",
    [pa.list_(pa.int64()), pa.decimal256(39, 0), pa.duration("s")],
    ids=str,
)
def test_a_type_of_no_exact_counterpart_is_refused_by_its_column(
    kind: pa.DataType,
) -> None:
    with pytest.raises(UnsupportedTypeError, match="'value'"):
        columns_of(pa.schema([("value", kind)]))


def test_names_that_differ_in_case_alone_are_refused() -> None:
    with pytest.raises(UnsupportedTypeError, match="'Ä'"):
        columns_of(pa.schema([("Ä", pa.int64()), ("ä", pa.int64())]))


def _numbers(kind: pa.DataType, *values: int) -> pa.Array:
    width = pa.int32() if pa.types.is_date(kind) else pa.int64()
    return pa.array(values, width).view(kind)


NOT_EXACT: list[Any] = [
    _numbers(pa.time64("ns"), 1),
    _numbers(pa.time64("us"), 86_400_000_000),
    _numbers(pa.timestamp("ns", tz="UTC"), 1),
    _numbers(pa.timestamp("s", tz="UTC"), 2**63 - 1),
    *(
        _numbers(kind, limit)
        for kind, limits in {
            pa.date32(): (1 - 2**31, 2**31 - 1),
            pa.timestamp("s"): (-9_223_372_022_401, 9_223_372_036_855),
            pa.timestamp("ms"): (-9_223_372_022_400_001, 9_223_372_036_854_776),
            pa.timestamp("us"): (-9_223_372_022_400_000_001, 2**63 - 1),
            pa.timestamp("ns"): (-9_223_286_400_000_000_001, 2**63 - 1),
        }.items()
        for limit in limits
    ),
    pa.StringArray.from_buffers(
        1, pa.array([0, 1], pa.int32()).buffers()[1], pa.py_buffer(b"\xff")
    ),
]


@pytest.mark.parametrize("array", NOT_EXACT, ids=lambda array: str(array.type))
def test_a_value_of_no_exact_counterpart_is_refused_by_its_column(
    array: pa.Array,
) -> None:
    (column,) = columns_of(pa.schema([("value", array.type)]))
    with pytest.raises(UnsupportedTypeError, match="'value'"):
        exact(array, column)
