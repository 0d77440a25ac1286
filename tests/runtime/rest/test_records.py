from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from runtime.exceptions import (
    SchemaChangedError,
    SourceUnavailableError,
    UnexpectedResponseError,
    UnsupportedTypeError,
)
from runtime.rest.records import (
    COLLECTED,
    Records,
    as_json,
    parse,
    records_of,
    select,
    type_of,
)


def read(kind: str, *texts: str) -> list[Any]:
    """Return the values that a column of a declared type holds for JSON texts."""
    records = Records({"value": kind}, "fail", "null", "here", warn=print)
    found = [{"value": parse(text.encode(), "here")} for text in texts]
    table = pa.Table.from_batches(records.batches(found, 1))
    assert table.schema.field("value").type == type_of(kind)
    values: list[Any] = table.column("value").to_pylist()
    return values


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("string", '""', ""),
        ("string", '"a\\u0000\\ud83d\\ude00ø"', "a\0😀ø"),
        ("integer", "9007199254740993", 9007199254740993),
        ("integer", "-9223372036854775808", -(2**63)),
        ("number", "0.1", 0.1),
        ("number", "1e300", 1e300),
        ("number", "3", 3.0),
        ("boolean", "false", False),
        ("date", '"2024-02-29"', date(2024, 2, 29)),
        (
            "timestamp",
            '"2024-03-31T02:30:00.000001+02:00"',
            datetime(2024, 3, 31, 0, 30, 0, 1, UTC),
        ),
        (
            "timestamp",
            '"2024-03-31T00:30:00Z"',
            datetime(2024, 3, 31, 0, 30, tzinfo=UTC),
        ),
        ("datetime", '"2024-03-31 02:30"', datetime(2024, 3, 31, 2, 30)),
        ("json", '{"b": 1.50, "a": [9007199254740993, null]}', None),
        ("decimal(38, 10)", "1234567890123456789012345678.0123456789", None),
        ("decimal(76, 0)", f"1{'0' * 75}", Decimal(10) ** 75),
        ("decimal(3, 2)", "1.500", Decimal("1.50")),
        ("decimal(3, 0)", "1.5e2", Decimal(150)),
        ("decimal(3, 2)", "0.000", Decimal("0.00")),
    ],
)
def test_a_value_arrives_exactly_and_null_stays_null(
    kind: str, text: str, value: Any
) -> None:
    if value is None:
        value = Decimal(text) if kind.startswith("decimal") else text.replace(" ", "")
    assert read(kind, text, "null") == [value, None]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("string", "1"),
        ("integer", "1.0"),
        ("integer", '"1"'),
        ("integer", "true"),
        ("integer", "9223372036854775808"),
        ("number", "9007199254740993"),
        ("number", "0.1000000000000000055"),
        ("number", "1e400"),
        ("number", "true"),
        ("boolean", "1"),
        ("date", '"2023-02-29"'),
        ("date", '"29.02.2024"'),
        ("timestamp", '"2024-03-31T02:30:00"'),
        ("timestamp", '"2024-03-31T02:30:00.0000001Z"'),
        ("timestamp", '"2024-03-31T25:30:00Z"'),
        ("timestamp", "1711845000"),
        ("datetime", '"2024-03-31T02:30:00Z"'),
        ("decimal(3, 2)", "10.0"),
        ("decimal(3, 2)", "0.005"),
        ("decimal(3, 2)", '"1.5"'),
    ],
)
def test_a_value_of_another_type_names_column_record_and_type(
    kind: str, text: str
) -> None:
    with pytest.raises(
        UnsupportedTypeError, match=r"'value'.* record 2 it is a"
    ) as caught:
        read(kind, "null", text)
    assert caught.value.next_step
    assert text.strip('"') not in str(caught.value).replace("true", "").split()


def test_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(UnsupportedTypeError, match=r"'value'.*records 1 to 1"):
        read("string", r'"\ud83d"')


@pytest.mark.parametrize("name", ["text", "decimal(77, 0)", "decimal(2, 3)", "decimal"])
def test_another_type_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no type"):
        type_of(name)


@pytest.mark.parametrize(
    ("body", "error", "says"),
    [
        (b'[{"a": 1}', SourceUnavailableError, "too early, after 9 bytes"),
        (b'[{"a": "1', SourceUnavailableError, "too early"),
        (b"", UnexpectedResponseError, "isn't JSON"),
        (b"[1, 2,, 3]", UnexpectedResponseError, "line 1 column 7"),
        (b'"\xff"', UnexpectedResponseError, "UTF-8, from byte 1"),
        (b"[NaN]", UnexpectedResponseError, "NaN is not a number"),
        (b"[-Infinity]", UnexpectedResponseError, "-Infinity is not a number"),
        (b'{"a": 1, "b": 2, "a": 3}', UnexpectedResponseError, "'a' twice"),
        (b"[" * 100_000, UnexpectedResponseError, "too deep"),
        (b"1" * 5000, UnexpectedResponseError, "too long"),
        (b"[1e99999999999999999999]", UnexpectedResponseError, "exponent"),
        (b"[-1e-99999999999999999999]", UnexpectedResponseError, "exponent"),
    ],
)
def test_text_that_is_not_exactly_json_is_refused(
    body: bytes, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says) as caught:
        parse(body, "here")
    assert "Where: here." in str(caught.value)


def test_a_byte_order_mark_is_ignored() -> None:
    assert parse(b'\xef\xbb\xbf[{"a": 1}]', "here") == [{"a": 1}]
    with pytest.raises(SourceUnavailableError, match="after 5 bytes"):
        parse(b"\xef\xbb\xbf[1", "here")


def test_a_text_that_ends_anywhere_too_early_can_be_retried() -> None:
    text = r"""
        {"rows": [{"a": -1.5e-10, "b": true, "c": false}, {"ø": null, "d": [{}, 2E+7]}],
        "next" : "x \u00e9\ud83d\ude00\"\\/ 😀"}
    """.strip()
    whole = text.encode()
    assert parse(whole, "here")["rows"]
    for length in range(1, len(whole)):
        with pytest.raises(SourceUnavailableError, match=f"after {length} bytes"):
            parse(whole[:length], "here")


@pytest.mark.parametrize("text", ["[1}", "[tru]", '{"a": x', "[1] 2", '["\\u00g"'])
def test_a_text_that_is_wrong_before_its_end_cannot_be_retried(text: str) -> None:
    with pytest.raises(UnexpectedResponseError, match="isn't JSON"):
        parse(text.encode(), "here")


def test_json_text_keeps_each_number_as_it_was_written() -> None:
    text = '{"a":[1.50,12345678901234567890,true,null],"ø\\"":{}}'
    assert as_json(parse(text.encode(), "here")) == text


@pytest.mark.parametrize("columns", [{"a": "json"}, {}])
def test_json_that_is_too_deep_to_become_text_is_refused(columns: Any) -> None:
    value = parse(b"[" * 600 + b"]" * 600, "here")
    records = Records(columns, "collect", "null", "here", warn=print)
    with pytest.raises(UnexpectedResponseError, match=r"too deep .*records 1 to 1"):
        list(records.batches([{"a": value}], 1000))


def test_a_path_of_names_leads_to_a_value() -> None:
    document = {"data": {"items": [1]}}
    assert select(document, "data.items") == [1]
    assert select(document, "") is document
    assert select(document, "data.items.first") is None


@pytest.mark.parametrize(
    ("document", "path", "says"),
    [
        (
            {"rows": []},
            "data.items",
            "no list of records at 'data.items', but null; it has rows",
        ),
        ({}, "data", "it has no field"),
        ({"data": "x"}, "data", "but a string"),
        (1, "", "no list of records at its top, but an integer"),
        ([{}, 3], "", "Record 2 at its top is an integer, not an object"),
    ],
)
def test_an_error_about_a_wrong_path_names_the_fields(
    document: Any, path: str, says: str
) -> None:
    with pytest.raises(UnexpectedResponseError, match=says):
        records_of(document, path, "here")


RECORDS: list[dict[str, Any]] = [
    {"a": 1, "new": "x", "newer": [1.0]},
    {"a": 2, "new": None},
    {"a": 3},
]


def table(undeclared: Any, missing: Any, said: list[str] | None = None) -> pa.Table:
    warned: list[str] = [] if said is None else said
    kept = Records({"a": "integer"}, undeclared, missing, "here", warned.append)
    return pa.Table.from_batches(kept.batches(RECORDS, 1000))


def test_undeclared_fields_are_refused_by_their_names() -> None:
    with pytest.raises(SchemaChangedError, match=r"Record 1 .*'new', 'newer'"):
        table("fail", "null")


def test_undeclared_fields_are_dropped_with_one_warning_each() -> None:
    said: list[str] = []
    assert table("warn", "null", said).to_pylist() == [{"a": 1}, {"a": 2}, {"a": 3}]
    assert [text.split("'")[1] for text in said] == ["new", "newer"]


def test_undeclared_fields_are_collected_as_json() -> None:
    collected = table("collect", "null").column(COLLECTED).to_pylist()
    assert collected == ['{"new":"x","newer":[1.0]}', '{"new":null}', None]


def test_a_missing_field_is_null_or_refused() -> None:
    columns = {"a": "integer", "b": "string"}
    lenient = Records(columns, "fail", "null", "here", warn=print)
    (batch,) = lenient.batches([{"a": 1}], 1000)
    assert batch.to_pylist() == [{"a": 1, "b": None}]
    strict = Records(columns, "fail", "fail", "here", warn=print)
    with pytest.raises(SchemaChangedError, match="Record 1 lacks the field 'b'"):
        list(strict.batches([{"a": 1}], 1000))


def test_batches_are_split_until_they_are_short_enough() -> None:
    records = Records({"a": "string"}, "fail", "null", "here", warn=print)
    found: list[dict[str, Any]] = [
        {"a": "x" * 100},
        {"a": "y" * 1000},
        {"a": "z"},
        {"a": None},
    ]
    batches = list(records.batches(found, 200))
    assert [batch.num_rows for batch in batches] == [1, 1, 2]
    assert pa.Table.from_batches(batches).to_pylist() == found
    assert list(records.batches([], 200)) == []
