"""Read from Microsoft SQL Server."""

from collections.abc import Iterator, Mapping
import contextlib
import re
from typing import Any, Literal

import pyarrow as pa
from pydantic import SecretStr

from acme.exceptions import (
    ConnectorError,
    CredentialError,
    FatalError,
    MissingExtraError,
    QueryRejectedError,
    SourceUnavailableError,
    UnsupportedTypeError,
)
from acme.python_values import (
    IN_UTC,
    NAIVE,
    to_array,
)
from acme.queries import NOTATIONS, QueryWriter
from acme.sources.base import (
    BATCH_BYTES,
    CONNECT_SECONDS,
    FIRST_ROWS,
    Credentials,
    Source,
    first_line,
    fitting_rows,
)

with contextlib.suppress(ImportError):
    import mssql_python

MICROSECOND_DIGITS = 6
DATETIME, DATETIMEOFFSET, DECIMAL, NUMERIC, TIME = 93, -155, 3, 2, -154
TIMES = {DATETIME: NAIVE, DATETIMEOFFSET: IN_UTC, TIME: pa.time64("us")}

# ODBC's number of a type, or Microsoft's -> what holds it.
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
# What doesn't arrive as it is -> how to have it as text.
AS_TEXT = "CAST({} AS NVARCHAR(MAX))"
CASTS: dict[int, str] = {
    -151: "{}.ToString()",  # GEOGRAPHY, GEOMETRY, HIERARCHYID
    DATETIME: "CONVERT(NVARCHAR(27), {}, 121)",
    DATETIMEOFFSET: "CONVERT(NVARCHAR(34), {}, 121)",
    TIME: "CONVERT(NVARCHAR(16), {}, 121)",
}

# A part of what the driver or the server says -> what it means for the caller; the
# first one counts. The driver hands on no number.
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
    MissingExtraError: "install what Microsoft's driver needs: libltdl7 and libkrb5.",
    QueryRejectedError: "correct the query.",
    SourceUnavailableError: "check host and port and that the server runs; try again.",
}


class MSSQLCredentials(Credentials):
    """How to reach a Microsoft SQL Server database, and as whom."""

    host: str
    port: int = 1433
    database: str
    user: str
    password: SecretStr
    encrypt: Literal["yes", "no", "strict"] = "yes"
    trust_certificate: bool = False  # whatever certificate the server shows


class MSSQL(QueryWriter, Source):
    """A Microsoft SQL Server database, read by Microsoft's own driver.

    A column's type follows from what the server tells: `KINDS`, and the digits of a
    decimal or of a second. The driver cuts off what is below a microsecond, so a type
    with seven digits of a second stops the run by the column's name, as do those that
    Arrow doesn't hold, with a cast: `CASTS`. A UNIQUEIDENTIFIER is text in lower case.
    A DATETIMEOFFSET is the same moment in UTC.

    Nothing makes the session read-only: give a user who may only read. Nothing is ever
    committed.
    """

    credentials_model = MSSQLCredentials
    credentials: MSSQLCredentials
    notation = NOTATIONS["mssql"]
    requires = ("mssql_python", "mssql")

    def __init__(
        self,
        *,
        config_key: str | None = None,
        credentials: Mapping[str, Any] | None = None,
        query_timeout: int = 60 * 60,
    ) -> None:
        """Validate the credentials; connect to nothing.

        Args:
            config_key: The key in the configuration that holds the credentials.
            credentials: The fields of `credentials_model`.
            query_timeout: Seconds after which a query is given up.

        Raises:
            MissingExtraError: As in `Connector`.
            ConfigError: As in `Connector`.
            CredentialError: As in `Connector`.
        """
        super().__init__(config_key=config_key, credentials=credentials)
        self.query_timeout = query_timeout

    @property
    def address(self) -> str:
        """Host, port and database, for messages."""
        place = self.credentials
        return f"{place.host}:{place.port}/{place.database} ({self.place})"

    @property
    def connection_string(self) -> str:
        """What the driver connects by, with the password in it: show it to nobody."""
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
        self, query: str, *, batch_bytes: int = BATCH_BYTES
    ) -> Iterator[pa.RecordBatch]:
        """Yield the result of `query` in batches of about `batch_bytes`.

        As `Source.to_batches`, but that the bytes of a batch are estimated from the
        rows of the one before. The query takes no parameters; `bind` writes values
        into one.

        Raises:
            SourceUnavailableError: No connection, or a broken one, or no answer within
                `query_timeout`; a retry may help.
            CredentialError: The database refused the user.
            MissingExtraError: The machine lacks a library that the driver needs.
            QueryRejectedError: The database refused the query.
            UnsupportedTypeError: A column can't be had exactly; names it.
        """
        connection = self._connect()
        try:
            with connection.cursor() as cursor:
                yield from self._read(cursor, query, batch_bytes)
        except mssql_python.Error as err:
            raise self.explain(err, connected=True) from err
        except (OverflowError, ValueError) as err:
            raise UnsupportedTypeError(
                f"The driver can't hold a value: {err}.",
                self.address,
                "cast the column to text in the query.",
            ) from err
        finally:
            with contextlib.suppress(mssql_python.Error):
                connection.close()

    def _connect(self) -> Any:
        mssql_python.pooling(enabled=False)
        try:
            connection = mssql_python.connect(
                self.connection_string, timeout=CONNECT_SECONDS
            )
        except mssql_python.Error as err:
            raise self.explain(err, connected=False) from err
        connection.timeout = self.query_timeout
        return connection

    def _read(
        self, cursor: Any, query: str, batch_bytes: int
    ) -> Iterator[pa.RecordBatch]:
        cursor.execute(query)
        if not cursor.description:
            raise QueryRejectedError(
                "The query gives no columns.", self.address, "name some."
            )
        # The description has Python's types only, which are too few.
        schema = self.schema_of(cursor.description, cursor._column_sql_types)
        batch = self._batch(schema, cursor.fetchmany(FIRST_ROWS))
        yield batch
        while rows := cursor.fetchmany(fitting_rows(batch, batch_bytes)):
            batch = self._batch(schema, rows)
            yield batch

    def schema_of(self, description: Any, codes: Any) -> pa.Schema:
        """Return the columns of a result.

        Args:
            description: The cursor's.
            codes: ODBC's number of each column's type.

        Raises:
            QueryRejectedError: A column has no name, or two have one.
            UnsupportedTypeError: A type doesn't arrive as it is; names the column.
        """
        names = [column[0] for column in description]
        for name in names:
            if not name or names.count(name) > 1:
                raise QueryRejectedError(
                    f"The query gives a column named '{name}' that is not the only one."
                    if name
                    else "The query gives a column without a name.",
                    self.address,
                    "name each column with AS.",
                )
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
        cast = CASTS.get(code, AS_TEXT).format(_quoted(name))
        raise UnsupportedTypeError(
            f"The column '{name}' is of a type ({code}) "
            "that the driver doesn't give exactly.",
            self.address,
            f"write {cast} in the query.",
        )

    def _batch(self, schema: pa.Schema, rows: Any) -> pa.RecordBatch:
        arrays = [
            self._array(field.name, field.type, [row[place] for row in rows])
            for place, field in enumerate(schema)
        ]
        return pa.RecordBatch.from_arrays(arrays, schema=schema)

    def _array(self, name: str, kind: pa.DataType, values: Any) -> pa.Array:
        try:
            return to_array(kind, values)
        except ValueError as err:
            raise UnsupportedTypeError(
                f"The column '{name}' holds a value that the type {kind} can't hold.",
                self.address,
                f"write {AS_TEXT.format(_quoted(name))} in the query.",
            ) from err

    def explain(self, error: BaseException, *, connected: bool) -> ConnectorError:
        """Return what an error of Microsoft SQL Server, or of its driver, means.

        Args:
            error: What the driver raised.
            connected: Whether there was a connection when it was raised.
        """
        text = re.sub("'[^']*'", "''", str(error))  # names can say anything
        other = QueryRejectedError if connected else SourceUnavailableError
        kind = next((each for part, each in ERRORS if re.search(part, text)), other)
        said = f"Microsoft SQL Server said: {first_line(error)}."
        return kind(said, self.address, NEXT_STEPS[kind])


def _quoted(name: str) -> str:
    doubled = name.replace("]", "]]")
    return f"[{doubled}]"


def _braced(value: str) -> str:
    """Return a value of a connection string, in which any character may stand."""
    doubled = value.replace("}", "}}")
    return "{" + doubled + "}"
