"""Convert JSON into record batches of declared columns, exactly or not at all.

No number is rounded: integers have any size, and a number with a decimal point is a
decimal until its column's type accepts it. Messages name a column and a record, never a
value.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
import json
import re
from typing import Any, Literal

import pyarrow as pa

from ..exceptions import (
    SchemaChangedError,
    SourceUnavailableError,
    UnexpectedResponseError,
    UnsupportedTypeError,
)

Undeclared = Literal["fail", "warn", "collect"]
Missing = Literal["null", "fail"]

COLLECTED = "undeclared_fields"  # the column of "collect"

LONGEST = 63  # bits of an integer, without its sign
MOST_DIGITS = 76  # of a decimal in Arrow
BYTE_ORDER_MARK = "\ufeff"  # RFC 8259 lets a reader ignore it

# The rest of a literal, a number or an escape if the text ends within it.
CUT = re.compile(
    r"(-|t|tr|tru|f|fa|fal|fals|n|nu|nul|[.]|[eE][+-]?|u[0-9a-fA-F]{0,4})?"
)
DAY = re.compile(r"\d{4}-\d\d-\d\d")
MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6}0*)?)?(?P<zone>Z|[+-]\d\d:?\d\d)?"
)
DECIMAL = re.compile(r"decimal\((\d+), ?(\d+)\)")


class _Unfit(Exception):  # noqa: N818 - never seen outside
    """A value doesn't fit its column's type."""


def parse(body: bytes, where: str) -> Any:
    """Return a JSON text's value: integers exact, other numbers as `Decimal`.

    Args:
        body: The text, in UTF-8.
        where: Its address, for messages.

    Raises:
        SourceUnavailableError: The text ends too early; a retry may help.
        UnexpectedResponseError: The text isn't UTF-8, or isn't JSON; or it holds NaN, an
            infinity, a number too large to read, or an object with a repeated name.
    """
    try:
        text = body.decode("utf-8").removeprefix(BYTE_ORDER_MARK)
    except UnicodeDecodeError as err:
        if err.reason == "unexpected end of data":
            raise _cut_short(body, where) from None
        raise UnexpectedResponseError(
            f"The answer isn't UTF-8, from byte {err.start} on.",
            where,
            "ask the API's operator to send UTF-8.",
        ) from None
    try:
        return json.loads(
            text,
            parse_float=Decimal,
            parse_constant=_refuse_constant,
            object_pairs_hook=_without_duplicates,
        )
    except json.JSONDecodeError as err:
        if _ends_early(err, text):
            raise _cut_short(body, where) from None
        raise UnexpectedResponseError(
            f"The answer isn't JSON: {err.msg}, line {err.lineno} column {err.colno}.",
            where,
            "check that the address is the API's, and not that of a web page.",
        ) from None
    except _Unfit as err:
        raise UnexpectedResponseError(
            f"The answer isn't unambiguous JSON: {err}.",
            where,
            "ask the API's operator to correct it.",
        ) from None
    except ArithmeticError:
        raise UnexpectedResponseError(
            "The answer has a number with an exponent that is too large to read.",
            where,
            "ask the API's operator to correct it.",
        ) from None
    except (RecursionError, ValueError) as err:
        raise UnexpectedResponseError(
            f"The answer is JSON too deep or too long to read: {type(err).__name__}.",
            where,
            "ask for fewer fields.",
        ) from None


def as_json(value: Any) -> str:
    """Return the JSON text of a parsed value, with each number as it was written."""
    if isinstance(value, dict):
        fields = (f"{as_json(name)}:{as_json(each)}" for name, each in value.items())
        return "{" + ",".join(fields) + "}"
    if isinstance(value, list):
        return f"[{','.join(as_json(each) for each in value)}]"
    if isinstance(value, Decimal):
        return str(value)
    return json.dumps(value, ensure_ascii=False)


def select(document: Any, path: str) -> Any:
    """Return the value at a path, for example `data.items`; None if there is none.

    Args:
        document: A parsed value.
        path: Names with dots between them; the empty path is the document itself.
    """
    for name in path.split(".") if path else []:
        if not isinstance(document, dict):
            return None
        document = document.get(name)
    return document


def records_of(document: Any, path: str, where: str) -> list[dict[str, Any]]:
    """Return the list of objects at a path.

    Raises:
        UnexpectedResponseError: There is no list, or an item of it isn't an object.
    """
    found = select(document, path)
    place = f"at '{path}'" if path else "at its top"
    if not isinstance(found, list):
        held = (
            f"; it has {', '.join(sorted(document)) or 'no field'}"
            if isinstance(document, dict)
            else ""
        )
        raise UnexpectedResponseError(
            f"The answer has no list of records {place}, but {name_of(found)}{held}.",
            where,
            "correct `records`, the path to the list.",
        )
    for number, record in enumerate(found, 1):
        if not isinstance(record, dict):
            raise UnexpectedResponseError(
                f"Record {number} {place} is {name_of(record)}, not an object.",
                where,
                "correct `records`, the path to the list.",
            )
    return found


def name_of(value: Any) -> str:
    """Return JSON's name of a value's type."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int):
        return "an integer"
    if isinstance(value, Decimal):
        return "a number"
    if isinstance(value, str):
        return "a string"
    return "a list" if isinstance(value, list) else "an object"


def type_of(name: str) -> pa.DataType:
    """Return the Arrow type of a declared type.

    Raises:
        ValueError: There is no such type.
    """
    if name in TYPES:
        return TYPES[name][0]
    precision, scale = _digits(name)
    large = precision > pa.decimal128(38, 0).precision
    return (pa.decimal256 if large else pa.decimal128)(precision, scale)


@dataclass
class Records:
    """The declared columns, and what to do with fields that don't fit them.

    Attributes:
        columns: Each column's name, which is its field's, and its declared type.
        undeclared: What to do with undeclared fields: fail, warn once and drop them, or
            collect all of a record as JSON in the column `undeclared_fields`.
        missing: What to do if a record lacks a field: use null, or fail.
        where: The source, for messages.
        warn: Is called with a warning.
        count: How many records were read.
    """

    columns: Mapping[str, str]
    undeclared: Undeclared
    missing: Missing
    where: str
    warn: Callable[[str], None]
    count: int = 0
    _warned: set[str] = field(default_factory=set)

    @property
    def schema(self) -> pa.Schema:
        """The columns as Arrow has them."""
        fields = [pa.field(name, type_of(kind)) for name, kind in self.columns.items()]
        if self.undeclared == "collect":
            fields.append(pa.field(COLLECTED, pa.string()))
        return pa.schema(fields)

    def batches(
        self, records: Sequence[dict[str, Any]], batch_bytes: int
    ) -> Iterator[pa.RecordBatch]:
        """Yield records in batches of about `batch_bytes`; nothing for no records.

        Raises:
            SchemaChangedError: A field is undeclared or missing, and may not be.
            UnsupportedTypeError: A value doesn't fit its column's type.
            UnexpectedResponseError: A value is nested too deep to become text.
        """
        if not records:
            return
        try:
            batch = self._batch(records)
        except RecursionError:
            raise UnexpectedResponseError(
                f"A field holds JSON too deep to read, among records {self.count + 1} "
                f"to {self.count + len(records)}.",
                self.where,
                "ask for fewer fields.",
            ) from None
        yield from _split(batch, batch_bytes)
        self.count += len(records)

    def _batch(self, records: Sequence[dict[str, Any]]) -> pa.RecordBatch:
        arrays = [
            self._array(name, kind, records) for name, kind in self.columns.items()
        ]
        others = [self._others(number, each) for number, each in enumerate(records, 1)]
        if self.undeclared == "collect":
            arrays.append(self._as_array(COLLECTED, pa.string(), others))
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)

    def _array(
        self, name: str, kind: str, records: Sequence[dict[str, Any]]
    ) -> pa.Array:
        convert = _converter(kind)
        values: list[Any] = []
        for number, record in enumerate(records, self.count + 1):
            if name not in record and self.missing == "fail":
                raise SchemaChangedError(
                    f"Record {number} lacks the field '{name}'.",
                    self.where,
                    'ask for the field, or set `missing` to "null".',
                )
            value = record.get(name)
            try:
                values.append(None if value is None else convert(value))
            except _Unfit as err:
                why = f" ({err})" if str(err) else ""
                raise UnsupportedTypeError(
                    f"The column '{name}' is declared as {kind}, and in record {number} "
                    f"it is {name_of(value)} that doesn't fit{why}.",
                    self.where,
                    "declare the column with a type that fits, for example json.",
                ) from None
        return self._as_array(name, type_of(kind), values)

    def _as_array(self, name: str, kind: pa.DataType, values: list[Any]) -> pa.Array:
        try:
            return pa.array(values, type=kind)
        except (pa.ArrowException, UnicodeEncodeError, ValueError):
            raise UnsupportedTypeError(
                f"The column '{name}' holds a value that {kind} can't hold, among "
                f"records {self.count + 1} to {self.count + len(values)}.",
                self.where,
                "declare the column with a type that fits.",
            ) from None

    def _others(self, number: int, record: dict[str, Any]) -> str | None:
        others = {name: record[name] for name in record if name not in self.columns}
        if not others:
            return None
        if self.undeclared == "fail":
            names = ", ".join(f"'{name}'" for name in others)
            raise SchemaChangedError(
                f"Record {self.count + number} has fields that aren't declared: {names}.",
                self.where,
                'declare them in `columns`, or set `undeclared` to "warn" or "collect".',
            )
        if self.undeclared == "collect":
            return as_json(others)
        for name in sorted(others.keys() - self._warned):
            self._warned.add(name)
            self.warn(f"The field '{name}' isn't declared, and is dropped.")
        return None


def _split(batch: pa.RecordBatch, batch_bytes: int) -> Iterator[pa.RecordBatch]:
    if batch.nbytes <= batch_bytes or batch.num_rows == 1:
        yield batch
        return
    half = batch.num_rows // 2
    yield from _split(batch.slice(0, half), batch_bytes)
    yield from _split(batch.slice(half), batch_bytes)


def _refuse_constant(name: str) -> None:
    raise _Unfit(f"{name} is not a number in JSON")


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _Unfit(f"an object has '{twice}' twice")
    return found


def _ends_early(error: json.JSONDecodeError, text: str) -> bool:
    return bool(text.strip()) and (
        error.msg.startswith("Unterminated string")
        or bool(CUT.fullmatch(text[error.pos :].strip()))
    )


def _cut_short(body: bytes, where: str) -> SourceUnavailableError:
    return SourceUnavailableError(
        f"The answer ends too early, after {len(body)} bytes.",
        where,
        "try again; if it persists, ask for smaller pages.",
    )


def _converter(kind: str) -> Callable[[Any], Any]:
    if kind in TYPES:
        return TYPES[kind][1]
    precision, scale = _digits(kind)
    return lambda value: _decimal(value, precision, scale)


def _digits(kind: str) -> tuple[int, int]:
    """Return precision and scale of `decimal(p, s)`."""
    found = DECIMAL.fullmatch(kind)
    precision, scale = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 0 < precision <= MOST_DIGITS or scale > precision:
        msg = f"a column has no type {kind!r}"
        raise ValueError(msg)
    return precision, scale


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise _Unfit
    return value


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _Unfit
    return value


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _Unfit
    if not -(2**LONGEST) <= value < 2**LONGEST:
        raise _Unfit("more than 64 bits; a decimal(p, 0) holds it")
    return value


def _number(value: Any) -> float:
    """Return the double whose own text has this value; any other would be rounded."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise _Unfit
    try:
        number = float(value)
        same = Decimal(repr(number)) == value
    except OverflowError:
        same = False
    if not same:
        raise _Unfit("more digits than a double has; a decimal(p, s) holds them")
    return number


def _decimal(value: Any, precision: int, scale: int) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise _Unfit
    _, digits, exponent = Decimal(value).as_tuple()
    significant = "".join(map(str, digits)).rstrip("0")
    dropped = len(digits) - len(significant)
    point = int(exponent) + dropped
    if significant and (-point > scale or len(significant) + point > precision - scale):
        raise _Unfit("it has more digits")
    return Decimal(value)


def _date(value: Any) -> date:
    if not isinstance(value, str) or not DAY.fullmatch(value):
        raise _Unfit("a date is YYYY-MM-DD")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise _Unfit("there is no such day") from None


def _moment(value: Any, *, zoned: bool) -> datetime:
    found = MOMENT.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise _Unfit("a time is YYYY-MM-DDTHH:MM:SS, with at most six decimals")
    if found["zone"] and not zoned:
        raise _Unfit("it has an offset from UTC; a timestamp has one")
    if zoned and not found["zone"]:
        raise _Unfit("it has no offset from UTC; a datetime has none")
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if zoned else moment
    except (OverflowError, ValueError):
        raise _Unfit("there is no such time") from None


# By declared type: the Arrow type that holds it, and the conversion of a parsed value.
TYPES: dict[str, tuple[pa.DataType, Callable[[Any], Any]]] = {
    "string": (pa.string(), _string),
    "integer": (pa.int64(), _integer),
    "number": (pa.float64(), _number),
    "boolean": (pa.bool_(), _boolean),
    "date": (pa.date32(), _date),
    "timestamp": (
        pa.timestamp("us", tz="UTC"),
        lambda value: _moment(value, zoned=True),
    ),
    "datetime": (pa.timestamp("us"), lambda value: _moment(value, zoned=False)),
    "json": (pa.string(), as_json),
}
