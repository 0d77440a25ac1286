"""Write names and values into queries, as literals of a database's dialect.

A query is a text that a source may put into another statement: PostgreSQL copies and
sums up its rows, SQLite makes a view of it. Such statements take no parameters, so each
value is written into the text, as a literal that holds exactly this value.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
import math
import re
from typing import Any

from ..exceptions import QueryRejectedError

KNOWN = "None, bool, int, float, Decimal, str, bytes, date, datetime or a list of them"
SURROGATE = re.compile("[\ud800-\udfff]")  # half a character, which UTF-8 doesn't have
BLANKS = " \t\r\n\f\v"
COMMENT = re.compile(r"--|#|/\*(?!M?!)")  # MySQL runs what is in /*! */
COMMENT_ENDS = re.compile(r"/\*|\*/")
# The colon is not part of a cast, nor right after a name, a quote or a bracket.
PARAMETER = r"(?<![\w:$'\"`\])]):(?P<name>[^\W\d]\w*)"

# Patterns of tokens in which `:name` is not a parameter.
LINE = r"--[^\n]*"
LINE_TO_RETURN = r"--[^\r\n]*"  # a carriage return alone ends it
# Whether it does depends on the dialect, or on its version: no match.
EITHER_LINE = r"--[^\r\n]*+(?=\r?\n|\r?\Z)"
TEXT = r"'(?:[^']|'')*+'"
IDENTIFIER = r'"(?:[^"]|"")*+"'
BACKTICKS = r"`(?:[^`]|``)*+`"
# Whether a backslash before a quote escapes it depends on the server: no match.
EITHER_TEXT = r"'(?:[^'\\]|''|\\[^'])*+'"
EITHER_QUOTES = r'"(?:[^"\\]|""|\\[^"])*+"'
ESCAPED_TEXT = r"(?<![\w$])[eE]'(?:[^'\\]|''|\\.)*+'"
DOLLARS = r"(?<![\w$])\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$"
A_DOLLAR = r"(?<![\w$])\$(?:[^\W\d]\w*)?\$"


def up_to(digits: int) -> range:
    """Return the integers of at most so many digits."""
    return range(1 - 10**digits, 10**digits)


def in_quotes(value: str) -> str:
    """Return a text in single quotes; those in it are doubled."""
    doubled = value.replace("'", "''")
    return f"'{doubled}'"


def in_parentheses(number: str) -> str:
    """Return a number; a negative one in parentheses, since `--` begins a comment."""
    return f"({number})" if number.startswith("-") else number


def _double(value: float) -> str:
    digits = repr(value)
    return in_parentheses(digits if "e" in digits else f"{digits}e0")


def _decimal(value: Decimal) -> str:
    digits = f"{value:f}"
    return in_parentheses(digits if "." in digits else f"{digits}.")


@dataclass(frozen=True)
class Notation:
    """How a dialect writes names and values, and where a colon begins no parameter.

    Args:
        skipped: Patterns of tokens in which a colon begins no parameter, apart from
            comments in `/* */`.
        opened: A pattern of what begins such a token. If it matches, but none of
            `skipped` does, the query is refused.
        nested: Whether comments nest.
        quotes: The characters before and after a name.
        refused: The characters that neither a text nor a name can have.
        true: The literal of True.
        false: The literal of False.
        integers: The integers that have a literal.
        digits: How many digits a Decimal may have.
        decimals: How many of them may follow its point.
        text: Returns the literal of a text.
        double: Returns the literal of a float.
        decimal: Returns the literal of a Decimal.
        binary: The literal of bytes; `{}` is their hexadecimal digits.
        day: The literal of a date.
        moment: The literal of a datetime without a zone.
        moment_in_utc: The literal of a datetime with a zone, converted to UTC; "" if
            the dialect has none.
        between: The character between a date and a time.
    """

    skipped: tuple[str, ...] = (
        EITHER_LINE,
        EITHER_TEXT,
        EITHER_QUOTES,
        BACKTICKS,
        DOLLARS,
    )
    opened: str = rf"['\"`]|--|{A_DOLLAR}"
    nested: bool = False
    quotes: tuple[str, str] = ('"', '"')
    refused: str = "\0"
    true: str = "TRUE"
    false: str = "FALSE"
    integers: range = up_to(38)
    digits: int = 38
    decimals: int = 38
    text: Callable[[str], str] = in_quotes
    double: Callable[[float], str] = _double
    decimal: Callable[[Decimal], str] = _decimal
    binary: str = "X'{}'"
    day: str = "DATE '{}'"
    moment: str = "TIMESTAMP '{}'"
    moment_in_utc: str = ""
    between: str = " "

    def quoted(self, name: str) -> str:
        """Return a name in quotes, without checking it."""
        before, after = self.quotes
        return f"{before}{name.replace(after, after * 2)}{after}"

    def name(self, name: str) -> str:
        """Return a name in quotes, which means exactly this name.

        Raises:
            ValueError: No object can have this name; the message doesn't show it.
        """
        if not name:
            msg = "is empty"
            raise ValueError(msg)
        self._check_characters(name, f"{self.refused}\0")
        return self.quoted(name)

    def literal(self, value: Any) -> str:
        """Return the literal that the dialect reads as exactly this value.

        Args:
            value: Of one of the types in `KNOWN`. A subclass, such as that of a data
                frame's timestamps, is refused: it may hold more.

        Raises:
            ValueError: The value has no literal; the message doesn't show it.
        """
        if value is None:
            return "NULL"
        write = WRITERS.get(type(value))
        if write is None:
            msg = f"is of the type {type(value).__name__}, which has no literal"
            raise ValueError(msg)
        return write(self, value)

    def parts(self, query: str) -> Iterator[tuple[str, str]]:
        """Yield the parts of a query, each with the name of the parameter after it.

        The last part has "" for a name.

        Raises:
            ValueError: A text, name or comment has no end, or its end depends on the
                server's settings; names the line.
        """
        start = 0
        for found, end in self._tokens(query):
            if found["name"]:
                yield query[start : found.start()], found["name"]
                start = end
        yield query[start:], ""

    def statement(self, query: str) -> str:
        """Return a query without its last semicolon and the comments after that."""
        try:
            tokens = [
                (found.start(), end, bool(COMMENT.match(query, found.start())))
                for found, end in self._tokens(query)
            ]
        except ValueError:
            return query  # which the database refuses
        cut, place = None, 0
        for begin, end, is_comment in [*tokens, (len(query), len(query), True)]:
            code = query[place:begin].rstrip(f"{BLANKS};")
            semicolon = query.find(";", place + len(code), begin)
            if code:
                cut = None
            if cut is None and semicolon >= 0:
                cut = semicolon
            if not is_comment:
                cut = None
            place = end
        return query[:cut]

    def _tokens(self, query: str) -> Iterator[tuple[re.Match[str], int]]:
        """Yield each token in which a colon has its own meaning, and its end."""
        tokens = re.compile(
            "|".join([*self.skipped, r"(?P<comment>/\*)", PARAMETER])
            + f"|(?P<opened>{self.opened})",
            re.DOTALL,
        )
        place = 0
        while found := tokens.search(query, place):
            place = found.end()
            if found["comment"]:
                place = self._end_of_comment(query, place)
            elif found["opened"]:
                raise _without_end(query, found.start())
            yield found, place

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
        return in_parentheses(str(value))

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
            msg = "is a datetime with a zone, for which the dialect has no literal"
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

# For an unknown dialect. A backslash may escape the next character, so it is refused.
STANDARD = Notation(refused="\0\\")


def _without_end(query: str, place: int) -> ValueError:
    line = query.count("\n", 0, place) + 1
    return ValueError(
        f"A quote or a comment in line {line} of the query has no end, "
        "or a backslash before its end"
    )


class QueryWriter(ABC):
    """Base class of anything whose queries are SQL.

    Attributes:
        notation: How the dialect writes names and values.
    """

    notation: Notation = STANDARD

    @property
    @abstractmethod
    def address(self) -> str:
        """The database's place, for messages."""

    def select(
        self,
        table: str,
        columns: Sequence[str] | None = None,
        *,
        schema: str | None = None,
    ) -> str:
        """Return the query of a table's rows. Names are taken literally.

        Args:
            table: The table's name alone: a dot in it is part of the name.
            columns: The names of the columns, in the wanted order; by default all.
            schema: The schema of the table; by default the database searches for it.

        Raises:
            QueryRejectedError: A name is empty or has an impossible character, or
                `columns` is empty.
        """
        if isinstance(columns, str) or (columns is not None and not columns):
            raise QueryRejectedError(
                "The columns are not a list of names.",
                self.address,
                "give a list of at least one, or none for all columns.",
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
        """Return the query with the value of each `:name` in its place.

        A list or a tuple becomes its items, separated by commas, as in `IN (:ids)`. A
        colon in a text, a quoted name, a comment or a cast begins no parameter; neither
        does one right after a letter, a digit, a quote or a closing bracket. The query
        shows its values, so don't bind secrets.

        Raises:
            QueryRejectedError: A parameter has no value, a value has no parameter, or a
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
                "correct the name, or remove the value.",
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
                "give at least one item, or remove the condition.",
            )
        return ", ".join(literals)
