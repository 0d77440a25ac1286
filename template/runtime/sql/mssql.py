"""Read from Microsoft SQL Server."""

from collections.abc import Generator, Iterator
import contextlib
from functools import partial
import re
from typing import Any, Literal

import pyarrow as pa
from pydantic import SecretStr

from ..addresses import HostOfMSSQL, Name, Port
from ..connector import CONNECT_SECONDS, Credentials, first_line
from ..exceptions import (
    ConnectorError,
    CredentialError,
    FatalError,
    MissingExtraError,
    QueryRejectedError,
    SourceUnavailableError,
)
from ..extras import Lazy
from ..source import FIRST_ROWS
from ..values import IN_UTC, NAIVE
from .database import Database
from .notations.mssql import NOTATION

mssql_python = Lazy("mssql_python")

MICROSECOND_DIGITS = 6
DATETIME, DATETIMEOFFSET, DECIMAL, NUMERIC, TIME = 93, -155, 3, 2, -154
TIMES = {DATETIME: NAIVE, DATETIMEOFFSET: IN_UTC, TIME: pa.time64("us")}

# ODBC's or Microsoft's number of a type -> Arrow's type.
# https://learn.microsoft.com/sql/odbc/reference/appendixes/sql-data-types
KINDS: dict[int, pa.DataType] = {
    -11: pa.string(),  # UNIQUEIDENTIFIER
    -10: pa.string(),  # NVARCHAR(MAX)
    -9: pa.string(),  # NVARCHAR
    -8: pa.string(),  # NCHAR
    -7: pa.bool_(),  # BIT
    -6: pa.uint8(),  # TINYINT
    -5: pa.int64(),  # BIGINT
    -4: pa.binary(),  # VARBINARY(MAX)
    -3: pa.binary(),  # VARBINARY
    -2: pa.binary(),  # BINARY, ROWVERSION
    -1: pa.string(),  # VARCHAR(MAX)
    1: pa.string(),  # CHAR
    4: pa.int32(),  # INT
    5: pa.int16(),  # SMALLINT
    6: pa.float64(),  # FLOAT
    7: pa.float64(),  # REAL
    8: pa.float64(),
    12: pa.string(),  # VARCHAR
    91: pa.date32(),  # DATE
    -152: pa.string(),  # XML
}
# A type that doesn't arrive exactly -> a cast to text, if it isn't `MSSQL.as_text`.
CASTS: dict[int, str] = {
    -151: "{}.ToString()",  # GEOGRAPHY, GEOMETRY, HIERARCHYID
    DATETIME: "CONVERT(NVARCHAR(27), {}, 121)",
    DATETIMEOFFSET: "CONVERT(NVARCHAR(34), {}, 121)",
    TIME: "CONVERT(NVARCHAR(16), {}, 121)",
}

# A part of the driver's or server's message -> the error; the first match counts. The
# driver drops the server's error numbers.
ERRORS: list[tuple[str, type[ConnectorError]]] = [
    ("Failed to load the driver", MissingExtraError),
    ("Login failed|login failed|permission was denied", CredentialError),
    ("Invalid authorization specification", CredentialError),
    ("Cannot open database", FatalError),
    ("certificate|SSL|Encryption", FatalError),
    (
        "[Tt]imeout|deadlock|establish connection|Communication link|resource limit"
        "|Connection (not open|failure)|Disconnect|transport-level|shutdown"
        "|not currently available",
        SourceUnavailableError,
    ),
]
NEXT_STEPS: dict[type[ConnectorError], str] = {
    CredentialError: "check user and password, and the right to read.",
    FatalError: "check the name of the database, encrypt and trust_certificate.",
    MissingExtraError: "install the libraries of Microsoft's driver: libltdl7 and libkrb5.",
    QueryRejectedError: "correct the query.",
    SourceUnavailableError: "check host and port and that the server runs; try again.",
}


class MSSQLCredentials(Credentials):
    """The address of a Microsoft SQL Server database, and the user."""

    host: HostOfMSSQL
    port: Port = 1433
    database: Name
    user: str
    password: SecretStr
    encrypt: Literal["yes", "no", "strict"] = "yes"
    trust_certificate: bool = False  # without checking it


class MSSQL(Database):
    """A Microsoft SQL Server database, read by Microsoft's own driver.

    `KINDS` maps types to Arrow's; a decimal or a time also depends on its digits. The
    driver cuts off digits below a microsecond, so a type with seven digits of a second
    stops the run and names the column, as do types that Arrow doesn't hold; the error
    proposes a cast. A UNIQUEIDENTIFIER is text in lower case. A DATETIMEOFFSET is
    converted to UTC.

    Nothing makes the session read-only, so use an account that may only read. Nothing is
    ever committed.
    """

    credentials_model = MSSQLCredentials
    credentials: MSSQLCredentials
    notation = NOTATION
    title = "Microsoft SQL Server"
    as_text = "CAST({} AS NVARCHAR(MAX))"

    @property
    def address(self) -> str:
        """The host, port and database, for messages."""
        place = self.credentials
        return f"{place.host}:{place.port}/{place.database} ({self.place})"

    @property
    def connection_string(self) -> str:
        """The settings of the connection, which include the password: never show it."""
        place = self.credentials
        settings = {
            "Server": f"{place.host},{place.port}",
            "Database": place.database,
            "UID": place.user,
            "PWD": place.password.get_secret_value(),
            "Encrypt": place.encrypt,
            "TrustServerCertificate": "yes" if place.trust_certificate else "no",
            "ApplicationIntent": "ReadOnly",
            "ConnectRetryCount": "0",
        }
        return "".join(f"{name}={_braced(each)};" for name, each in settings.items())

    def to_batches(
        self, query: str, *, batch_bytes: int | None = None
    ) -> Iterator[pa.RecordBatch]:
        """Yield the result of `query` in batches of about `batch_bytes`.

        As `Source.to_batches`, but the size of a batch is estimated from the rows of
        the previous one. Use `bind` for values.

        Raises:
            SourceUnavailableError: No connection, a broken one, or no answer within
                `query_timeout`; a retry may help.
            CredentialError: The database refused the user.
            MissingExtraError: The machine lacks a library that the driver needs.
            QueryRejectedError: The database refused the query.
            UnsupportedTypeError: A value has no exact counterpart; names the column.
        """
        with self.explained(mssql_python.Error):
            yield from self.ahead(self._read(self._connect(), query, batch_bytes))

    def _connect(self) -> Any:
        mssql_python.pooling(enabled=False)
        connect = partial(
            mssql_python.connect, self.connection_string, timeout=CONNECT_SECONDS
        )
        try:
            connection = self.opened(connect)
        except mssql_python.Error as err:
            raise self.explain(err, connected=False) from err
        connection.timeout = self.query_timeout
        return connection

    def _read(
        self, connection: Any, query: str, batch_bytes: int | None
    ) -> Generator[pa.RecordBatch, None, None]:
        """Yield the result of a query, and close the connection."""
        try:
            with connection.cursor() as cursor:
                cursor.execute(self.notation.statement(query))
                # The description has Python's types, which are too few.
                codes = cursor._column_sql_types
                schema = self.schema_of(cursor.description or (), codes)
                rows = cursor.fetchmany(FIRST_ROWS)
                first = self.to_batch(schema.names, schema.types, rows)
                yield from self.batches(first, cursor.fetchmany, batch_bytes)
        finally:
            with contextlib.suppress(mssql_python.Error):
                connection.close()

    def schema_of(self, description: Any, codes: Any) -> pa.Schema:
        """Return the columns of a result.

        Args:
            description: The cursor's.
            codes: ODBC's number of each column's type.

        Raises:
            QueryRejectedError: A column has no name, or two have the same.
            UnsupportedTypeError: A type doesn't arrive exactly; names the column.
        """
        names = [column[0] for column in description]
        if "" in names:
            raise QueryRejectedError(
                "The query returns a column without a name.",
                self.address,
                "name each column with AS.",
            )
        self.check_names(names)
        return pa.schema(
            [
                (name, self._type(name, code, precision, scale))
                for (name, _, _, _, precision, scale, *_), code in zip(
                    description, codes, strict=True
                )
            ]
        )

    def _type(self, name: str, code: int, precision: int, scale: int) -> pa.DataType:
        if code in KINDS:
            return KINDS[code]
        if code in {DECIMAL, NUMERIC}:
            return pa.decimal128(precision, scale)
        if code in TIMES and scale <= MICROSECOND_DIGITS:
            return TIMES[code]
        problem = f"is of a type ({code}) that the driver doesn't return exactly"
        raise self.unsupported(name, problem, CASTS.get(code))

    def explain(self, error: BaseException, *, connected: bool) -> ConnectorError:
        """Return the connector's error for an error of the server or its driver."""
        text = re.sub("'[^']*'", "''", str(error))  # a name may contain anything
        other = QueryRejectedError if connected else SourceUnavailableError
        kind = next((each for part, each in ERRORS if re.search(part, text)), other)
        said = f"{self.title} said: {first_line(error)}."
        return kind(said, self.address, NEXT_STEPS[kind])


def _braced(value: str) -> str:
    """Return a value of a connection string in braces, so that it may be any text."""
    doubled = value.replace("}", "}}")
    return "{" + doubled + "}"
