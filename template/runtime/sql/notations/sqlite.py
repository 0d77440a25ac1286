"""How SQLite writes names and values."""

from decimal import Decimal
import math

from ..queries import BACKTICKS, IDENTIFIER, LINE, TEXT, Notation


def _double(value: float) -> str:
    """Return an integer multiplied or divided by powers of two.

    SQLite before 3.47 reads some numbers of 17 digits as a neighbouring one.
    """
    fraction, exponent = math.frexp(value)
    whole, exponent = int(fraction * 2**53), exponent - 53
    full, rest = divmod(abs(exponent), 62)
    sign = "*" if exponent > 0 else "/"
    factors = "".join(f" {sign} {2**each}" for each in [*[62] * full, rest])
    return f"(CAST({whole} AS REAL){factors})"


def _decimal(value: Decimal) -> str:
    return _double(float(value))


NOTATION = Notation(
    skipped=(LINE, TEXT, IDENTIFIER, BACKTICKS, r"\[[^\]]*+\]"),
    opened=r"['\"`\[]",
    quotes=("`", "`"),  # a name in double quotes is a text if there is no such column
    integers=range(-(2**63), 2**63),
    digits=15,  # a float keeps so many
    double=_double,
    decimal=_decimal,
    day="'{}'",
    moment="'{}'",
)
