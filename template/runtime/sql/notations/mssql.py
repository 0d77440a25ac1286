"""How Microsoft SQL Server writes names and values."""

import re

from ..queries import EITHER_LINE, IDENTIFIER, TEXT, Notation, in_quotes


def _text(value: str) -> str:
    """Return a literal in which no backslash ends a line.

    The server would remove both the backslash and the line's end.
    """
    literal = f"N{in_quotes(value)}"
    divided = re.sub(r"\\(?=[\r\n])", r"\\' + N'", literal)
    whole = divided == literal
    return literal if whole else f"(CAST(N'' AS NVARCHAR(MAX)) + {divided})"


NOTATION = Notation(
    skipped=(EITHER_LINE, TEXT, IDENTIFIER, r"\[(?:[^\]]|\]\])*+\]"),
    opened=r"['\"\[]|--",
    nested=True,
    quotes=("[", "]"),
    true="CAST(1 AS BIT)",
    false="CAST(0 AS BIT)",
    text=_text,
    binary="0x{}",
    day="CAST('{}' AS DATE)",
    moment="CAST('{}' AS DATETIME2(6))",
    moment_in_utc="CAST('{}+00:00' AS DATETIMEOFFSET(6))",
    between="T",
)
