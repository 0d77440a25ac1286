"""Convert the Python values of a database's driver to Arrow arrays, exactly.

A value of another Python type than its column's is refused, never converted: True is
not an integer, 1 is not a float, and a datetime with a zone is not one without.
"""

from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import pyarrow as pa

NAIVE = pa.timestamp("us")
IN_UTC = pa.timestamp("us", tz="UTC")

# Arrow type -> the Python types of its values. The values of a decimal are Decimals.
HELD: dict[pa.DataType, set[type]] = {
    pa.binary(): {bytearray, bytes, memoryview},
    pa.bool_(): {bool},
    pa.date32(): {date},
    pa.float64(): {float},
    pa.int16(): {int},
    pa.int32(): {int},
    pa.int64(): {int},
    pa.string(): {str, UUID},
    pa.time64("us"): {time},
    pa.uint8(): {int},
    IN_UTC: {datetime},
    NAIVE: {datetime},
}


def types_of(values: Sequence[Any]) -> set[type]:
    """Return the Python types of values, except None's."""
    return set(map(type, values)) - {type(None)}


def to_array(kind: pa.DataType, values: Sequence[Any]) -> pa.Array:
    """Return values as an array of a type that holds them unchanged.

    Args:
        kind: One of `HELD`, or a decimal.
        values: As the driver returned them; None is NULL.

    Raises:
        ValueError: The type can't hold one exactly.
    """
    types = types_of(values)
    held = {Decimal} if pa.types.is_decimal(kind) else HELD[kind]
    if not types <= held or not _fit_zone(types, kind, values):
        msg = f"values of other types than {kind}"
        raise ValueError(msg)
    if UUID in types:
        values = [value if value is None else str(value) for value in values]
    try:
        return pa.array(values, type=kind)
    except (pa.ArrowException, TypeError, OverflowError) as err:
        msg = f"values beyond {kind}"
        raise ValueError(msg) from err


def _fit_zone(types: set[type], kind: pa.DataType, values: Sequence[Any]) -> bool:
    """Return whether datetimes have a zone if their type has, and times have none."""
    if types == {datetime}:
        naive = {value.utcoffset() is None for value in values if value is not None}
        return naive == {kind.tz is None}
    if types == {time}:
        return all(value is None or value.tzinfo is None for value in values)
    return True
