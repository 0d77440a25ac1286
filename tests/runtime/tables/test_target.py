import pyarrow as pa
import pytest
from runtime.exceptions import SchemaChangedError
from runtime.tables.target import check_columns, digits_of, is_bytes, is_text, names


@pytest.mark.parametrize(
    ("found", "named"),
    [
        ({"a": "text"}, "'b' is bigint in the load and missing in the table"),
        ({"a": "text", "b": "text"}, "'b' is bigint in the load and text"),
        ({"a": "text", "c": "text", "b": "bigint"}, "'c' is missing in the load"),
    ],
)
def test_the_first_different_column_is_named(found: dict[str, str], named: str) -> None:
    with pytest.raises(SchemaChangedError, match=named):
        check_columns({"a": "text", "b": "bigint"}, found, "example")


def test_the_order_of_columns_does_not_matter() -> None:
    check_columns({"a": "text", "b": "bigint"}, {"b": "bigint", "a": "text"}, "here")


def test_names_are_quoted() -> None:
    assert names(["a", 'b"c', "%s"]) == '"a", "b""c", "%s"'


@pytest.mark.parametrize(
    ("kind", "digits"),
    [
        (pa.decimal128(5, 2), (5, 2)),
        (pa.decimal128(5, -2), (7, 0)),
        (pa.decimal128(2, 5), (5, 5)),
    ],
    ids=str,
)
def test_a_decimal_has_no_negative_scale_and_none_above_its_precision(
    kind: pa.DataType, digits: tuple[int, int]
) -> None:
    assert digits_of(kind) == digits


def test_every_kind_of_text_and_of_bytes_is_recognized() -> None:
    texts = [pa.string(), pa.large_string(), pa.string_view()]
    kinds = [pa.binary(), pa.large_binary(), pa.binary_view(), pa.binary(3)]
    assert all(is_text(kind) and not is_bytes(kind) for kind in texts)
    assert all(is_bytes(kind) and not is_text(kind) for kind in kinds)
    assert not any(is_text(kind) or is_bytes(kind) for kind in (pa.int8(), pa.null()))
