"""Write queries: names and values as a database's dialect has them.

A query is a text, which a source may put into another statement: PostgreSQL copies and
sums up its rows, SQLite makes a view of it. None of these takes parameters, so a value
is written into the text, as a literal that holds it exactly and nothing beside it.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
import math
import re
from typing import Any

from acme.exceptions import QueryRejectedError

KNOWN = "None, bool, int, float, Decimal, str, bytes, date, datetime or a list of them"
SURROGATE = re.compile("[\ud800-\udfff]")  # half a character, which UTF-8 doesn't have
COMMENT_ENDS = re.compile(r"/\*|\*/")
# No colon of a cast, nor one that stands right after a name, a quote or a bracket.
PARAMETER = r"(?<![\w:$'\"`\])]):(?P<name>[^\W\d]\w*)"

# Where `:name` is no parameter.
LINE = r"--[^\n]*"
TEXT = r"'(?:[^']|'')*+'"
IDENTIFIER = r'"(?:[^"]|"")*+"'
BACKTICKS = r"`(?:[^`]|``)*+`"
BRACKETS = r"\[(?:[^\]]|\]\])*+\]"
# A backslash before a quote ends the text or doesn't, as the server is set: no match.
EITHER_TEXT = r"'(?:[^'\\]|''|\\[^'])*+'"
EITHER_QUOTES = r'"(?:[^"\\]|""|\\[^"])*+"'
ESCAPED_TEXT = r"(?<![\w$])[eE]'(?:[^'\\]|''|\\.)*+'"
DOLLARS = r"(?<![\w$])\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$"
A_DOLLAR = r"(?<![\w$])\$(?:[^\W\d]\w*)?\$"
ORACLE_TEXT = (
    r"(?<![\w$])[nN]?[qQ]'"
    r"(?:\[.*?\]|\{.*?\}|\(.*?\)|<.*?>|(?P<end>[^\[{(<\s]).*?(?P=end))'"
)


def _up_to(digits: int) -> range:
    return range(1 - 10**digits, 10**digits)


def _in_quotes(value: str) -> str:
    doubled = value.replace("'", "''")
    return f"'{doubled}'"


def _with_escapes(value: str) -> str:
    """Return a literal that means the same whatever `standard_conforming_strings` is."""
    doubled = value.replace("\\", "\\\\").replace("'", "''")
    return f"E'{doubled}'"


def _in_hex(value: str) -> str:
    """Return a literal that means the same in every `sql_mode`."""
    return f"_utf8mb4 X'{value.encode().hex()}'"


def _national(value: str) -> str:
    """Return a literal in which no backslash stands before the end of a line.

    The server would leave both out.
    """
    literal = f"N{_in_quotes(value)}"
    divided = re.sub(r"\\(?=[\r\n])", r"\\' + N'", literal)
    whole = divided == literal
    return literal if whole else f"(CAST(N'' AS NVARCHAR(MAX)) + {divided})"


def _in_ascii(value: str) -> str:
    """Return a literal that any character set of a database holds."""
    if value.isascii():
        return _in_quotes(value)
    units = value.replace("\\", "\\\\").encode("utf-16-be")
    pairs = (units[place : place + 2] for place in range(0, len(units), 2))
    ascii_only = "".join(
        chr(pair[1]) if pair < b"\0\x80" else f"\\{pair.hex().upper()}"
        for pair in pairs
    )
    return f"UNISTR({_in_quotes(ascii_only)})"


def _double(value: float) -> str:
    digits = repr(value)
    return _in_parentheses(digits if "e" in digits else f"{digits}e0")


def _as_double_precision(value: float) -> str:
    return f"CAST('{value!r}' AS double precision)"


def _binary_double(value: float) -> str:
    return _in_parentheses(f"{value!r}d")


def _of_powers(value: float) -> str:
    """Return a whole number times, or divided by, powers of two.

    SQLite before 3.47 reads some numbers of 17 digits as the next one beside them.
    """
    fraction, exponent = math.frexp(value)
    whole, exponent = int(fraction * 2**53), exponent - 53
    full, rest = divmod(abs(exponent), 62)
    sign = "*" if exponent > 0 else "/"
    factors = "".join(f" {sign} {2**each}" for each in [*[62] * full, rest])
    return f"(CAST({whole} AS REAL){factors})"


def _decimal(value: Decimal) -> str:
    digits = f"{value:f}"
    return _in_parentheses(digits if "." in digits else f"{digits}.")


def _decimal_of_powers(value: Decimal) -> str:
    return _of_powers(float(value))


def _in_parentheses(number: str) -> str:
    """Return a number, of which no minus can make a comment with one before it."""
    return f"({number})" if number.startswith("-") else number


@dataclass(frozen=True)
class Notation:
    """How a dialect writes names and values, and where a colon begins no parameter.

    Args:
        skipped: What a query may have a colon in that begins no parameter, beside
            comments in `/* */`: patterns.
        opened: What begins such a thing. Where none of `skipped` is there, the query
            can't be understood.
        nested: Whether a comment may have another in it.
        quotes: What stands before and after a name.
        refused: The characters that no text and no name can have in it.
        true: TRUE, and in `false` FALSE.
        false: As `true`.
        integers: The integers that have a literal.
        digits: As many as a Decimal may have.
        decimals: As many of them as may stand after its point.
        text: Gives the literal of a text, and so on.
        double: Of a float.
        decimal: Of a Decimal.
        binary: Of bytes, which are given in hexadecimal digits.
        day: Of a date.
        moment: Of a datetime without a zone.
        moment_in_utc: Of one with a zone, after it was moved to UTC; "" if there is
            none.
        between: What stands between a date and a time.
    """

    skipped: tuple[str, ...] = (LINE, EITHER_TEXT, EITHER_QUOTES, BACKTICKS, DOLLARS)
    opened: str = rf"['\"`]|{A_DOLLAR}"
    nested: bool = False
    quotes: tuple[str, str] = ('"', '"')
    refused: str = "\0"
    true: str = "TRUE"
    false: str = "FALSE"
    integers: range = _up_to(38)
    digits: int = 38
    decimals: int = 38
    text: Callable[[str], str] = _in_quotes
    double: Callable[[float], str] = _double
    decimal: Callable[[Decimal], str] = _decimal
    binary: str = "X'{}'"
    day: str = "DATE '{}'"
    moment: str = "TIMESTAMP '{}'"
    moment_in_utc: str = ""
    between: str = " "

    def name(self, name: str) -> str:
        """Return a name in quotes, which means just this name.

        Raises:
            ValueError: There is no such name; says why, but not the name.
        """
        if not name:
            msg = "is empty"
            raise ValueError(msg)
        self._check_characters(name, f"{self.refused}\0")
        before, after = self.quotes
        return f"{before}{name.replace(after, after * 2)}{after}"

    def literal(self, value: Any) -> str:
        """Return what the dialect reads as exactly this value.

        Args:
            value: One of the types in `KNOWN`, but not of a subclass, such as that of a
                data frame's moments: it may hold more.

        Raises:
            ValueError: There is no such literal; says why, but not the value.
        """
        if value is None:
            return "NULL"
        write = WRITERS.get(type(value))
        if write is None:
            msg = f"is of the type {type(value).__name__}, which has no literal"
            raise ValueError(msg)
        return write(self, value)

    def parts(self, query: str) -> Iterator[tuple[str, str]]:
        """Yield the query in parts, each with the name of the parameter after it.

        The last part has no parameter after it.

        Raises:
            ValueError: A text, name or comment has no end, or not the same one however
                the server is set; says where.
        """
        tokens = re.compile(
            "|".join([*self.skipped, r"(?P<comment>/\*)", PARAMETER])
            + f"|(?P<opened>{self.opened})",
            re.DOTALL,
        )
        start = place = 0
        while found := tokens.search(query, place):
            place = found.end()
            if found["comment"]:
                place = self._end_of_comment(query, place)
            elif found["opened"]:
                raise _without_end(query, found.start())
            elif found["name"]:
                yield query[start : found.start()], found["name"]
                start = place
        yield query[start:], ""

    def _end_of_comment(self, query: str, start: int) -> int:
        depth = 1
        for found in COMMENT_ENDS.finditer(query, start):
            if found[0] == "*/":
                depth -= 1
            elif self.nested:
                depth += 1
            if not depth:
                return found.end()
        raise _without_end(query, start)

    def _check_characters(self, text: str, refused_ones: str) -> None:
        refused = [character for character in refused_ones if character in text]
        if refused or SURROGATE.search(text):
            code = f"U+{ord(refused[0]):04X}" if refused else "half of a pair"
            msg = f"has a character that can't be written here ({code})"
            raise ValueError(msg)

    def _boolean(self, value: bool) -> str:
        return self.true if value else self.false

    def _integer(self, value: int) -> str:
        if value not in self.integers:
            msg = "is an integer of more digits than the dialect keeps"
            raise ValueError(msg)
        return _in_parentheses(str(value))

    def _float(self, value: float) -> str:
        if not math.isfinite(value):
            msg = "is a float that isn't finite"
            raise ValueError(msg)
        return self.double(value)

    def _decimal(self, value: Decimal) -> str:
        if not value.is_finite():
            msg = "is a Decimal that isn't finite"
            raise ValueError(msg)
        exponent = int(value.as_tuple().exponent)
        whole, decimals = max(1, value.adjusted() + 1), max(0, -exponent)
        if decimals > self.decimals or whole + decimals > self.digits:
            msg = "is a Decimal of more digits than the dialect keeps"
            raise ValueError(msg)
        return self.decimal(value)

    def _text(self, value: str) -> str:
        self._check_characters(value, self.refused)
        return self.text(value)

    def _bytes(self, value: bytes) -> str:
        return self.binary.format(value.hex())

    def _date(self, value: date) -> str:
        return self.day.format(value.isoformat())

    def _datetime(self, value: datetime) -> str:
        if value.utcoffset() is None:
            return self.moment.format(value.isoformat(self.between))
        if not self.moment_in_utc:
            msg = "is a datetime with a zone, which the dialect has no literal for"
            raise ValueError(msg)
        try:
            moment = value.astimezone(UTC).replace(tzinfo=None)
        except OverflowError:
            msg = "is a datetime that is before the year 1 or after 9999 in UTC"
            raise ValueError(msg) from None
        return self.moment_in_utc.format(moment.isoformat(self.between))


WRITERS: dict[type, Callable[[Notation, Any], str]] = {
    Decimal: Notation._decimal,
    bool: Notation._boolean,
    bytes: Notation._bytes,
    date: Notation._date,
    datetime: Notation._datetime,
    float: Notation._float,
    int: Notation._integer,
    str: Notation._text,
}

# What no other row says: a backslash may mean something, so no text has one.
STANDARD = Notation(refused="\0\\")
MYSQL = Notation(
    skipped=(r"--(?=\s|\Z)[^\n]*", r"#[^\n]*", EITHER_TEXT, EITHER_QUOTES, BACKTICKS),
    opened="['\"`]",
    quotes=("`", "`"),
    refused="",
    integers=_up_to(65),
    digits=65,
    decimals=30,
    text=_in_hex,
    binary="_binary X'{}'",
)
# By the names of SQLAlchemy.
NOTATIONS: dict[str, Notation] = {
    "duckdb": Notation(
        skipped=(LINE, ESCAPED_TEXT, TEXT, IDENTIFIER, DOLLARS),
        opened=rf"['\"]|{A_DOLLAR}",
        nested=True,
        binary="from_hex('{}')",
        moment_in_utc="TIMESTAMPTZ '{}+00:00'",
    ),
    "mariadb": MYSQL,
    "mssql": Notation(
        skipped=(LINE, TEXT, IDENTIFIER, BRACKETS),
        opened=r"['\"\[]",
        nested=True,
        quotes=("[", "]"),
        true="CAST(1 AS BIT)",
        false="CAST(0 AS BIT)",
        text=_national,
        binary="0x{}",
        day="CAST('{}' AS DATE)",
        moment="CAST('{}' AS DATETIME2(6))",
        moment_in_utc="CAST('{}+00:00' AS DATETIMEOFFSET(6))",
        between="T",
    ),
    "mysql": MYSQL,
    "oracle": Notation(
        skipped=(LINE, ORACLE_TEXT, TEXT, IDENTIFIER),
        opened="['\"]",
        true="1",
        false="0",
        text=_in_ascii,
        double=_binary_double,
        binary="HEXTORAW('{}')",
        moment_in_utc="TIMESTAMP '{} +00:00'",
    ),
    "postgresql": Notation(
        skipped=(LINE, ESCAPED_TEXT, EITHER_TEXT, IDENTIFIER, DOLLARS),
        opened=rf"['\"]|{A_DOLLAR}",
        nested=True,
        integers=_up_to(1000),
        digits=1000,
        decimals=1000,
        text=_with_escapes,
        double=_as_double_precision,
        binary=r"CAST(E'\\x{}' AS bytea)",
        moment_in_utc="TIMESTAMPTZ '{}+00:00'",
    ),
    "sqlite": Notation(
        skipped=(LINE, TEXT, IDENTIFIER, BACKTICKS, r"\[[^\]]*+\]"),
        opened=r"['\"`\[]",
        quotes=("`", "`"),  # a name in others is a text where there is no such column
        integers=range(-(2**63), 2**63),
        digits=15,  # of which each float gives the same ones back
        double=_of_powers,
        decimal=_decimal_of_powers,
        day="'{}'",
        moment="'{}'",
    ),
}


def _without_end(query: str, place: int) -> ValueError:
    line = query.count("\n", 0, place) + 1
    return ValueError(
        f"A quote or a comment in line {line} of the query has no end, "
        "or a backslash before its end"
    )


class QueryWriter(ABC):
    """What a source has whose queries are SQL."""

    notation: Notation = STANDARD

    @property
    @abstractmethod
    def address(self) -> str:
        """Where the database is, for messages."""

    def select(
        self,
        table: str,
        columns: Sequence[str] | None = None,
        *,
        schema: str | None = None,
    ) -> str:
        """Return the query of a table's rows. The names are taken as they are.

        Args:
            table: Its name alone: a dot in it is a part of the name.
            columns: Their names, in the order in which they shall come; all of them
                where none are given.
            schema: Where the table is, if not where the database looks first.

        Raises:
            QueryRejectedError: A name is empty, or has a character that no name can
                have; or there is no column in `columns`.
        """
        if isinstance(columns, str) or (columns is not None and not columns):
            raise QueryRejectedError(
                "The columns are not a list of names.",
                self.address,
                "give a list of one at least, or none for all columns.",
            )
        selected = [self._quoted("column", name) for name in columns or ()]
        place = [self._quoted("schema", schema)] if schema is not None else []
        place.append(self._quoted("table", table))
        # Each name is in quotes.
        return f"SELECT {', '.join(selected) or '*'} FROM {'.'.join(place)}"  # noqa: S608

    def _quoted(self, called: str, name: str) -> str:
        try:
            return self.notation.name(name)
        except ValueError as err:
            raise QueryRejectedError(
                f"The name of a {called} {err}.", self.address, "correct the name."
            ) from None

    def bind(self, query: str, parameters: Mapping[str, Any]) -> str:
        """Return the query with each `:name` in it replaced by its value.

        A list or a tuple is written as its items with commas, as in `IN (:ids)`. A
        colon in a text, a quoted name, a comment or a cast begins no parameter, and
        neither does one right after a letter, a digit, a quote or a closing bracket.
        The values stand in the query, so they are no place for secrets.

        Raises:
            QueryRejectedError: A parameter has no value, or a value no parameter; or a
                value has no literal; names the parameter and shows no value.
        """
        literals = {
            name: self._literals(name, value) for name, value in parameters.items()
        }
        met, written = set(), []
        try:
            for part, name in self.notation.parts(query):
                written.append(part)
                if not name:
                    break
                if name not in literals:
                    raise QueryRejectedError(
                        f"The query has a parameter ':{name}' and no value for it.",
                        self.address,
                        "give the value, or write a blank after a colon that begins "
                        "no parameter.",
                    )
                met.add(name)
                written.append(literals[name])
        except ValueError as err:
            raise QueryRejectedError(
                f"{err}.", self.address, "correct it, or write two quotes for one."
            ) from None
        if unused := [name for name in literals if name not in met]:
            raise QueryRejectedError(
                f"There is a value for '{unused[0]}', and no parameter "
                f"':{unused[0]}' in the query.",
                self.address,
                "correct the name, or leave the value out.",
            )
        return "".join(written)

    def _literals(self, name: str, value: Any) -> str:
        values = value if isinstance(value, list | tuple) else [value]
        try:
            literals = [self.notation.literal(each) for each in values]
        except ValueError as err:
            raise QueryRejectedError(
                f"The value of ':{name}' {err}.", self.address, f"give {KNOWN}."
            ) from None
        if not literals:
            raise QueryRejectedError(
                f"The value of ':{name}' is a list without items.",
                self.address,
                "give one item at least, or leave the condition out.",
            )
        return ", ".join(literals)
