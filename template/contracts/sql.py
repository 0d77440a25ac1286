"""The contract of sources whose queries are SQL."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from .errors import raises
from .source import LiveSourceContract

VALUES = {
    "nothing": None,
    "yes": True,
    "largest": 2**63 - 1,
    "tenth": -0.1,
    "exact": Decimal("-1.10"),
    "day": date(9999, 12, 31),
    "moment": datetime(2024, 2, 29, 23, 59, 59, 999999),
    "quotes": "'' \"\" `` [] \\' OR 1=1 --",
    "lines": "a\\\nb\r\nc",
    "marks": "%s %(a)s {0} :value ::text @value $1 $$ ?",
    "comments": "; SELECT 1; /* -- # */",
    "beyond": "ø☃\U0001f600",
}
NAMES = ["select", "two words", "A", "it's", 'a"b', "a`b", "a]b[", "%s", ":value", "ø☃"]


class LiveSQLContract(LiveSourceContract):
    """What every source of SQL keeps. `live` also has `COUNTED`, a query of `{rows}`."""

    rejected = "SELECT * FROM no_such_table"

    def __init_subclass__(cls) -> None:
        cls.few = cls.live.COUNTED.format(rows=3)
        cls.many = cls.live.COUNTED.format(rows=1000)
        cls.none = f"SELECT * FROM ({cls.few}) counted WHERE 1 = 0"

    def test_bound_values_arrive_unchanged(self, source: Any) -> None:
        for name, value in VALUES.items():
            query = source.bind("SELECT :value AS value", {"value": value})
            (came,) = source.to_arrow(query).column("value").to_pylist()
            came = Decimal(str(came)) if isinstance(value, Decimal) else came
            assert came in {value, str(value)}, name

    def test_a_list_stands_for_its_items(self, source: Any) -> None:
        query = "SELECT 1 AS one FROM (SELECT :least AS n) t WHERE n IN (:values)"
        for least, rows in ((3, 1), (7, 0)):
            bound = source.bind(query, {"least": least, "values": [3, 1, -1]})
            assert source.to_arrow(bound).num_rows == rows

    def test_a_name_means_itself(self, source: Any) -> None:
        for name in NAMES:
            quoted = source.notation.name(name)
            given = f"WITH {quoted} AS (SELECT 1 AS {quoted}, 2 AS other) "
            found = source.to_arrow(given + source.select(name, ["other", name]))
            assert found.to_pylist() == [{"other": 2, name: 1}]

    def test_a_missing_column_is_refused(self, source: Any) -> None:
        given = "WITH here AS (SELECT 1 AS one) "
        with raises("QueryRejectedError", match="gone"):
            source.to_arrow(given + source.select("here", ["gone"]))
