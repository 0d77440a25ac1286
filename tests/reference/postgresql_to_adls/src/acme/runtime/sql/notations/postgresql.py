"""How PostgreSQL writes names and values."""

from ..queries import (
    A_DOLLAR,
    DOLLARS,
    EITHER_TEXT,
    ESCAPED_TEXT,
    IDENTIFIER,
    LINE_TO_RETURN,
    Notation,
    up_to,
)


def _text(value: str) -> str:
    """Return a literal that `standard_conforming_strings` doesn't change."""
    doubled = value.replace("\\", "\\\\").replace("'", "''")
    return f"E'{doubled}'"


def _double(value: float) -> str:
    return f"CAST('{value!r}' AS double precision)"


NOTATION = Notation(
    skipped=(LINE_TO_RETURN, ESCAPED_TEXT, EITHER_TEXT, IDENTIFIER, DOLLARS),
    opened=rf"['\"]|{A_DOLLAR}",
    nested=True,
    integers=up_to(1000),
    digits=1000,
    decimals=1000,
    text=_text,
    double=_double,
    binary=r"CAST(E'\\x{}' AS bytea)",
    moment_in_utc="TIMESTAMPTZ '{}+00:00'",
)
