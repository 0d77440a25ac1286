"""Read from any database that SQLAlchemy has a dialect for."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, time
from decimal import Decimal
import re
from typing import Any
from urllib.parse import quote, quote_plus
from uuid import UUID

import pyarrow as pa
from pydantic import Field, SecretStr, field_validator
from sqlalchemy import URL, Connection, CursorResult, Engine, event
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from ..addresses import HostOfPostgreSQL, Name, Port
from ..connector import Credentials, first_line
from ..exceptions import (
    ConnectorError,
    CredentialError,
    FatalError,
    MissingExtraError,
    QueryRejectedError,
    SourceUnavailableError,
    UnsupportedTypeError,
)
from ..source import FIRST_ROWS, batch_limit
from ..values import IN_UTC, NAIVE, to_array, types_of
from .notations import duckdb, mssql, mysql, oracle, postgresql, sqlite
from .queries import STANDARD, Notation
from .source import SQL

DRIVERNAME = re.compile(r"[a-z][a-z0-9_]*(\+[a-z][a-z0-9_]*)?")
VALUE_BYTES = 16  # about, of a value that is neither text nor bytes

DECIMAL128_DIGITS, DECIMAL256_DIGITS = 38, 76

# Python type -> Arrow's type. A datetime with a zone and a Decimal depend on the value.
KINDS: dict[type, pa.DataType] = {
    UUID: pa.string(),
    bool: pa.bool_(),
    bytearray: pa.binary(),
    bytes: pa.binary(),
    date: pa.date32(),
    datetime: NAIVE,
    float: pa.float64(),
    int: pa.int64(),
    memoryview: pa.binary(),
    str: pa.string(),
    time: pa.time64("us"),
}

# Module or dialect -> the package that installs it, if it has another name.
PACKAGES: dict[str, str] = {
    "MySQLdb": "mysqlclient",
    "awsathena": "PyAthena[SQLAlchemy]",
    "bigquery": "sqlalchemy-bigquery",
    "clickhousedb": "clickhouse-connect",
    "databricks": "databricks-sqlalchemy",
    "duckdb": "duckdb-engine",
    "hana": "sqlalchemy-hana",
    "ibm_db_sa": "ibm_db_sa",
    "mssql_python": "mssql-python",
    "mysql.connector": "mysql-connector-python",
    "psycopg": "psycopg[binary]",
    "psycopg2": "psycopg2-binary",
    "redshift": "sqlalchemy-redshift",
    "snowflake": "snowflake-sqlalchemy",
    "teradatasql": "teradatasqlalchemy",
    "trino": "trino[sqlalchemy]",
}

# Dialect -> how it writes names and values, if it isn't the standard's way.
NOTATIONS: dict[str, Notation] = {
    "duckdb": duckdb.NOTATION,
    "mariadb": mysql.NOTATION,
    "mssql": mssql.NOTATION,
    "mysql": mysql.NOTATION,
    "oracle": oracle.NOTATION,
    "postgresql": postgresql.NOTATION,
    "sqlite": sqlite.NOTATION,
}

# Dialect -> its type of any text, if it isn't VARCHAR.
TEXTS: dict[str, str] = {
    "bigquery": "STRING",
    "mariadb": "CHAR",
    "mssql": "NVARCHAR(MAX)",
    "mysql": "CHAR",
    "oracle": "VARCHAR2(4000)",
    "sqlite": "TEXT",
}

# A part of a driver's message -> the error; the first match counts.
ERRORS: list[tuple[str, type[ConnectorError]]] = [
    (
        r"\bauthenticat|[Aa]ccess denied|[Pp]ermission( was)? denied|Login failed"
        r"|ORA-01017|\bnot authori",
        CredentialError,
    ),
    (
        "unable to open|not a database|malformed|[Uu]nknown database"
        '|database "[^"]*" does not exist|invalid (connection|dsn|sslmode)',
        FatalError,
    ),
    ("Could not decode to UTF-8", UnsupportedTypeError),
    (
        r"\b([Dd]ead)?[Ll]ock(ed)?\b|\b[Tt]ime ?out\b|\btimed out\b|\binterrupted\b"
        r"|[Tt]oo many connections|\bshut(ting)? ?down\b",
        SourceUnavailableError,
    ),
]
NEXT_STEPS: dict[type[ConnectorError], str] = {
    CredentialError: "check user and password, and the right to read.",
    FatalError: "check the name of the database, and the settings in `query`.",
    QueryRejectedError: "correct the query.",
    SourceUnavailableError: "check host and port and that the server runs; try again.",
    UnsupportedTypeError: "cast the column in the query.",
}


class GenericSQLCredentials(Credentials):
    """The parts of an SQLAlchemy address, and the user.

    The values of `query` are secrets, since some drivers take keys and tokens there.
    """

    drivername: str  # a dialect and a driver, as in postgresql+psycopg2
    host: HostOfPostgreSQL | None = None
    port: Port | None = None
    database: Name | None = None
    user: str | None = None
    password: SecretStr | None = None
    query: dict[str, SecretStr] = Field(default_factory=dict)

    @field_validator("drivername")
    @classmethod
    def _is_no_url(cls, value: str) -> str:
        if not DRIVERNAME.fullmatch(value):
            msg = "give a dialect and its driver, as in postgresql+psycopg2, and no URL"
            raise ValueError(msg)
        return value


class GenericSQL(SQL):
    """A database of any dialect of SQLAlchemy, or of a package that adds one.

    Install the dialect's driver beside this package. A column's type is that of its
    first values, which are searched for in as many rows as one batch may hold; a column
    without any is text. No value is ever converted: a later value of another Python type
    stops the run and names the column. A `Decimal` has the precision and scale that the
    driver reports, or else the largest scale among the first values.

    Nothing makes the session read-only, so use an account that may only read.
    After `query_timeout` nobody waits for the driver any longer; only its own settings
    make it stop a call.
    """

    credentials_model = GenericSQLCredentials
    credentials: GenericSQLCredentials

    def __init__(
        self,
        *,
        config_key: str | None = None,
        credentials: Mapping[str, Any] | None = None,
        query_timeout: int = 60 * 60,
    ) -> None:
        """Validate the credentials and load the driver, without connecting.

        Args:
            config_key: The key of the credentials in the configuration.
            credentials: The fields of `credentials_model`.
            query_timeout: Seconds after which no further batch is fetched.

        Raises:
            MissingExtraError: The dialect or its driver isn't installed; names the
                package that contains it.
            ConfigError: As in `Connector`.
            CredentialError: As in `Connector`; or SQLAlchemy refuses the address.
        """
        super().__init__(
            config_key=config_key, credentials=credentials, query_timeout=query_timeout
        )
        engine = self.create_engine()
        dialect = engine.dialect
        engine.dispose()
        preparer = dialect.identifier_preparer
        quotes = preparer.initial_quote, preparer.final_quote
        other = replace(STANDARD, quotes=quotes)
        self.notation = NOTATIONS.get(dialect.name, other)
        self.as_text = f"CAST({{}} AS {TEXTS.get(dialect.name, 'VARCHAR')})"

    @property
    def url(self) -> URL:
        """The database's address. Its `str` hides the password but shows the query."""
        password = self.credentials.password
        return URL.create(
            self.credentials.drivername,
            username=self.credentials.user,
            password=password.get_secret_value() if password else None,
            host=self.credentials.host,
            port=self.credentials.port,
            database=self.credentials.database,
            query={
                name: value.get_secret_value()
                for name, value in self.credentials.query.items()
            },
        )

    @property
    def connect_seconds(self) -> float:
        """As long as a query: some databases have to wake up."""
        return self.query_timeout

    @property
    def address(self) -> str:
        """The dialect, host, port and database, for messages."""
        port = f":{self.credentials.port}" if self.credentials.port else ""
        host = f"{self.credentials.host}{port}/" if self.credentials.host else ""
        database = f"{host}{self.credentials.database or ''}"
        return f"{self.credentials.drivername} {database} ({self.place})"

    def create_engine(self) -> Engine:
        """Return a new engine.

        Raises:
            MissingExtraError: The dialect or its driver isn't installed.
            CredentialError: SQLAlchemy refuses the address.
        """
        name = self.credentials.drivername
        try:
            engine = super().create_engine()
        except NoSuchModuleError:
            dialect = name.partition("+")[0]
            raise MissingExtraError(
                f"SQLAlchemy has no dialect or driver named '{name}'.",
                self.place,
                f"correct `drivername`, or run: "
                f"pip install '{PACKAGES.get(dialect, f'<a package for {dialect}>')}'",
            ) from None
        except ImportError as err:
            module = err.name or name
            raise MissingExtraError(
                f"'{name}' needs the module `{module}`, which is not installed.",
                self.place,
                f"run: pip install '{PACKAGES.get(module, module)}'",
            ) from err
        except (ArgumentError, LookupError, TypeError, ValueError):
            raise self._refused("SQLAlchemy") from None
        if engine.dialect.is_async:
            raise CredentialError(
                f"'{name}' is a driver for asyncio.", self.place, "name another driver."
            )
        event.listen(engine, "do_connect", self._connect)
        return engine

    def _connect(self, dialect: Any, _record: Any, args: Any, options: Any) -> Any:
        """Connect; explain that the driver doesn't know a setting."""
        try:
            return dialect.connect(*args, **options)
        except dialect.loaded_dbapi.Error:
            raise
        except (ArgumentError, LookupError, TypeError, ValueError):
            raise self._refused("the driver") from None

    def _refused(self, by: str) -> CredentialError:
        return CredentialError(
            f"The credentials are no valid address: {by} refuses them.",
            self.address,
            "check which fields, and which names and values in `query`, "
            f"'{self.credentials.drivername}' accepts.",
        )

    def to_batches(
        self, query: str, *, batch_bytes: int | None = None
    ) -> Iterator[pa.RecordBatch]:
        """Yield the result of `query` in batches of about `batch_bytes`.

        As `SQL.to_batches`. Rows are streamed if the driver can; otherwise it holds the
        whole result, as Python's objects.

        Raises:
            SourceUnavailableError: No connection, a broken one, or `query_timeout` is
                over; a retry may help.
            CredentialError: The database refused the user, or the driver a setting.
            QueryRejectedError: The database refused the query.
            UnsupportedTypeError: A value has no exact counterpart; names the column.
        """
        try:
            yield from super().to_batches(query, batch_bytes=batch_bytes)
        except ConnectorError as err:
            # A traceback would show the secrets that the driver's message quotes.
            causes = f"{err.__cause__} {err.__cause__ and err.__cause__.__cause__}"
            if self._without_secrets(causes) != causes:
                raise err from None
            raise

    def first_batch(
        self,
        result: CursorResult[Any],
        names: list[str],
        query: str,  # noqa: ARG002 - the values have the types
        batch_bytes: int | None,
    ) -> pa.RecordBatch:
        """Return the first rows as a batch, and more of them while a column has no value.

        Args:
            result: Of the query; no row was fetched yet.
            names: The columns' names.
            query: The query.
            batch_bytes: How long the batch may be.

        Raises:
            UnsupportedTypeError: The first values of a column are of two types, or of
                one that Arrow doesn't hold exactly; names the column.
        """
        described = result.cursor.description if result.cursor else ()
        limit = batch_limit(batch_bytes, len(names))
        rows = list(result.fetchmany(FIRST_ROWS))
        fetched = len(rows)
        while fetched and _has_empty_column(rows):
            fitting = limit * len(rows) // max(1, _bytes(rows)) - len(rows)
            more = result.fetchmany(min(fitting, len(rows))) if fitting > 0 else []
            fetched = len(more)
            rows += more
        columns = list(zip(*rows, strict=True)) or [()] * len(names)
        types = [
            self._type(name, values, *column[4:6])
            for name, values, column in zip(names, columns, described, strict=True)
        ]
        return self.to_batch(names, types, rows)

    def _type(self, name: str, values: Any, precision: Any, scale: Any) -> pa.DataType:
        """Return the type of a column by its first values; text if there is none."""
        types = types_of(values)
        known = [value for value in values if value is not None]
        if not known:
            return pa.string()
        if types == {Decimal}:
            return _decimal(known, precision, scale)
        if types == {datetime} and known[0].utcoffset() is not None:
            return IN_UTC
        kinds = {KINDS.get(each) for each in types}
        if len(kinds) > 1 or kinds == {None}:
            raise self._unsupported(name, values)
        return kinds.pop()

    def to_array(self, name: str, kind: pa.DataType | None, values: Any) -> pa.Array:
        """Return the values of a column, as the driver returned them.

        Raises:
            UnsupportedTypeError: A value isn't of the column's type; names the column.
        """
        try:
            return to_array(kind, values)
        except ValueError as err:
            raise self._unsupported(name, values, kind) from err

    def _unsupported(
        self, name: str, values: Any, kind: pa.DataType | None = None
    ) -> UnsupportedTypeError:
        problem = f"that {kind} doesn't hold exactly" if kind else "that no type holds"
        types = " and ".join(sorted(each.__name__ for each in types_of(values)))
        return self.unsupported(
            name, f"holds a value {problem}; the driver returned {types}"
        )

    def abandon(self, connection: Connection, cursor: Any) -> None:
        """Leave the rest of a result unread, by closing its connection."""
        # Otherwise PyMySQL reads the result to its end.
        pending: Any = getattr(cursor, "_result", None)
        if getattr(pending, "unbuffered_active", False):
            pending.unbuffered_active = False
        connection.invalidate()

    def explain(self, error: BaseException, *, connected: bool) -> ConnectorError:
        """Return the connector's error for an error of any driver."""
        said = self._without_secrets(first_line(error))
        kind: type[ConnectorError] = (
            QueryRejectedError if connected else SourceUnavailableError
        )
        kind = next(
            (each for pattern, each in ERRORS if re.search(pattern, said)), kind
        )
        return kind(f"{self.title} said: {said}.", self.address, NEXT_STEPS[kind])

    def _without_secrets(self, text: str) -> str:
        """Return a text with stars in the place of each secret."""
        password = self.credentials.password
        values = [*self.credentials.query.values(), *([password] if password else [])]
        for secret in (value.get_secret_value() for value in values):
            for form in {secret, quote(secret), quote(secret, ""), quote_plus(secret)}:
                text = text.replace(form, "***") if form else text
        return text


def _has_empty_column(rows: list[Any]) -> bool:
    columns = zip(*rows, strict=True)
    return any(all(value is None for value in column) for column in columns)


def _bytes(rows: list[Any]) -> int:
    """Return about how many bytes rows have as Arrow arrays."""
    return sum(
        len(value) if isinstance(value, str | bytes) else VALUE_BYTES
        for row in rows
        for value in row
    )


def _decimal(values: list[Decimal], precision: Any, scale: Any) -> pa.DataType:
    """Return the type that the driver reports, or else that of the first values."""
    if (
        isinstance(precision, int)
        and isinstance(scale, int)
        and 0 <= scale <= precision
        and 0 < precision <= DECIMAL256_DIGITS
    ):
        digits = precision
    else:
        exponents = [value.as_tuple().exponent for value in values]
        scale = max(-each if isinstance(each, int) else 0 for each in exponents)
        scale = min(max(0, scale), DECIMAL256_DIGITS)
        whole = max(value.adjusted() + 1 for value in values)
        digits = max(1, whole, 0) + scale
        fits = digits <= DECIMAL128_DIGITS
        digits = DECIMAL128_DIGITS if fits else DECIMAL256_DIGITS
    decimal = pa.decimal128 if digits <= DECIMAL128_DIGITS else pa.decimal256
    return decimal(digits, scale)
