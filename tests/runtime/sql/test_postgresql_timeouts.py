"""Servers that don't answer, hold a lock, break off or never end are given up."""

import contextlib
import socket
import time
from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest
from runtime import libpq
from runtime.exceptions import SourceUnavailableError
from runtime.sql import postgresql
from runtime.sql.postgresql import PostgreSQL
from sourcewright.services import PostgreSQL as Server

from tests.runtime.stalling_proxy import StallingProxy, after_answered

FOR_EVER = "SELECT pg_sleep(600)::text AS slept"
MANY_ROWS = "SELECT generate_series(1, 1000000000) AS number"
WITHIN = 30.0  # seconds, far more than it takes


def read(source: PostgreSQL, query: str, seconds: int = 600) -> None:
    """Read all rows. The reader's own deadline is other than the server's."""
    with source.snapshot() as snapshot:
        source.query_timeout = seconds
        for _ in snapshot.to_batches(query):
            pass


def marked(query: str, mark: str) -> str:
    """Return a query that can be told from others in the server's list."""
    return f"{query} /* {mark} */"


def assert_ends(postgres: Server, mark: str) -> None:
    """Wait until the server has stopped a marked query."""
    count = (
        "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' "
        f"AND query LIKE '%/* {mark} ' || '*/%'"
    )
    deadline = time.monotonic() + WITHIN
    while postgres.psql(count).strip() != "0":
        assert time.monotonic() < deadline, "the server goes on"
        time.sleep(0.1)


def test_the_server_gives_up_a_statement_by_itself(
    of_postgresql: dict[str, Any],
) -> None:
    source = PostgreSQL(credentials=of_postgresql, query_timeout=1)
    with pytest.raises(SourceUnavailableError, match="statement timeout"):
        read(source, FOR_EVER)


def test_a_locked_table_is_given_up_and_worth_a_retry(
    of_postgresql: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(postgresql.SESSION, "lock_timeout", "500ms")
    source = PostgreSQL(credentials=of_postgresql)
    with (
        contextlib.closing(psycopg2.connect(**of_postgresql)) as holder,
        holder.cursor() as cursor,
    ):
        cursor.execute("CREATE TABLE locked AS SELECT 1 AS number")
        holder.commit()
        cursor.execute("LOCK TABLE locked")
        with pytest.raises(SourceUnavailableError, match="lock timeout"):
            read(source, "TABLE locked")
        holder.rollback()
        read(source, "TABLE locked")


@pytest.fixture
def silent() -> Iterator[int]:
    """Listen, accept and never answer."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def black_hole() -> Iterator[int]:
    """Listen with a queue that is full, so that nobody gets a connection."""
    with (
        socket.create_server(("127.0.0.1", 0), backlog=0) as listener,
        contextlib.ExitStack() as stack,
    ):
        for _ in range(4):
            client = stack.enter_context(socket.socket())
            client.settimeout(0)
            client.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


@pytest.mark.parametrize("port", ["silent", "black_hole"])
def test_a_server_that_does_not_answer_is_given_up(
    of_postgresql: dict[str, Any],
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    port: str,
) -> None:
    monkeypatch.setattr(libpq, "CONNECT_SECONDS", 2)
    found = request.getfixturevalue(port)
    source = PostgreSQL(credentials={**of_postgresql, "port": found})
    with pytest.raises(SourceUnavailableError, match="timeout expired"):
        read(source, FOR_EVER)


@pytest.mark.parametrize("query", [FOR_EVER, MANY_ROWS], ids=["blocked", "streaming"])
def test_a_deadline_reaches_the_server(
    of_postgresql: dict[str, Any], postgres: Server, query: str
) -> None:
    source = PostgreSQL(credentials=of_postgresql)
    with pytest.raises(SourceUnavailableError, match="The query took longer"):
        read(source, marked(query, "deadline"), seconds=1)
    assert_ends(postgres, "deadline")


def test_a_line_that_is_cut_is_given_up_at_the_deadline(
    of_postgresql: dict[str, Any], postgres: Server
) -> None:
    target = (postgres.host, postgres.port)
    with StallingProxy(target, after_answered(4 * 2**20)) as proxy:
        through = {**of_postgresql, "port": proxy.port, "sslmode": "disable"}
        source = PostgreSQL(credentials=through)
        with pytest.raises(SourceUnavailableError, match="The query took longer"):
            read(source, marked(MANY_ROWS, "cut"), seconds=3)
        assert proxy.frozen.is_set()
        assert proxy.is_left(WITHIN)
    assert_ends(postgres, "cut")  # since the proxy closed its side


def test_a_server_that_ends_a_query_prints_nothing(
    of_postgresql: dict[str, Any],
    postgres: Server,
    capfd: pytest.CaptureFixture[str],
) -> None:
    source = PostgreSQL(credentials=of_postgresql)
    batches = source.to_batches(marked(MANY_ROWS, "ended"))
    next(batches)
    postgres.psql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE query LIKE '%/* ended ' || '*/%'"
    )
    with pytest.raises(SourceUnavailableError) as caught:
        list(batches)
    assert "libpq" not in caught.value.what
    assert capfd.readouterr() == ("", "")
