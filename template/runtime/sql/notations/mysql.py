"""How MySQL and MariaDB write names and values."""

from ..queries import BACKTICKS, EITHER_QUOTES, EITHER_TEXT, Notation, up_to


def _text(value: str) -> str:
    """Return a literal that `sql_mode` doesn't change."""
    return f"_utf8mb4 X'{value.encode().hex()}'"


NOTATION = Notation(
    skipped=(r"--(?=\s|\Z)[^\n]*", r"#[^\n]*", EITHER_TEXT, EITHER_QUOTES, BACKTICKS),
    opened="['\"`]",
    quotes=("`", "`"),
    refused="",
    integers=up_to(65),
    digits=65,
    decimals=30,
    text=_text,
    binary="_binary X'{}'",
)
