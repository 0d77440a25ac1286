"""What is asked of every source of SQL, on a real database."""

import logging
import socket
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, ClassVar

import pyarrow as pa
import pytest
from contracts.sql import LiveSQLContract
from runtime.exceptions import (
    CredentialError,
    FatalError,
    QueryRejectedError,
    SourceUnavailableError,
)
from runtime.source import BATCH_BYTES, FIRST_ROWS
from runtime.sql.database import Database
from runtime.sql.queries import STANDARD

from tests.runtime.shown import everything_shown

CANARY = "a-canary-in-the-mine"
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
TABLE, COLUMN, STORED = 'it\'s "my" `t` %s ø', 'select "x" `y` z]', "' OR 1=1 -- \\"


class QueryContract:
    """What `bind` and `select` write means to the database exactly what was given."""

    quote: ClassVar[str]  # these, like `run`, come from a class of databases.py
    schema: ClassVar[str]
    literal: ClassVar[str]

    @pytest.fixture
    def source(self) -> Database:
        raise NotImplementedError

    def test_each_value_arrives_as_it_was_given(self, source: Database) -> None:
        given = {f"v{number}": value for number, value in enumerate(VALUES)}
        selected = ", ".join(f":{name} AS {name}" for name in given)
        (row,) = source.to_arrow(source.bind(f"SELECT {selected}", given)).to_pylist()
        changed = {}
        for name, value in given.items():
            came = row[name]
            if isinstance(value, Decimal):
                came = Decimal(str(came))
            if came not in (value, str(value)):
                changed[name] = (value, came)
        assert not changed

    def test_a_moment_arrives_or_is_refused(self, source: Database) -> None:
        if source.notation.moment_in_utc:
            query = source.bind("SELECT :value AS value", {"value": MOMENT})
            (came,) = source.to_arrow(query).column("value").to_pylist()
            assert came == MOMENT
            assert came.utcoffset() == UTC.utcoffset(None)
        else:
            with pytest.raises(QueryRejectedError, match="zone"):
                source.bind("SELECT :value AS value", {"value": MOMENT})

    @pytest.mark.parametrize("values", [[3, 1, -1], (1, None), ["'", "1"], [1]])
    def test_a_list_is_one_of_its_items(self, source: Database, values: Any) -> None:
        query = "SELECT 1 AS one FROM (SELECT :least AS n) AS t WHERE n IN (:values)"
        for least, rows in ((values[0], 1), (type(values[0])(7), 0)):
            bound = source.bind(query, {"least": least, "values": values})
            assert source.to_arrow(bound).num_rows == rows

    def test_a_negative_number_begins_no_comment(self, source: Database) -> None:
        query = "SELECT 1-:one AS a, 1-:half AS b"
        bound = source.bind(query, {"one": -1, "half": -0.5})
        assert source.to_arrow(bound).to_pylist() == [{"a": 2, "b": 1.5}]

    def test_only_parameters_are_replaced(self, source: Database) -> None:
        query = (
            "SELECT ':no' AS a, 'it''s :no' AS b, /* :no ' */ :yes AS c -- :no '\n"
            ", 4 AS d, '%s' AS e"
        )
        bound = source.bind(query, {"yes": 3})
        assert source.to_arrow(bound).to_pylist() == [
            {"a": ":no", "b": "it's :no", "c": 3, "d": 4, "e": "%s"}
        ]

    @pytest.mark.parametrize(
        "end", ["\n", "\r\n", "\r", "\f", "\v", "\u2028"], ids=repr
    )
    def test_a_comment_ends_where_the_database_ends_it(
        self, source: Database, end: str
    ) -> None:
        query = f"SELECT 1 AS one -- it{end}, {{}} AS two"
        columns = source.to_arrow(query.format(2)).num_columns
        if columns == 1:
            with pytest.raises(QueryRejectedError, match=r"no parameter|has no end"):
                source.bind(query.format(":two"), {"two": 2})
        elif end == "\r" and source.notation is STANDARD:
            with pytest.raises(QueryRejectedError, match="has no end"):
                source.bind(query.format(":two"), {"two": 2})
        else:
            bound = source.bind(query.format(":two"), {"two": 2})
            assert source.to_arrow(bound).to_pylist() == [{"one": 1, "two": 2}]

    @pytest.mark.parametrize(
        "end", [";", " ; ", ";\n-- done; all", ";;/* ; */\n;", "; -- ':done", "-- ;\n;"]
    )
    def test_a_query_may_end_by_a_semicolon_and_comments(
        self, source: Database, end: str
    ) -> None:
        found = source.to_arrow(f"SELECT ';' AS a, 1 AS b{end}").to_pylist()
        assert found == [{"a": ";", "b": 1}]

    def test_names_of_any_kind_stand_in_one_query(self, source: Database) -> None:
        quoted = [source.notation.name(name) for name in NAMES]
        given = ", ".join(f"{name} AS (SELECT 1 AS {name}, 2 AS no)" for name in quoted)
        each = ", ".join(
            f"({source.select(name, [name])}) AS t{number}"
            for number, name in enumerate(NAMES)
        )
        found = source.to_arrow(f"WITH {given} SELECT * FROM {each}")
        assert found.to_pylist() == [dict.fromkeys(NAMES, 1)]

    def test_a_table_is_read_by_its_name(
        self, source: Database, run: Callable[[str], object]
    ) -> None:
        table, column = (
            f"{self.quote}{name.replace(self.quote, self.quote * 2)}{self.quote}"
            for name in (TABLE, COLUMN)
        )
        run(
            f"DROP TABLE IF EXISTS {table}; CREATE TABLE {table} ({column} TEXT); "
            f"INSERT INTO {table} VALUES ({self.literal});"
        )
        query = source.select(TABLE, [COLUMN], schema=self.schema)
        name = source.notation.name(COLUMN)
        where = f"SELECT * FROM ({query}) AS t WHERE {name} = :value"
        for value, found in ((STORED, [{COLUMN: STORED}]), ("' OR 1=1 --", [])):
            bound = source.bind(where, {"value": value})
            assert source.to_arrow(bound).to_pylist() == found

    def test_columns_have_the_wanted_order(self, source: Database) -> None:
        given = "WITH two AS (SELECT 1 AS a, 2 AS b) "
        for columns in (None, ["a", "b"], ["b", "a"]):
            found = source.to_arrow(given + source.select("two", columns))
            assert found.column_names == (columns or ["a", "b"])

    def test_a_missing_column_is_refused(self, source: Database) -> None:
        given = "WITH here AS (SELECT 1 AS one) "
        with pytest.raises(QueryRejectedError, match="gone"):
            source.to_arrow(given + source.select("here", ["gone"]))


def counted(query: str) -> SimpleNamespace:
    """Return a contract's `live`: a query of a column `number`, from 1 to `{rows}`."""
    return SimpleNamespace(COUNTED=query)


class DatabaseContract(QueryContract, LiveSQLContract):
    """The same, what every project's source keeps, and how rows are read."""

    live = counted("")

    def rows(self, number: int) -> str:
        query: str = self.live.COUNTED.format(rows=number)
        return query

    @pytest.mark.parametrize("batch_bytes", [1, 500, None])
    def test_rows_keep_their_order(
        self, source: Database, batch_bytes: int | None
    ) -> None:
        parts = list(source.to_batches(self.rows(1000), batch_bytes=batch_bytes))
        table = pa.Table.from_batches(parts)
        assert table.column("number").to_pylist() == list(range(1, 1001))

    def test_batches_are_bounded(self, source: Database) -> None:
        parts = source.to_batches(self.rows(1000), batch_bytes=1)
        assert max(part.num_rows for part in parts) <= FIRST_ROWS

    def test_a_large_result_is_not_fetched_at_once(self, source: Database) -> None:
        parts: Any = source.to_batches(self.rows(1_000_000_000))
        assert 0 < next(parts).nbytes < 2 * BATCH_BYTES
        assert 0 < next(parts).nbytes < 2 * BATCH_BYTES
        before = time.monotonic()
        parts.close()
        assert time.monotonic() - before < 2

    def test_an_empty_result_is_one_empty_batch_with_its_columns(
        self, source: Database
    ) -> None:
        query = f"SELECT * FROM ({self.rows(3)}) AS counted WHERE number > 3"
        (batch,) = source.to_batches(query)
        assert batch.num_rows == 0
        assert batch.schema == source.to_arrow(self.rows(3)).schema

    def test_a_slow_query_is_stopped(self, source: Database) -> None:
        source.query_timeout = 1
        with pytest.raises(SourceUnavailableError) as caught:
            for _ in source.to_batches(self.rows(1_000_000_000)):
                pass
        assert caught.value.next_step

    def test_a_query_is_stopped_before_its_first_row(self, source: Database) -> None:
        source.query_timeout = 1
        query = f"SELECT sum(number) AS total FROM ({self.rows(10**12)}) AS counted"
        threads = threading.active_count()
        with pytest.raises(SourceUnavailableError):
            source.to_arrow(query)
        deadline = time.monotonic() + 30
        while threading.active_count() > threads:
            assert time.monotonic() < deadline, "the query goes on"
            time.sleep(0.05)

    @pytest.mark.parametrize("read", [1, 2, 3])
    def test_reading_may_end_at_any_batch(self, source: Database, read: int) -> None:
        batches = source.to_batches(self.rows(350), batch_bytes=1000)
        for _ in range(read):
            assert next(batches).num_rows
        time.sleep(0.1)  # until the next one waits, or all were read
        batches.close()  # type: ignore[attr-defined]
        assert source.to_arrow(self.rows(1)).num_rows == 1

    def test_columns_need_names_of_their_own(self, source: Database) -> None:
        with pytest.raises(QueryRejectedError, match="two columns named 'one'"):
            source.to_arrow("SELECT 1 AS one, 2 AS one")

    @pytest.mark.parametrize("name", ["blocks", "timeouts", "permissions", "clock"])
    def test_a_missing_table_or_column_is_rejected_whatever_its_name(
        self, source: Database, name: str
    ) -> None:
        column = f"SELECT {name} FROM ({self.rows(1)}) AS counted"
        for query in (f"SELECT * FROM {name}", column):
            with pytest.raises(QueryRejectedError, match=name):
                source.to_arrow(query)

    def test_a_rejected_query_names_the_server(self, source: Database) -> None:
        with pytest.raises(FatalError, match="no_such_table") as caught:
            source.to_arrow("SELECT * FROM no_such_table")
        assert source.address in caught.value.where
        assert caught.value.next_step


class ServerContract(DatabaseContract):
    """The same, and how a server refuses to answer."""

    def other(self, source: Database, **changed: Any) -> Database:
        """Return the same source with other credentials."""
        fields = source.credentials.model_dump()
        return type(source)(credentials={**fields, "password": CANARY, **changed})

    def test_a_missing_server_is_worth_a_retry(
        self, source: Database, caplog: pytest.LogCaptureFixture
    ) -> None:
        with socket.socket() as holder:  # nobody listens there
            holder.bind(("127.0.0.1", 0))
            other = self.other(source, host="127.0.0.1", port=holder.getsockname()[1])
            other.to_batches("SELECT 1 AS one")  # it connects only to read
            with (
                caplog.at_level(logging.DEBUG),
                pytest.raises(SourceUnavailableError) as caught,
            ):
                other.to_arrow("SELECT 1 AS one")
        assert caught.value.where
        assert caught.value.next_step
        assert CANARY not in caplog.text + everything_shown(caught.value)

    def test_a_wrong_password_is_not_worth_a_retry(self, source: Database) -> None:
        with pytest.raises(CredentialError) as caught:
            self.other(source).to_arrow("SELECT 1 AS one")
        assert CANARY not in everything_shown(caught.value)

    def test_a_missing_database_is_named(self, source: Database) -> None:
        fields = source.credentials.model_dump()
        missing = type(source)(credentials={**fields, "database": "no_such"})
        with pytest.raises(FatalError, match="no_such"):
            missing.to_arrow("SELECT 1 AS one")

    def test_the_session_can_not_write(self, source: Database) -> None:
        # Of its own name: a run on a broken runtime may have made another one.
        table = f"t_{uuid.uuid4().hex}"
        for query in (f"CREATE TABLE {table} (number int)", f"SELECT * FROM {table}"):
            with pytest.raises(QueryRejectedError):
                source.to_arrow(query)
