"""A query is run as people write it, and its result keeps columns, rows and order."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from sourcewright.services import PostgreSQL

from tests.e2e.generated.parts import (
    HERE,
    environment,
    postgresql_credentials,
    run,
)

REPOSITORY = HERE.parents[2]
WHOLE = "SOURCEWRIGHT_WHOLE_CORPUS" in os.environ
# How many tables Hypothesis makes; each is read by the decoder alone, or from a server.
EXAMPLES = {"decoder": 3000, "server": 2000} if WHOLE else {"decoder": 80, "server": 80}

ONE_MEBIBYTE = 2**20
BATCH_BYTES = (1, 2, 3, 19, 20, 100, 1000, 2**30)
MANY = (
    "SELECT n, repeat('x', n % 50) AS x FROM generate_series(1, 200) AS n ORDER BY -n"
)

Rows = list[list[Any]]

# A query, and the rows that it gives.
QUERIES: dict[str, tuple[str, Rows]] = {
    "a modulo and LIKE": ("SELECT 10 % 3 AS a, 'xay' LIKE '%a%' AS b", [[1, True]]),
    "what a driver fills in": (
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
    "a function that gives rows": (
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
    "ORDER BY what isn't selected": (
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
    "what writes": ("INSERT INTO x VALUES (1)", "syntax error"),
    "nothing": ("", "syntax error"),
    "an open parenthesis": ("SELECT (1 AS a", "syntax error"),
}


@pytest.fixture(scope="module")
def results(
    tmp_path_factory: pytest.TempPathFactory, golden: Path, postgres: PostgreSQL
) -> dict[tuple[str, int], dict[str, Any]]:
    """Run all queries in one process."""
    queries = [(query, ONE_MEBIBYTE) for query, _ in QUERIES.values()]
    queries += [(query, ONE_MEBIBYTE) for query, _ in REFUSED.values()]
    queries += [(named(), ONE_MEBIBYTE)]
    queries += [(MANY, size) for size in BATCH_BYTES]
    order = {"credentials": postgresql_credentials(postgres), "queries": queries}
    done = run(
        [sys.executable, HERE / "query_driver.py"],
        env=environment(golden),
        cwd=tmp_path_factory.mktemp("queries"),
        stdin=json.dumps(order),
    )
    assert done.returncode == 0, done.stdout
    found = json.loads(done.stdout.splitlines()[-1])
    return dict(zip(queries, found, strict=True))


def named() -> str:
    """Return a query of columns with all names."""
    quoted = ['"' + name.replace('"', '""') + '"' for name in NAMES]
    return "SELECT " + ", ".join(f"{i} AS {name}" for i, name in enumerate(quoted))


@pytest.mark.parametrize("case", QUERIES)
def test_a_query_gives_what_it_says(
    case: str, results: dict[tuple[str, int], dict[str, Any]]
) -> None:
    query, rows = QUERIES[case]
    result = results[query, ONE_MEBIBYTE]
    assert "error" not in result, result
    assert result["rows"] == rows
    assert result["batches"] == 1


def test_a_column_keeps_its_name(
    results: dict[tuple[str, int], dict[str, Any]],
) -> None:
    result = results[named(), ONE_MEBIBYTE]
    assert result["names"] == NAMES
    assert result["rows"] == [[*range(len(NAMES))]]


@pytest.mark.parametrize("size", BATCH_BYTES)
def test_the_size_of_a_batch_changes_no_row_and_no_order(
    size: int, results: dict[tuple[str, int], dict[str, Any]]
) -> None:
    result = results[MANY, size]
    assert result["rows"] == [[n, "x" * (n % 50)] for n in range(200, 0, -1)]
    if size < 10:
        assert result["batches"] == 200
    if size == 2**30:
        assert result["batches"] == 1


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_one_query_is_refused(
    case: str, results: dict[tuple[str, int], dict[str, Any]]
) -> None:
    query, says = REFUSED[case]
    result = results[query, ONE_MEBIBYTE]
    assert result["error"] == "QueryRejectedError", result
    assert says in result["message"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_any_value_arrives_wherever_a_batch_ends(
    name: str, golden: Path, postgres: PostgreSQL, tmp_path: Path
) -> None:
    database = f"any_value_{name}"
    postgres.create_database(database)
    path = os.pathsep.join([str(golden / "src"), str(REPOSITORY)])
    done = run(
        [sys.executable, HERE / "type_properties.py", name, str(EXAMPLES[name])],
        env=environment(golden, PYTHONPATH=path),
        cwd=tmp_path,
        stdin=json.dumps(postgresql_credentials(postgres, database=database)),
    )
    assert done.returncode == 0, done.stdout
