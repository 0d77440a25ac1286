import sqlite3
import struct
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import pandas as pd
import pytest
from runtime.exceptions import QueryRejectedError
from runtime.sql.generic import NOTATIONS
from runtime.sql.queries import STANDARD, Notation, QueryWriter

from tests.runtime.shown import everything_shown
from tests.runtime.sql.contract import CANARY

ALL = {**NOTATIONS, "standard": STANDARD}
BACKSLASH_MODES = ["mysql", "postgresql", "standard"]
MOMENT = datetime(2024, 2, 29, 1, 2, 3, 4, tzinfo=timezone(timedelta(hours=2)))


class Writer(QueryWriter):
    address = "shop (config key 'shop')"

    def __init__(self, notation: Notation) -> None:
        self.notation = notation


def bind(query: str, dialect: str = "standard", **parameters: Any) -> str:
    return Writer(ALL[dialect]).bind(query, parameters)


@pytest.mark.parametrize("dialect", ALL)
@pytest.mark.parametrize(
    ("value", "literal"),
    [(None, "NULL"), (0, "0"), (-1, "(-1)"), (2**63 - 1, "9223372036854775807")],
)
def test_all_dialects_write_these_alike(dialect: str, value: Any, literal: str) -> None:
    assert bind(":a", dialect, a=value) == literal


@pytest.mark.parametrize(
    ("dialect", "value", "literal"),
    [
        ("standard", True, "TRUE"),
        ("standard", -1.5, "(-1.5e0)"),
        ("standard", 1e-05, "1e-05"),
        ("standard", Decimal("-1.10"), "(-1.10)"),
        ("standard", Decimal("1E+2"), "100."),
        ("standard", "it's", "'it''s'"),
        ("standard", b"\x00\xff", "X'00ff'"),
        ("standard", date(2024, 2, 29), "DATE '2024-02-29'"),
        (
            "standard",
            datetime(2024, 2, 29, 1, 2, 3, 4),
            "TIMESTAMP '2024-02-29 01:02:03.000004'",
        ),
        ("postgresql", "it's \\", r"E'it''s \\'"),
        ("postgresql", 0.1, "CAST('0.1' AS double precision)"),
        ("postgresql", b"\x00\xff", r"CAST(E'\\x00ff' AS bytea)"),
        ("postgresql", MOMENT, "TIMESTAMPTZ '2024-02-28 23:02:03.000004+00:00'"),
        ("mysql", "it's \\", "_utf8mb4 X'69742773205c'"),
        ("mysql", "", "_utf8mb4 X''"),
        ("mysql", "\0", "_utf8mb4 X'00'"),
        ("mysql", b"\x00\xff", "_binary X'00ff'"),
        ("sqlite", 0.5, "(CAST(4503599627370496 AS REAL) / 9007199254740992)"),
        ("sqlite", "\\'", "'\\'''"),
        ("sqlite", date(2024, 2, 29), "'2024-02-29'"),
        ("duckdb", b"\x00\xff", "from_hex('00ff')"),
        ("duckdb", "\\'", "'\\'''"),
        ("duckdb", MOMENT, "TIMESTAMPTZ '2024-02-28 23:02:03.000004+00:00'"),
        ("mssql", False, "CAST(0 AS BIT)"),
        ("mssql", "it's \\", "N'it''s \\'"),
        (
            "mssql",
            "a\\\nb\\\r\nc",
            "(CAST(N'' AS NVARCHAR(MAX)) + N'a\\' + N'\nb\\' + N'\r\nc')",
        ),
        ("mssql", b"\x00\xff", "0x00ff"),
        ("mssql", date(2024, 2, 29), "CAST('2024-02-29' AS DATE)"),
        (
            "mssql",
            MOMENT,
            "CAST('2024-02-28T23:02:03.000004+00:00' AS DATETIMEOFFSET(6))",
        ),
        ("mssql", datetime(2024, 2, 29), "CAST('2024-02-29T00:00:00' AS DATETIME2(6))"),
        ("oracle", True, "1"),
        ("oracle", -1e-05, "(-1e-05d)"),
        ("oracle", "it's \\", "'it''s \\'"),
        ("oracle", "ø'\\\U0001d11e", "UNISTR('\\00F8''\\\\\\D834\\DD1E')"),
        ("oracle", b"\x00\xff", "HEXTORAW('00ff')"),
        ("oracle", MOMENT, "TIMESTAMP '2024-02-28 23:02:03.000004 +00:00'"),
    ],
)
def test_a_literal_is_in_its_dialect(dialect: str, value: Any, literal: str) -> None:
    assert bind(":a", dialect, a=value) == literal


def test_a_list_is_its_items() -> None:
    assert bind("a IN (:ids)", ids=[1, -2]) == "a IN (1, (-2))"
    assert bind("a IN (:ids)", ids=("x",)) == "a IN ('x')"


def test_sqlite_reads_the_same_float() -> None:
    connection = sqlite3.connect(":memory:")
    numbers = [
        struct.unpack("d", struct.pack("Q", pattern))[0]
        for pattern in range(1, 2047 << 52, (1 << 52) + 0x7FEDCBA98765)
    ]
    for number in [*numbers, 5e-324, 1.7976931348623157e308, -0.1, 0.0]:
        (came,) = connection.execute(bind("SELECT :n", "sqlite", n=number)).fetchone()
        assert came == number
    connection.close()


@pytest.mark.parametrize("dialect", ALL)
@pytest.mark.parametrize(
    "query",
    [
        "SELECT :a",
        ":a",
        "(:a)",
        "x=:a",
        "x = 'it''s :no' AND :a",
        "x = ':no':: text AND y = :a",
        'SELECT ":no", :a',
        'SELECT "a"":no", :a',
        "SELECT 1 -- :no, it's\n, :a",
        "SELECT /* :no, it's */ :a",
        "SELECT /**/ :a",
        "SELECT x::no, :a",
        "SELECT x[i:no], f(x):no, :a",
        "SELECT x := 1, 12:30, :a",
        "SELECT '\\\\', ':no', :a",
    ],
)
def test_only_a_parameter_is_replaced(dialect: str, query: str) -> None:
    assert bind(query, dialect, a=7) == query.replace(":a", "7")


@pytest.mark.parametrize(
    ("dialect", "query"),
    [
        ("postgresql", "SELECT :a::int"),
        ("postgresql", "SELECT E'it\\'s :no', e':no\\\\', :a"),
        ("postgresql", "SELECT $$ it's :no $x$ $$, $x$ :no $$ $x$, $1, :a"),
        ("postgresql", "SELECT a$b$, :a, c$b$"),
        ("postgresql", "/* /* :no */ ' :no */ :a"),
        ("duckdb", "/* /* :no */ ' :no */ SELECT $$ ' :no $$, E'\\' :no', :a"),
        ("duckdb", "SELECT 'C:\\', ':no', :a"),
        ("mysql", "SELECT `a``:no`, :a # it's :no"),
        ("mysql", "SELECT 5--:a"),
        ("mysql", 'SELECT \'a\\n:no\', "it\'s :no", "a\\\\", :a /* /* :no */'),
        ("sqlite", "SELECT [a'b:no], `a``:no`, 'C:\\', :a"),
        ("mssql", "SELECT [a]]:no], N':no', 'C:\\', :a /* /* */ :no */"),
        ("oracle", "SELECT q'[it's :no]', Nq'{a'b}', q'!it's :no!', 'C:\\', :a"),
    ],
)
def test_a_colon_in_a_dialect_s_own_tokens_begins_no_parameter(
    dialect: str, query: str
) -> None:
    assert bind(query, dialect, a=7) == query.replace(":a", "7")


@pytest.mark.parametrize("dialect", ALL)
@pytest.mark.parametrize(
    "query", ["SELECT 'it :a", 'SELECT "it :a', "SELECT\n/* it :a", "'a''b :a"]
)
def test_a_token_without_an_end_is_refused(dialect: str, query: str) -> None:
    with pytest.raises(QueryRejectedError, match="has no end"):
        bind(query, dialect, a=7)


@pytest.mark.parametrize("dialect", ALL)
@pytest.mark.parametrize(
    ("query", "statement"),
    [
        ("SELECT 1", "SELECT 1"),
        ("SELECT ';' -- ;", "SELECT ';' -- ;"),
        ("SELECT 1 ;;/* ; */\n; -- it's", "SELECT 1 "),
        ("SELECT 1; SELECT 2;", "SELECT 1; SELECT 2"),
        ("SELECT 1; /*! LIMIT 2 */", "SELECT 1; /*! LIMIT 2 */"),
        ("SELECT 'it;", "SELECT 'it;"),
    ],
)
def test_only_what_follows_a_statement_is_cut_off(
    dialect: str, query: str, statement: str
) -> None:
    assert ALL[dialect].statement(query) == statement


@pytest.mark.parametrize("dialect", BACKSLASH_MODES)
def test_a_backslash_whose_meaning_is_a_setting_is_refused(dialect: str) -> None:
    with pytest.raises(QueryRejectedError, match=r"line 2 .* backslash"):
        bind("SELECT 1,\n'\\' AS a, 'b', :a", dialect, a=7)


@pytest.mark.parametrize(
    ("query", "parameters", "told"),
    [
        ("SELECT :a, :b", {"a": CANARY}, "':b' and no value"),
        ("SELECT :a", {"a": CANARY, "b": CANARY}, "'b', and no parameter"),
        ("SELECT ':a'", {"a": CANARY}, "'a', and no parameter"),
        ("SELECT :a", {"a": {CANARY}}, "':a' is of the type set"),
        ("SELECT :a", {"a": {CANARY: 1}}, "':a' is of the type dict"),
        ("SELECT :a", {"a": [CANARY, [CANARY]]}, "':a' is of the type list"),
        ("SELECT :a", {"a": []}, "':a' is a list without items"),
        ("SELECT :a", {"a": ()}, "':a' is a list without items"),
        ("SELECT :a", {"a": Enum("E", [CANARY.upper()])}, "is of the type EnumType"),
        ("SELECT :a", {"a": UUID(int=1)}, "is of the type UUID"),
        ("SELECT :a", {"a": pd.Timestamp("2024-02-29")}, "is of the type Timestamp"),
        ("SELECT :a", {"a": float("nan")}, "isn't finite"),
        ("SELECT :a", {"a": float("-inf")}, "isn't finite"),
        ("SELECT :a", {"a": Decimal("NaN")}, "isn't finite"),
        ("SELECT :a", {"a": Decimal("Infinity")}, "isn't finite"),
        ("SELECT :a", {"a": Decimal("1E+999999")}, "more digits"),
        ("SELECT :a", {"a": Decimal("1E-999999")}, "more digits"),
        ("SELECT :a", {"a": 10**5000}, "more digits"),
        ("SELECT :a", {"a": f"{CANARY}\ud800"}, "half of a pair"),
        ("SELECT :a", {"a": f"{CANARY}\0"}, r"U\+0000"),
        ("SELECT :a", {"a": f"{CANARY}\\"}, r"U\+005C"),
        ("SELECT :a", {"a": MOMENT}, "with a zone"),
    ],
)
def test_a_wrong_parameter_is_named_and_its_value_not_shown(
    query: str, parameters: dict[str, Any], told: str
) -> None:
    with pytest.raises(QueryRejectedError, match=told) as caught:
        bind(query, **parameters)
    assert caught.value.where == Writer.address
    assert caught.value.next_step
    assert CANARY not in everything_shown(caught.value)


@pytest.mark.parametrize("dialect", sorted(ALL.keys() - {"mariadb", "mysql"}))
def test_a_text_with_the_character_0_is_refused(dialect: str) -> None:
    with pytest.raises(QueryRejectedError, match=r"':a' has a character .*U\+0000"):
        bind("SELECT :a", dialect, a="a\0b")


def test_a_moment_beyond_the_calendar_is_refused() -> None:
    first = datetime.min.replace(tzinfo=timezone(timedelta(hours=2)))
    with pytest.raises(QueryRejectedError, match="before the year 1"):
        bind("SELECT :a", "postgresql", a=first)
    assert bind(":a", "postgresql", a=datetime.min.replace(tzinfo=UTC)).startswith(
        "TIMESTAMPTZ '0001-01-01 00:00:00"
    )


@pytest.mark.parametrize(
    ("dialect", "value"),
    [
        ("standard", 10**38),
        ("mysql", Decimal("1e-31")),
        ("mysql", 10**65),
        ("duckdb", Decimal(f"0.{'1' * 38}")),
        ("sqlite", 2**63),
        ("sqlite", Decimal("0.1234567890123456")),
    ],
)
def test_a_number_that_the_dialect_would_round_is_refused(
    dialect: str, value: Any
) -> None:
    with pytest.raises(QueryRejectedError, match="more digits"):
        bind("SELECT :a", dialect, a=value)


@pytest.mark.parametrize(
    ("dialect", "query"),
    [
        ("standard", 'SELECT "a""b", "C" FROM "my schema"."select"'),
        ("postgresql", 'SELECT "a""b", "C" FROM "my schema"."select"'),
        ("mysql", 'SELECT `a"b`, `C` FROM `my schema`.`select`'),
        ("sqlite", 'SELECT `a"b`, `C` FROM `my schema`.`select`'),
        ("mssql", 'SELECT [a"b], [C] FROM [my schema].[select]'),
    ],
)
def test_a_table_and_its_columns_are_in_quotes(dialect: str, query: str) -> None:
    writer = Writer(ALL[dialect])
    assert writer.select("select", ['a"b', "C"], schema="my schema") == query


def test_without_columns_all_of_them_are_selected() -> None:
    assert Writer(STANDARD).select("a.b") == 'SELECT * FROM "a.b"'


@pytest.mark.parametrize("dialect", ALL)
def test_the_quote_in_a_name_is_doubled(dialect: str) -> None:
    notation = ALL[dialect]
    before, after = notation.quotes
    name = f"x{before}{after}"
    assert notation.name(f"{after}x") == f"{before}{after * 2}x{after}"
    assert Writer(notation).select(name).count(after) % 2 == (before != after)


@pytest.mark.parametrize("dialect", ALL)
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"table": ""}, "name of a table is empty"),
        ({"table": "a", "schema": ""}, "name of a schema is empty"),
        ({"table": "a", "columns": ["b", ""]}, "name of a column is empty"),
        ({"table": "a\0"}, r"name of a table has a character .*U\+0000"),
        ({"table": "a\udfff"}, "half of a pair"),
        ({"table": "a", "columns": []}, "not a list of names"),
        ({"table": "a", "columns": "id"}, "not a list of names"),
    ],
)
def test_an_impossible_name_is_refused(
    dialect: str, arguments: dict[str, Any], told: str
) -> None:
    with pytest.raises(QueryRejectedError, match=told) as caught:
        Writer(ALL[dialect]).select(**arguments)
    assert caught.value.where == Writer.address
    assert caught.value.next_step


def test_an_unknown_dialect_keeps_its_own_quotes() -> None:
    notation = replace(STANDARD, quotes=("`", "`"))
    assert Writer(notation).select("a`b") == "SELECT * FROM `a``b`"
    with pytest.raises(QueryRejectedError, match=r"U\+005C"):
        Writer(notation).select("a\\b")
