"""Read from Oracle Database."""

from collections.abc import Generator, Iterator
import contextlib
from decimal import Decimal
from functools import partial
from typing import Any, Literal

import pyarrow as pa
from pydantic import SecretStr

from ..addresses import Host, Name, Port
from ..connector import CONNECT_SECONDS, Credentials, first_line
from ..exceptions import (
    ConnectorError,
    CredentialError,
    FatalError,
    QueryRejectedError,
    SourceUnavailableError,
)
from ..extras import Lazy
from ..source import FIRST_ROWS
from ..values import NAIVE
from .database import Database
from .notations.oracle import NOTATION

oracledb = Lazy("oracledb")

FETCH_ROWS = 1000  # in one answer of the server
INTEGER_DIGITS = 18  # 64 bits hold any integer of so many
DECIMAL128_DIGITS = 38
MICROSECOND_DIGITS = 6
UNSCALED = -127  # the scale of a NUMBER or FLOAT without one
ANY_NUMBER = pa.decimal128(38, 10)

# The driver's name of a type -> Arrow's type.
KINDS: dict[str, pa.DataType] = {
    "DB_TYPE_BINARY_DOUBLE": pa.float64(),
    "DB_TYPE_BINARY_FLOAT": pa.float64(),
    "DB_TYPE_BLOB": pa.binary(),
    "DB_TYPE_BOOLEAN": pa.bool_(),
    "DB_TYPE_CHAR": pa.string(),
    "DB_TYPE_CLOB": pa.string(),
    "DB_TYPE_DATE": NAIVE,
    "DB_TYPE_LONG": pa.string(),
    "DB_TYPE_LONG_NVARCHAR": pa.string(),
    "DB_TYPE_LONG_RAW": pa.binary(),
    "DB_TYPE_NCHAR": pa.string(),
    "DB_TYPE_NCLOB": pa.string(),
    "DB_TYPE_NVARCHAR": pa.string(),
    "DB_TYPE_RAW": pa.binary(),
    "DB_TYPE_ROWID": pa.string(),
    "DB_TYPE_UROWID": pa.string(),
    "DB_TYPE_VARCHAR": pa.string(),
}
# A type that doesn't arrive exactly -> a cast to text, if it isn't `Oracle.as_text`.
CASTS: dict[str, str] = {
    "DB_TYPE_JSON": "JSON_SERIALIZE({} RETURNING CLOB)",
    "DB_TYPE_TIMESTAMP": "TO_CHAR({}, 'SYYYY-MM-DD HH24:MI:SS.FF9')",
    "DB_TYPE_TIMESTAMP_LTZ": "TO_CHAR({}, 'SYYYY-MM-DD HH24:MI:SS.FF9 TZH:TZM')",
    "DB_TYPE_TIMESTAMP_TZ": "TO_CHAR({}, 'SYYYY-MM-DD HH24:MI:SS.FF9 TZH:TZM')",
    "DB_TYPE_VECTOR": "FROM_VECTOR({} RETURNING CLOB)",
    "DB_TYPE_XMLTYPE": "XMLSERIALIZE(CONTENT {} AS CLOB)",
}

# Code of the server (ORA) or of the driver (DPY) -> the error.
# https://docs.oracle.com/error-help/db/
ERRORS_BY_CODE: dict[str, type[ConnectorError]] = {
    "DPY-1001": SourceUnavailableError,  # no longer connected
    "DPY-3010": FatalError,  # the server is too old for this driver
    "DPY-3015": CredentialError,  # the password is stored in an old form
    "DPY-4011": SourceUnavailableError,  # the connection was closed
    "DPY-4024": SourceUnavailableError,  # query_timeout
    "DPY-6000": SourceUnavailableError,  # the listener refused
    "DPY-6001": FatalError,  # no such service
    "DPY-6003": FatalError,  # no such SID
    "DPY-6005": SourceUnavailableError,  # no connection
    "ORA-00018": SourceUnavailableError,  # too many sessions
    "ORA-00020": SourceUnavailableError,  # too many processes
    "ORA-00054": SourceUnavailableError,  # held by another
    "ORA-00060": SourceUnavailableError,  # deadlock
    "ORA-01005": CredentialError,  # no password
    "ORA-01013": SourceUnavailableError,  # interrupted
    "ORA-01017": CredentialError,  # wrong user or password
    "ORA-01031": CredentialError,  # no right
    "ORA-01033": SourceUnavailableError,  # starts or shuts down
    "ORA-01034": SourceUnavailableError,  # doesn't run
    "ORA-01045": CredentialError,  # no right to connect
    "ORA-01089": SourceUnavailableError,  # shuts down
    "ORA-01555": SourceUnavailableError,  # the old state is overwritten
    "ORA-02391": SourceUnavailableError,  # too many sessions of the user
    "ORA-03113": SourceUnavailableError,  # the connection broke
    "ORA-03114": SourceUnavailableError,
    "ORA-03135": SourceUnavailableError,
    "ORA-12505": FatalError,  # no such SID
    "ORA-12514": FatalError,  # no such service
    "ORA-12516": SourceUnavailableError,  # no free handler
    "ORA-12519": SourceUnavailableError,
    "ORA-12520": SourceUnavailableError,
    "ORA-28000": CredentialError,  # the account is locked
    "ORA-28001": CredentialError,  # the password is too old
}
NEXT_STEPS: dict[type[ConnectorError], str] = {
    CredentialError: "check user and password, and the right to read.",
    FatalError: "check service_name, and the server's version.",
    QueryRejectedError: "correct the query; it has no semicolon at its end.",
    SourceUnavailableError: "check host and port and that the server runs; try again.",
}


class OracleCredentials(Credentials):
    """The address of an Oracle Database, and the user."""

    host: Host
    port: Port = 1521
    service_name: Name
    user: str
    password: SecretStr
    protocol: Literal["tcp", "tcps"] = "tcp"


class Oracle(Database):
    """An Oracle Database, read by its driver's thin mode, without Oracle's client.

    Transactions are read-only and see one state of the data. `KINDS` maps types to
    Arrow's; a NUMBER depends on its digits. A NUMBER without any, such as a sum or a
    count, is `ANY_NUMBER`; a value with more decimals is refused. A type that the driver
    returns inexactly stops the run and names the column; the error proposes a cast.
    Oracle Database stores an empty text as NULL.
    """

    credentials_model = OracleCredentials
    credentials: OracleCredentials
    notation = NOTATION
    title = "Oracle Database"
    as_text = "TO_CHAR({})"

    @property
    def address(self) -> str:
        """The host, port and service, for messages."""
        place = self.credentials
        return f"{place.host}:{place.port}/{place.service_name} ({self.place})"

    def to_batches(
        self, query: str, *, batch_bytes: int | None = None
    ) -> Iterator[pa.RecordBatch]:
        """Yield the result of `query` in batches of about `batch_bytes`.

        As `Source.to_batches`, but the size of a batch is estimated from the rows of
        the previous one. Use `bind` for values.

        Raises:
            SourceUnavailableError: No connection, a broken one, or an answer of the
                server took longer than `query_timeout`; a retry may help.
            CredentialError: The database refused the user.
            FatalError: There is no such service.
            QueryRejectedError: The database refused the query.
            UnsupportedTypeError: A value has no exact counterpart; names the column.
        """
        with self.explained(oracledb.Error):
            connection = self._connect()
            yield from self.ahead(
                self._read(connection, query, batch_bytes), connection.cancel
            )

    def _connect(self) -> Any:
        connect = partial(
            oracledb.connect,
            user=self.credentials.user,
            password=self.credentials.password.get_secret_value(),
            host=self.credentials.host,
            port=self.credentials.port,
            service_name=self.credentials.service_name,
            protocol=self.credentials.protocol,
            tcp_connect_timeout=CONNECT_SECONDS,
            retry_count=0,
        )
        try:
            connection = self.opened(connect)
        except (oracledb.Error, OSError, ValueError) as err:
            raise self.explain(err, connected=False) from err
        connection.call_timeout = int(1000 * self.query_timeout)
        return connection

    def _read(
        self, connection: Any, query: str, batch_bytes: int | None
    ) -> Generator[pa.RecordBatch, None, None]:
        """Yield the result of a query, and close the connection."""
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION READ ONLY")
                cursor.arraysize = FETCH_ROWS
                cursor.prefetchrows = FIRST_ROWS
                statement = self.notation.statement(query)
                cursor.execute(statement, fetch_decimals=True, fetch_lobs=False)
                schema = self.schema_of(cursor.description or ())
                rows = cursor.fetchmany(FIRST_ROWS)
                first = self.to_batch(schema.names, schema.types, rows)
                yield from self.batches(first, cursor.fetchmany, batch_bytes)
        finally:
            with contextlib.suppress(oracledb.Error):
                connection.close()

    def schema_of(self, description: Any) -> pa.Schema:
        """Return the columns of a result.

        Args:
            description: The cursor's, with the driver's own types.

        Raises:
            QueryRejectedError: There are no columns, or two of the same name.
            UnsupportedTypeError: A type doesn't arrive exactly; names the column.
        """
        self.check_names([field.name for field in description])
        return pa.schema([(field.name, self._type(field)) for field in description])

    def _type(self, field: Any) -> pa.DataType:
        called = field.type_code.name
        if called in KINDS:
            return KINDS[called]
        if called == "DB_TYPE_NUMBER":
            return number(field.precision or 0, field.scale)
        if called == "DB_TYPE_TIMESTAMP" and (field.scale or 0) <= MICROSECOND_DIGITS:
            return NAIVE
        problem = f"is of the type {called}, which the driver doesn't return exactly"
        raise self.unsupported(field.name, problem, CASTS.get(called))

    def to_array(self, name: str, kind: pa.DataType | None, values: Any) -> pa.Array:
        """Return the values of a column, as the driver returned them.

        Raises:
            UnsupportedTypeError: The type can't hold one exactly; names the column.
        """
        if kind == pa.int64():
            values = [int(v) if isinstance(v, Decimal) else v for v in values]
        elif pa.types.is_decimal(kind):
            values = [Decimal(v) if isinstance(v, int) else v for v in values]
        return super().to_array(name, kind, values)

    def explain(self, error: BaseException, *, connected: bool) -> ConnectorError:
        """Return the connector's error for an error of the server or its driver."""
        code = getattr(error.args[0] if error.args else None, "full_code", "")
        other = QueryRejectedError if connected else SourceUnavailableError
        kind = ERRORS_BY_CODE.get(code, other)
        said = f"{self.title} said: {first_line(error)}."
        return kind(said, self.address, NEXT_STEPS[kind])


def number(precision: int, scale: int | None) -> pa.DataType:
    """Return the type of a NUMBER of so many digits, of which `scale` are decimals.

    Args:
        precision: 0 if the server tells none.
        scale: Negative if the last digits are rounded to zeros.
    """
    if not precision or scale is None or scale == UNSCALED:
        return ANY_NUMBER
    digits = max(precision - min(scale, 0), scale)
    if digits <= INTEGER_DIGITS and scale <= 0:
        return pa.int64()
    decimal = pa.decimal128 if digits <= DECIMAL128_DIGITS else pa.decimal256
    return decimal(digits, max(0, scale))
