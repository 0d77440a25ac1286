"""How Oracle Database writes names and values."""

from ..queries import EITHER_LINE, IDENTIFIER, TEXT, Notation, in_parentheses, in_quotes

QUOTED_TEXT = (
    r"(?<![\w$])[nN]?[qQ]'"
    r"(?:\[.*?\]|\{.*?\}|\(.*?\)|<.*?>|(?P<end>[^\[{(<\s]).*?(?P=end))'"
)


def _text(value: str) -> str:
    """Return a literal of ASCII characters, which every database's charset has."""
    if value.isascii():
        return in_quotes(value)
    units = value.replace("\\", "\\\\").encode("utf-16-be")
    pairs = (units[place : place + 2] for place in range(0, len(units), 2))
    ascii_only = "".join(
        chr(pair[1]) if pair < b"\0\x80" else f"\\{pair.hex().upper()}"
        for pair in pairs
    )
    return f"UNISTR({in_quotes(ascii_only)})"


def _double(value: float) -> str:
    return in_parentheses(f"{value!r}d")


NOTATION = Notation(
    skipped=(EITHER_LINE, QUOTED_TEXT, TEXT, IDENTIFIER),
    opened="['\"]|--",
    true="1",
    false="0",
    text=_text,
    double=_double,
    binary="HEXTORAW('{}')",
    moment_in_utc="TIMESTAMP '{} +00:00'",
)
