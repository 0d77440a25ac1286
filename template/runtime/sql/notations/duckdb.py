"""How DuckDB writes names and values."""

from ..queries import (
    A_DOLLAR,
    DOLLARS,
    ESCAPED_TEXT,
    IDENTIFIER,
    LINE_TO_RETURN,
    TEXT,
    Notation,
)

NOTATION = Notation(
    skipped=(LINE_TO_RETURN, ESCAPED_TEXT, TEXT, IDENTIFIER, DOLLARS),
    opened=rf"['\"]|{A_DOLLAR}",
    nested=True,
    binary="from_hex('{}')",
    moment_in_utc="TIMESTAMPTZ '{}+00:00'",
)
