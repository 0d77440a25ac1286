"""What every source whose queries are SQL is held to where rows are."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from acme.exceptions import QueryRejectedError
from acme.sources import Source
from .source import LiveSourceContract

PLANES = "".join(chr(0x10000 * plane + 0x1234) for plane in range(17))
TEXTS = [
    "",
    " ",
    "' OR 1=1 --",
    "'' \"\" `` [] ]]",
    "\\",
    "\\' OR 1=1 --",
    "\\\\' \\n \\",
    "a\\\nb\\\r\nc",
    "%s %(a)s %% {} {0}",
    ":value ::text @value $1 $$ ?",
    "; SELECT 1; /* -- # */",
    "\u00a0\u3000\u200b\ufeff'\u00a0",
    PLANES,
    "".join(map(chr, range(1, 128))),
    "ø" * 5000,
]
VALUES = [
    None,
    True,
    False,
    0,
    -1,
    2**63 - 1,
    -(2**63),
    0.1,
    -0.1,
    1e22,
    -1.7976931348623157e308,
    5e-324,
    0.30000000000000004,
    9007199254740993.0,
    Decimal("1.10"),
    Decimal(-5),
    Decimal("-0.00000000000001"),
    b"",
    b"\x00\xff'\\",
    bytes(range(256)),
    date(1, 1, 1),
    date(9999, 12, 31),
    datetime(2024, 2, 29, 23, 59, 59, 999999),
    datetime(2024, 2, 29),
    *TEXTS,
]
MOMENT = datetime(2024, 3, 31, 2, 30, 0, 1, tzinfo=timezone(timedelta(hours=5.5)))
NAMES = [
    "select",
    "two words",
    "A",
    "it's",
    'a"b',
    "a`b",
    "a]b[",
    "%s",
    ":value",
    "a.b",
    "\\",
    "ø☃",
]


class LiveQueryContract:
    """What `bind` and `select` write means to the database just what was given.

    Override the fixture `live_source`.
    """

    @pytest.fixture
    def live_source(self) -> Source:
        msg = "a live query contract needs the fixture live_source"
        raise NotImplementedError(msg)

    @pytest.mark.parametrize("value", VALUES, ids=ascii)
    def test_a_value_arrives_as_it_was_given(
        self, live_source: Any, value: Any
    ) -> None:
        query = live_source.bind("SELECT :value AS value", {"value": value})
        (came,) = live_source.to_arrow(query).column("value").to_pylist()
        if isinstance(value, Decimal):
            came = Decimal(str(came))
        assert came in (value, str(value))

    def test_a_moment_arrives_or_is_refused(self, live_source: Any) -> None:
        if live_source.notation.moment_in_utc:
            query = live_source.bind("SELECT :value AS value", {"value": MOMENT})
            (came,) = live_source.to_arrow(query).column("value").to_pylist()
            assert came == MOMENT
            assert came.utcoffset() == UTC.utcoffset(None)
        else:
            with pytest.raises(QueryRejectedError, match="zone"):
                live_source.bind("SELECT :value AS value", {"value": MOMENT})

    @pytest.mark.parametrize("values", [[3, 1, -1], (1, None), ["'", "1"], [1]])
    def test_a_list_is_one_of_its_items(self, live_source: Any, values: Any) -> None:
        query = "SELECT 1 AS one FROM (SELECT :least AS n) AS t WHERE n IN (:values)"
        for least, rows in ((values[0], 1), (type(values[0])(7), 0)):
            bound = live_source.bind(query, {"least": least, "values": values})
            assert live_source.to_arrow(bound).num_rows == rows

    def test_a_negative_number_begins_no_comment(self, live_source: Any) -> None:
        query = "SELECT 1-:one AS a, 1-:half AS b"
        bound = live_source.bind(query, {"one": -1, "half": -0.5})
        assert live_source.to_arrow(bound).to_pylist() == [{"a": 2, "b": 1.5}]

    def test_what_is_no_parameter_is_left_alone(self, live_source: Any) -> None:
        query = (
            "SELECT ':no' AS a, 'it''s :no' AS b, /* :no ' */ :yes AS c -- :no '\n"
            ", 4 AS d"
        )
        bound = live_source.bind(query, {"yes": 3})
        assert live_source.to_arrow(bound).to_pylist() == [
            {"a": ":no", "b": "it's :no", "c": 3, "d": 4}
        ]

    @pytest.mark.parametrize("name", NAMES)
    def test_a_name_is_just_this_name(self, live_source: Any, name: str) -> None:
        quoted = live_source.notation.name(name)
        given = f"WITH {quoted} AS (SELECT 1 AS {quoted}, 2 AS other) "
        every = live_source.to_arrow(given + live_source.select(name))
        assert every.to_pylist() == [{name: 1, "other": 2}]
        chosen = live_source.to_arrow(given + live_source.select(name, ["other", name]))
        assert chosen.column_names == ["other", name]

    def test_a_column_that_is_not_there_is_refused(self, live_source: Any) -> None:
        given = "WITH here AS (SELECT 1 AS one) "
        with pytest.raises(QueryRejectedError, match="gone"):
            live_source.to_arrow(given + live_source.select("here", ["gone"]))


class LiveSQLContract(LiveQueryContract, LiveSourceContract):
    """What holds where rows are that a query of SQL gives."""
