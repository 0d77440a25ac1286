"""Queries are run as people write them; their results keep columns, rows and order."""

from typing import Any

import pyarrow as pa
import pytest
from runtime.exceptions import QueryRejectedError
from runtime.sql.postgresql import PostgreSQL

Rows = list[list[Any]]

# A query, and its rows.
QUERIES: dict[str, tuple[str, Rows]] = {
    "a modulo and LIKE": ("SELECT 10 % 3 AS a, 'xay' LIKE '%a%' AS b", [[1, True]]),
    "placeholders of drivers": (
        "SELECT '%s' AS a, '%(x)s %%' AS b, ':x' AS c, '$1' AS d, '{}{0}{query}' AS e",
        [["%s", "%(x)s %%", ":x", "$1", "{}{0}{query}"]],
    ),
    "a slice and an operator": (
        """SELECT (ARRAY[1, 2, 3])[1:2] AS a, '{"a": 1}'::jsonb ? 'a' AS b""",
        [["{1,2}", True]],
    ),
    "a semicolon": ("SELECT 1 AS a;", [[1]]),
    "a semicolon and white space": ("\n SELECT 1 AS a ;\n\t ", [[1]]),
    "a semicolon in a text": ("SELECT ';' AS a", [[";"]]),
    "a comment at the end": ("SELECT 1 AS a -- it's one", [[1]]),
    "comments everywhere": ("-- a\n/* /* b */ ) */ SELECT 1 /* c */ AS a", [[1]]),
    "a dollar quote": ("SELECT $x$)'\"--$x$ AS a", [[")'\"--"]]),
    "WITH": ("WITH one AS (SELECT 1 AS a) SELECT * FROM one", [[1]]),
    "WITH RECURSIVE": (
        "WITH RECURSIVE r (a) AS (SELECT 1 UNION SELECT a + 1 FROM r) TABLE r LIMIT 3",
        [[1], [2], [3]],
    ),
    "VALUES": ("VALUES (1, 'a'), (2, NULL)", [[1, "a"], [2, None]]),
    "TABLE": ("WITH one AS (SELECT 1 AS a) TABLE one", [[1]]),
    "a function that returns rows": (
        "SELECT generate_series(3, 1, -1) AS a",
        [[3], [2], [1]],
    ),
    "ORDER BY": (
        "SELECT n FROM generate_series(1, 5) AS n ORDER BY n % 2, n DESC",
        [[4], [2], [5], [3], [1]],
    ),
    "ORDER BY, LIMIT and OFFSET": (
        "SELECT n FROM generate_series(1, 9) AS n ORDER BY n DESC LIMIT 2 OFFSET 1",
        [[8], [7]],
    ),
    "ORDER BY a column that isn't selected": (
        "SELECT a FROM (VALUES (1, 'z'), (2, 'y')) AS v (a, b) ORDER BY b",
        [[2], [1]],
    ),
    "UNION ALL": ("SELECT 1 AS a UNION ALL SELECT NULL", [[1], [None]]),
    "in parentheses": ("(SELECT 1 AS a)", [[1]]),
    "no row": ("SELECT 1 AS a WHERE false", []),
    "1,600 columns": (
        "SELECT " + ", ".join(f"{i} AS c{i}" for i in range(1600)),
        [[*range(1600)]],
    ),
    "1,600 columns as text": (
        "SELECT " + ", ".join(f"{i}::numeric AS c{i}" for i in range(1600)),
        [[str(i) for i in range(1600)]],
    ),
}
NAMES = [
    *('a"b', '"', "a'b", "%", "%s", "%(a)s", "{}", "{0}", "{a}", ":a", "$1", "a\nb"),
    *(" a ", "A", "select", "?column?", "\\", "ü" * 31 + "x", "\U0010ffff", ".", "c0"),
    *("\u200b", "--", "/*", ";", "x" * 63, "1", "a,b", "\t", "c1", "result"),
]
REFUSED = {
    "two columns of one name": ("SELECT 1 AS a, 2 AS b, 3 AS a", "named 'a'"),
    "no column": ("SELECT", "no columns"),
    "two statements": ("SELECT 1 AS a; SELECT 2 AS a", "syntax error"),
    "a statement that writes": ("INSERT INTO x VALUES (1)", "syntax error"),
    "nothing": ("", "syntax error"),
    "an open parenthesis": ("SELECT (1 AS a", "syntax error"),
}


@pytest.fixture
def source(of_postgresql: dict[str, Any]) -> PostgreSQL:
    return PostgreSQL(credentials=of_postgresql)


def rows_of(table: pa.Table) -> Rows:
    columns = [column.to_pylist() for column in table.columns]
    return [list(row) for row in zip(*columns, strict=True)]


@pytest.mark.parametrize("case", QUERIES)
def test_a_query_returns_its_rows(source: PostgreSQL, case: str) -> None:
    query, rows = QUERIES[case]
    (batch,) = source.to_batches(query)
    assert rows_of(pa.Table.from_batches([batch])) == rows


def test_a_column_keeps_its_name(source: PostgreSQL) -> None:
    quoted = ['"' + name.replace('"', '""') + '"' for name in NAMES]
    each = ", ".join(f"{number} AS {name}" for number, name in enumerate(quoted))
    found = source.to_arrow(f"SELECT {each}")
    assert found.column_names == NAMES
    assert rows_of(found) == [[*range(len(NAMES))]]


@pytest.mark.parametrize("batch_bytes", [1, 2, 3, 19, 20, 100, 1000, 2**30])
def test_the_size_of_a_batch_changes_no_row_and_no_order(
    source: PostgreSQL, batch_bytes: int
) -> None:
    x = "repeat('x', n % 50) AS x"
    query = f"SELECT n, {x} FROM generate_series(1, 200) AS n ORDER BY -n"
    batches = list(source.to_batches(query, batch_bytes=batch_bytes))
    expected = [[n, "x" * (n % 50)] for n in range(200, 0, -1)]
    assert rows_of(pa.Table.from_batches(batches)) == expected
    if batch_bytes < 10:
        assert len(batches) == 200
    if batch_bytes == 2**30:
        assert len(batches) == 1


@pytest.mark.parametrize("case", REFUSED)
def test_anything_but_one_query_is_refused(source: PostgreSQL, case: str) -> None:
    query, says = REFUSED[case]
    with pytest.raises(QueryRejectedError, match=says):
        source.to_arrow(query)
