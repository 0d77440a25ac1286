import sys
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

import pyarrow as pa
import pytest
from runtime.exceptions import (
    ConnectorError,
    CredentialError,
    FatalError,
    MissingExtraError,
    QueryRejectedError,
    SourceUnavailableError,
    UnsupportedTypeError,
)
from runtime.sql.database import Database
from runtime.sql.generic import GenericSQL
from sourcewright.services import PostgreSQL as Server
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.sql.compiler import IdentifierPreparer

from tests.runtime.shown import everything_shown
from tests.runtime.sql.contract import (
    DatabaseContract,
    QueryContract,
    ServerContract,
    counted,
)
from tests.runtime.sql.databases import (
    OnEscapingPostgreSQL,
    OnMariaDB,
    OnOtherMariaDB,
    OnPostgreSQL,
    OnSQLite,
)

EAST = timezone(timedelta(hours=5, minutes=30))
CANARY = "p@ss:/ %w"
COUNTED = (
    "WITH RECURSIVE counted (number) AS (SELECT 1 UNION ALL "
    "SELECT number + 1 FROM counted LIMIT {rows}) SELECT number FROM counted"
)


class GenericContract(DatabaseContract):
    """A column's type is that of its values: without any it is text."""

    # The time limit is looked at between batches: no way to stop every driver is known.
    test_a_query_is_stopped_before_its_first_row: ClassVar = None  # type: ignore[assignment]

    def test_an_empty_result_is_one_empty_batch_with_its_columns(
        self, source: Database
    ) -> None:
        query = f"SELECT * FROM ({self.rows(3)}) AS counted WHERE number > 3"
        (batch,) = source.to_batches(query)
        assert batch.num_rows == 0
        assert batch.schema == pa.schema({"number": pa.string()})


class TestSQLite(OnSQLite, GenericContract):
    live = counted(COUNTED)

    @pytest.fixture
    def source(self, sqlite_path: Path) -> GenericSQL:
        credentials = {"drivername": "sqlite", "database": str(sqlite_path)}
        return GenericSQL(credentials=credentials)


class GenericServerContract(GenericContract, ServerContract):
    """Nothing makes a session read-only."""

    test_the_session_can_not_write: ClassVar = None  # type: ignore[assignment]


class TestPostgreSQL(OnPostgreSQL, GenericServerContract):
    live = counted("SELECT generate_series(1, {rows}) AS number")

    @pytest.fixture
    def source(self, of_postgresql: dict[str, Any]) -> GenericSQL:
        credentials = {**of_postgresql, "drivername": "postgresql+psycopg2"}
        return GenericSQL(credentials=credentials)


class TestMariaDB(OnMariaDB, GenericServerContract):
    live = counted("SELECT seq AS number FROM seq_1_to_{rows}")

    @pytest.fixture
    def source(self, of_plain_mariadb: dict[str, Any]) -> GenericSQL:
        return GenericSQL(credentials=of_plain_mariadb)


class TestEscapingPostgreSQL(OnEscapingPostgreSQL, QueryContract):
    @pytest.fixture
    def source(self, credentials: dict[str, Any]) -> GenericSQL:
        named = {**credentials, "drivername": "postgresql+psycopg2"}
        return GenericSQL(credentials=named)


class TestOtherMariaDB(OnOtherMariaDB, QueryContract):
    @pytest.fixture
    def source(self, of_plain_mariadb: dict[str, Any]) -> GenericSQL:
        return GenericSQL(credentials=of_plain_mariadb)


@pytest.fixture
def source(sqlite_path: Path) -> GenericSQL:
    credentials = {"drivername": "sqlite", "database": str(sqlite_path)}
    return GenericSQL(credentials=credentials)


def read(
    source: GenericSQL,
    *values: Any,
    precision: int | None = None,
    scale: int | None = None,
) -> pa.Array:
    """Return the column of the values that a driver returns."""
    kind = source._type("it", values, precision, scale)
    return source.to_array("it", kind, values)


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (True, pa.bool_(), True),
        (-(2**63), pa.int64(), -(2**63)),
        (0.1, pa.float64(), 0.1),
        (float("-inf"), pa.float64(), float("-inf")),
        ("", pa.string(), ""),
        ("\U0001d11e", pa.string(), "\U0001d11e"),
        (b"\x00\xff", pa.binary(), b"\x00\xff"),
        (bytearray(b"\x00"), pa.binary(), b"\x00"),
        (memoryview(b"\xff"), pa.binary(), b"\xff"),
        (date(1, 1, 1), pa.date32(), date(1, 1, 1)),
        (time(23, 59, 59, 999999), pa.time64("us"), time(23, 59, 59, 999999)),
        (datetime(9999, 1, 1), pa.timestamp("us"), datetime(9999, 1, 1)),
        (
            datetime(2024, 1, 1, 5, 30, tzinfo=EAST),
            pa.timestamp("us", tz="UTC"),
            datetime(2024, 1, 1, 5, 30, tzinfo=EAST),
        ),
        (
            UUID("67e55044-10b1-426f-9247-bb680e5fe0c8"),
            pa.string(),
            "67e55044-10b1-426f-9247-bb680e5fe0c8",
        ),
        (Decimal("1E-15"), pa.decimal128(38, 15), Decimal("1E-15")),
        (Decimal("1E+20"), pa.decimal128(38, 0), Decimal("1E+20")),
        (Decimal("9" * 38), pa.decimal128(38, 0), Decimal("9" * 38)),
        (Decimal("9" * 39), pa.decimal256(76, 0), Decimal("9" * 39)),
    ],
)
def test_a_value_keeps_its_type(
    source: GenericSQL, value: Any, kind: pa.DataType, expected: Any
) -> None:
    array = read(source, None, value)
    assert array.type == kind
    assert array.to_pylist() == [None, expected]


def test_a_column_without_values_is_text(source: GenericSQL) -> None:
    assert read(source, None, None).type == pa.string()


def test_a_decimal_has_the_digits_that_the_driver_reports(source: GenericSQL) -> None:
    array = read(source, Decimal("1.10"), precision=5, scale=3)
    assert array.type == pa.decimal128(5, 3)
    assert read(source, Decimal(1), precision=40, scale=2).type == pa.decimal256(40, 2)
    # As Oracle's drivers describe a NUMBER without digits.
    array = read(source, Decimal("1.10"), precision=0, scale=-127)
    assert array.type == pa.decimal128(38, 2)


@pytest.mark.parametrize(
    ("first", "later"),
    [
        (1, 2**63),
        (1, True),
        (1, 1.0),
        (1, Decimal(1)),
        (True, 1),
        (0.5, 1),
        ("one", 1),
        ("one", b"two"),
        ("one", "\ud800"),
        (None, 1),
        (b"one", "two"),
        (Decimal("1.1"), Decimal("1.11")),
        (Decimal("1.1"), Decimal("9" * 38)),
        (Decimal("1.1"), Decimal("NaN")),
        (Decimal("1.1"), 1.1),
        (date(2024, 2, 29), datetime(2024, 2, 29)),
        (datetime(2024, 2, 29), date(2024, 2, 29)),
        (datetime(2024, 2, 29), datetime(2024, 2, 29, tzinfo=EAST)),
        (datetime(2024, 2, 29, tzinfo=EAST), datetime(2024, 2, 29)),
        (time(1), time(1, tzinfo=EAST)),
    ],
)
def test_a_later_value_of_another_type_names_its_column_and_a_cast(
    source: GenericSQL, first: Any, later: Any
) -> None:
    kind = read(source, first).type
    with pytest.raises(UnsupportedTypeError, match="'it'") as caught:
        source.to_array("it", kind, [first, later])
    assert "CAST(`it` AS TEXT)" in caught.value.next_step


@pytest.mark.parametrize(
    "values",
    [
        (1, 1.5),
        (1, True),
        ({"a": 1},),
        ([1],),
        (timedelta(1),),
        (Decimal("NaN"),),
        (Decimal("Infinity"), Decimal(1)),
        (Decimal("9" * 77),),
        (time(1, tzinfo=EAST),),
        (datetime(2024, 2, 29), datetime(2024, 2, 29, tzinfo=EAST)),
    ],
)
def test_unsupported_first_values_name_their_column(
    source: GenericSQL, values: tuple[Any, ...]
) -> None:
    with pytest.raises(UnsupportedTypeError, match="'it'"):
        read(source, *values)


@pytest.mark.parametrize(
    ("drivername", "expected", "told"),
    [
        ("nosuch", MissingExtraError, "<a package for nosuch>"),
        ("snowflake", MissingExtraError, "pip install 'snowflake-sqlalchemy'"),
        ("sqlite+nosuch", MissingExtraError, "no dialect or driver"),
        ("firebird://reader:{canary}@db/shop", CredentialError, "and no URL"),
    ],
)
def test_an_unusable_address_has_a_next_step(
    drivername: str, expected: type[ConnectorError], told: str
) -> None:
    credentials = {"drivername": drivername.format(canary=CANARY), "password": CANARY}
    with pytest.raises(expected) as caught:
        GenericSQL(credentials=credentials)
    assert told in str(caught.value)
    assert caught.value.where
    assert caught.value.next_step
    assert CANARY not in everything_shown(caught.value)


def test_a_driver_for_asyncio_is_refused() -> None:
    with pytest.raises(ConnectorError, match=r"sqlite\+aiosqlite"):
        GenericSQL(credentials={"drivername": "sqlite+aiosqlite"})


def test_a_refused_setting_is_not_shown() -> None:
    credentials = {
        "drivername": "sqlite",
        "database": "shop.sqlite",
        "query": {"timeout": CANARY},
    }
    with pytest.raises(CredentialError, match="refuses") as caught:
        GenericSQL(credentials=credentials).to_arrow("SELECT 1 AS one")
    assert CANARY not in everything_shown(caught.value)


def test_a_missing_driver_is_named_with_its_package(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "MySQLdb", None)
    with pytest.raises(MissingExtraError, match="pip install 'mysqlclient'"):
        GenericSQL(credentials={"drivername": "mysql+mysqldb"})


@pytest.mark.parametrize(
    ("said", "connected", "expected"),
    [
        ("connection refused", False, SourceUnavailableError),
        ("password authentication failed for user", False, CredentialError),
        ("(1045, \"Access denied for user 'reader'\")", False, CredentialError),
        ("ORA-01017: invalid credential", False, CredentialError),
        ("unable to open database file", False, FatalError),
        ('database "shop" does not exist', False, FatalError),
        ("syntax error", True, QueryRejectedError),
        ("no such table: blocks", True, QueryRejectedError),
        ("no such column: shutter", True, QueryRejectedError),
        ('relation "permissions" does not exist', True, QueryRejectedError),
        ("database is locked", True, SourceUnavailableError),
        ("canceling statement due to statement timeout", True, SourceUnavailableError),
    ],
)
def test_an_error_is_known_by_its_text(
    source: GenericSQL, said: str, *, connected: bool, expected: type[ConnectorError]
) -> None:
    assert type(source.explain(Exception(said), connected=connected)) is expected


@pytest.mark.filterwarnings("ignore:Query string argument")
def test_a_secret_in_a_driver_s_message_is_replaced_by_stars() -> None:
    source = GenericSQL(
        credentials={
            "drivername": "sqlite",
            "query": {"password": CANARY, "token": "t0k3n/="},
        }
    )
    said = f"{CANARY} p%40ss%3A%2F%20%25w p%40ss%3A%2F+%25w t0k3n/= t0k3n%2F%3D"
    message = str(source.explain(Exception(said), connected=False))
    assert "*** *** *** *** ***" in message
    assert "p%40ss" not in message
    assert "t0k3n" not in message


class Backticks(IdentifierPreparer):
    def __init__(self, dialect: Any) -> None:
        super().__init__(dialect, initial_quote="`")


class Other(SQLiteDialect_pysqlite):
    name = "other"
    preparer = Backticks  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("drivername", "select", "bound"),
    [
        ("sqlite", "SELECT * FROM `a``b`", "'\\', '2024-02-29'"),
        ("other", "SELECT * FROM `a``b`", "'/', DATE '2024-02-29'"),
    ],
)
def test_names_and_values_are_written_in_the_dialect(
    drivername: str, select: str, bound: str
) -> None:
    registry.register("other", __name__, "Other")
    source = GenericSQL(credentials={"drivername": drivername})
    assert source.select("a`b") == select
    text = "\\" if drivername == "sqlite" else "/"
    values = {"values": [text, date(2024, 2, 29)]}
    assert source.bind(":values", values) == bound
    if drivername == "other":
        with pytest.raises(QueryRejectedError, match="character"):
            source.bind(":value", {"value": "\\"})


def test_the_first_value_of_a_column_may_come_late(source: GenericSQL) -> None:
    query = COUNTED.format(rows=5000)
    late = f"SELECT CASE WHEN number > 4000 THEN number END AS late FROM ({query})"
    table = source.to_arrow(late)
    assert table.schema.field("late").type == pa.int64()
    assert table.column("late").to_pylist() == [None] * 4000 + [*range(4001, 5001)]


def test_a_first_value_that_comes_too_late_names_its_column(source: GenericSQL) -> None:
    query = COUNTED.format(rows=1000)
    late = f"SELECT CASE WHEN number > 900 THEN number END AS late FROM ({query})"
    with pytest.raises(UnsupportedTypeError, match="'late'"):
        list(source.to_batches(late, batch_bytes=1000))


def test_two_types_in_a_column_name_it_and_a_cast(source: GenericSQL) -> None:
    query = COUNTED.format(rows=1000)
    odd = f"SELECT CASE number WHEN 999 THEN 0.5 ELSE number END AS odd FROM ({query})"
    with pytest.raises(UnsupportedTypeError, match="'odd'") as caught:
        source.to_arrow(odd)
    cast = caught.value.next_step.removeprefix("write ").removesuffix(" in the query.")
    table = source.to_arrow(f"SELECT {cast} AS odd FROM ({odd})")
    assert table.column("odd").to_pylist()[998] == "0.5"


@pytest.fixture
def of_generic_postgresql(of_postgresql: dict[str, Any]) -> dict[str, Any]:
    return {**of_postgresql, "drivername": "postgresql+psycopg2"}


@pytest.fixture
def on_postgresql(of_generic_postgresql: dict[str, Any]) -> GenericSQL:
    return GenericSQL(credentials=of_generic_postgresql)


def test_a_value_that_the_driver_cannot_hold_is_refused(
    on_postgresql: GenericSQL,
) -> None:
    with pytest.raises(UnsupportedTypeError, match="driver can't hold a value"):
        on_postgresql.to_arrow("SELECT date '0044-03-15 BC' AS value")


def test_a_secret_is_not_shown_by_the_driver_s_own_error(
    of_postgresql: dict[str, Any],
) -> None:
    driver = {"drivername": "postgresql+psycopg2", "query": {"sslmode": CANARY}}
    source = GenericSQL(credentials={**of_postgresql, **driver})
    with pytest.raises(FatalError, match=r"invalid sslmode value: \"\*\*\*") as caught:
        source.to_arrow("SELECT 1 AS one")
    assert CANARY not in everything_shown(caught.value)


def test_a_query_that_fails_late_is_rejected(on_postgresql: GenericSQL) -> None:
    query = "SELECT 1 / (5000 - number) AS it FROM generate_series(1, 9000) AS number"
    with pytest.raises(QueryRejectedError, match="division by zero"):
        on_postgresql.to_arrow(query)


def test_a_connection_that_breaks_late_is_worth_a_retry(
    on_postgresql: GenericSQL, postgres: Server
) -> None:
    query = "SELECT pg_backend_pid() AS pid FROM generate_series(1, 1000000)"
    batches = on_postgresql.to_batches(query)
    postgres.psql(f"SELECT pg_terminate_backend({next(batches)['pid'][0]})")
    with pytest.raises(SourceUnavailableError):
        for _ in batches:
            pass


def test_a_statement_without_columns_is_refused(source: GenericSQL) -> None:
    with pytest.raises(QueryRejectedError, match="no columns"):
        source.to_arrow("CREATE TABLE t (a INTEGER)")


@pytest.mark.parametrize(
    ("name", "problem"),
    [("no/such.sqlite", "unable to open"), ("other.sqlite", "not a database")],
)
def test_an_unusable_file_is_named(tmp_path: Path, name: str, problem: str) -> None:
    (tmp_path / "other.sqlite").write_text("no database " * 200, encoding="utf-8")
    path = tmp_path / name
    source = GenericSQL(credentials={"drivername": "sqlite", "database": str(path)})
    with pytest.raises(FatalError, match=problem) as caught:
        source.to_arrow("SELECT * FROM sqlite_master")
    assert str(path) in caught.value.where


def test_a_text_that_is_none_is_refused(source: GenericSQL) -> None:
    with pytest.raises(UnsupportedTypeError, match="cast the column"):
        source.to_arrow("SELECT CAST(x'ff' AS TEXT) AS value")


def test_a_field_that_the_driver_does_not_take_is_refused(source: GenericSQL) -> None:
    fields = {**source.credentials.model_dump(), "password": CANARY}
    with pytest.raises(CredentialError, match="check which fields") as caught:
        GenericSQL(credentials=fields).to_arrow("SELECT 1 AS one")
    assert CANARY not in everything_shown(caught.value)


@pytest.mark.parametrize(
    ("server", "setting", "expected", "told"),
    [
        ("of_generic_postgresql", "sslmode", FatalError, "sslmode"),
        ("of_generic_postgresql", "nosuch", FatalError, "nosuch"),
        ("of_plain_mariadb", "nosuch", CredentialError, "`query`"),
    ],
)
def test_a_setting_that_the_driver_does_not_take_is_refused_and_not_shown(
    request: pytest.FixtureRequest,
    server: str,
    setting: str,
    expected: type[ConnectorError],
    told: str,
) -> None:
    known: dict[str, Any] = request.getfixturevalue(server)
    source = GenericSQL(credentials={**known, "query": {setting: CANARY}})
    with pytest.raises(expected, match=told) as caught:
        source.to_arrow("SELECT 1 AS one")
    assert CANARY not in everything_shown(caught.value)
