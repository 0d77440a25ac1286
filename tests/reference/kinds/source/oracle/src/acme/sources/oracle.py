"""Read from Oracle Database."""

from collections.abc import Iterator, Mapping
import contextlib
from decimal import Decimal
from queue import Empty, SimpleQueue
import threading
from typing import Any, Literal

import pyarrow as pa
from pydantic import SecretStr

from acme.exceptions import (
    ConnectorError,
    CredentialError,
    FatalError,
    QueryRejectedError,
    SourceUnavailableError,
    UnsupportedTypeError,
)
from acme.python_values import NAIVE, to_array
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
    import oracledb

FETCH_ROWS = 1000  # as many as come in one answer of the server
INTEGER_DIGITS = 18  # that 64 bits hold, whatever they are
DECIMAL128_DIGITS = 38
MICROSECOND_DIGITS = 6
UNSCALED = -127  # the scale of a NUMBER or FLOAT that has none
ANY_NUMBER = pa.decimal128(38, 10)

# The driver's name of a type -> what holds it.
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
# What doesn't arrive as it is -> how to have it as text.
AS_TEXT = "TO_CHAR({})"
CASTS: dict[str, str] = {
    "DB_TYPE_JSON": "JSON_SERIALIZE({} RETURNING CLOB)",
    "DB_TYPE_TIMESTAMP": "TO_CHAR({}, 'SYYYY-MM-DD HH24:MI:SS.FF9')",
    "DB_TYPE_TIMESTAMP_LTZ": "TO_CHAR({}, 'SYYYY-MM-DD HH24:MI:SS.FF9 TZH:TZM')",
    "DB_TYPE_TIMESTAMP_TZ": "TO_CHAR({}, 'SYYYY-MM-DD HH24:MI:SS.FF9 TZH:TZM')",
    "DB_TYPE_VECTOR": "FROM_VECTOR({} RETURNING CLOB)",
    "DB_TYPE_XMLTYPE": "XMLSERIALIZE(CONTENT {} AS CLOB)",
}

# Code of the server (ORA) or of the driver (DPY) -> what it means for the caller.
# https://docs.oracle.com/error-help/db/
ERRORS_BY_CODE: dict[str, type[ConnectorError]] = {
    "DPY-1001": SourceUnavailableError,  # not connected any more
    "DPY-3010": FatalError,  # the server is too old for this driver
    "DPY-3015": CredentialError,  # a password kept in an old form
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
    "ORA-01555": SourceUnavailableError,  # what was there then is overwritten
    "ORA-02391": SourceUnavailableError,  # too many sessions of the user
    "ORA-03113": SourceUnavailableError,  # the connection broke
    "ORA-03114": SourceUnavailableError,
    "ORA-03135": SourceUnavailableError,
    "ORA-12505": FatalError,  # no such SID
    "ORA-12514": FatalError,  # no such service
    "ORA-12516": SourceUnavailableError,  # nobody is free to answer
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
    """How to reach an Oracle Database, and as whom."""

    host: str
    port: int = 1521
    service_name: str
    user: str
    password: SecretStr
    protocol: Literal["tcp", "tcps"] = "tcp"


class Oracle(QueryWriter, Source):
    """An Oracle Database, read by its driver's thin mode: no client of Oracle's.

    Transactions are read-only, and see one state of the data. A column's type follows
    from what the server tells: `KINDS`, and of a NUMBER its digits. A NUMBER without
    any, as sums and counts are, is `ANY_NUMBER`; more decimals are refused. Types that
    the driver gives inexactly stop the run by the column's name, with a cast: `CASTS`.
    Oracle Database keeps an empty text as NULL.
    """

    credentials_model = OracleCredentials
    credentials: OracleCredentials
    notation = NOTATIONS["oracle"]
    requires = ("oracledb", "oracle")

    def __init__(
        self,
        *,
        config_key: str | None = None,
        credentials: Mapping[str, Any] | None = None,
        query_timeout: float = 60 * 60,
    ) -> None:
        """Validate the credentials; connect to nothing.

        Args:
            config_key: The key in the configuration that holds the credentials.
            credentials: The fields of `credentials_model`.
            query_timeout: Seconds after which an answer of the server is given up.

        Raises:
            MissingExtraError: As in `Connector`.
            ConfigError: As in `Connector`.
            CredentialError: As in `Connector`.
        """
        super().__init__(config_key=config_key, credentials=credentials)
        self.query_timeout = query_timeout

    @property
    def address(self) -> str:
        """Host, port and service, for messages."""
        place = self.credentials
        return f"{place.host}:{place.port}/{place.service_name} ({self.place})"

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
            FatalError: There is no such service.
            QueryRejectedError: The database refused the query.
            UnsupportedTypeError: A column can't be had exactly; names it.
        """
        connection = self._connect()
        try:
            with connection.cursor() as cursor:
                yield from self._read(cursor, query, batch_bytes)
        except oracledb.Error as err:
            raise self.explain(err, connected=True) from err
        except (OverflowError, ValueError) as err:  # a date before the year 1
            raise UnsupportedTypeError(
                f"The driver can't hold a value: {err}.",
                self.address,
                "cast the column to text in the query.",
            ) from err
        finally:
            with contextlib.suppress(oracledb.Error):
                connection.close()

    def _connect(self) -> Any:
        """Connect, and wait no longer than `CONNECT_SECONDS`.

        The driver limits the time until a server takes the connection, but waits for
        its first word for ever.
        """
        opened: SimpleQueue[Any] = SimpleQueue()
        given_up = threading.Event()
        threading.Thread(
            target=self._open, args=(opened, given_up), daemon=True
        ).start()
        try:
            connection = opened.get(timeout=CONNECT_SECONDS)
        except Empty:
            given_up.set()
            raise SourceUnavailableError(
                f"There was no answer within {CONNECT_SECONDS} seconds.",
                self.address,
                NEXT_STEPS[SourceUnavailableError],
            ) from None
        if isinstance(connection, BaseException):
            raise self.explain(connection, connected=False) from connection
        connection.call_timeout = int(1000 * self.query_timeout)
        return connection

    def _open(self, opened: "SimpleQueue[Any]", given_up: threading.Event) -> None:
        try:
            connection = oracledb.connect(
                user=self.credentials.user,
                password=self.credentials.password.get_secret_value(),
                host=self.credentials.host,
                port=self.credentials.port,
                service_name=self.credentials.service_name,
                protocol=self.credentials.protocol,
                tcp_connect_timeout=CONNECT_SECONDS,
                retry_count=0,
            )
        except (oracledb.Error, OSError, ValueError) as err:
            opened.put(err)
            return
        if given_up.is_set():
            connection.close()
        opened.put(connection)

    def _read(
        self, cursor: Any, query: str, batch_bytes: int
    ) -> Iterator[pa.RecordBatch]:
        cursor.execute("SET TRANSACTION READ ONLY")
        cursor.arraysize = FETCH_ROWS
        cursor.prefetchrows = FIRST_ROWS
        cursor.execute(query, fetch_decimals=True, fetch_lobs=False)
        if not cursor.description:
            raise QueryRejectedError(
                "The query gives no columns.", self.address, "name some."
            )
        schema = self.schema_of(cursor.description)
        batch = self._batch(schema, cursor.fetchmany(FIRST_ROWS))
        yield batch
        while rows := cursor.fetchmany(fitting_rows(batch, batch_bytes)):
            batch = self._batch(schema, rows)
            yield batch

    def schema_of(self, description: Any) -> pa.Schema:
        """Return the columns of a result.

        Args:
            description: The cursor's, with the driver's own types.

        Raises:
            QueryRejectedError: Two columns have one name.
            UnsupportedTypeError: A type doesn't arrive as it is; names the column.
        """
        names = [field.name for field in description]
        for name in names:
            if names.count(name) > 1:
                raise QueryRejectedError(
                    f"The query gives two columns named '{name}'.",
                    self.address,
                    "rename one of them with AS.",
                )
        return pa.schema([(field.name, self._type(field)) for field in description])

    def _type(self, field: Any) -> pa.DataType:
        called = field.type_code.name
        if called in KINDS:
            return KINDS[called]
        if called == "DB_TYPE_NUMBER":
            return number(field.precision or 0, field.scale)
        if called == "DB_TYPE_TIMESTAMP" and (field.scale or 0) <= MICROSECOND_DIGITS:
            return NAIVE
        raise UnsupportedTypeError(
            f"The column '{field.name}' is of the type {called}, "
            "which the driver doesn't give exactly.",
            self.address,
            f"write {CASTS.get(called, AS_TEXT).format(_quoted(field.name))} "
            "in the query.",
        )

    def _batch(self, schema: pa.Schema, rows: Any) -> pa.RecordBatch:
        arrays = [
            self._array(field.name, field.type, [row[place] for row in rows])
            for place, field in enumerate(schema)
        ]
        return pa.RecordBatch.from_arrays(arrays, schema=schema)

    def _array(self, name: str, kind: pa.DataType, values: Any) -> pa.Array:
        if kind == pa.int64():
            values = [int(v) if isinstance(v, Decimal) else v for v in values]
        elif pa.types.is_decimal(kind):
            values = [Decimal(v) if isinstance(v, int) else v for v in values]
        try:
            return to_array(kind, values)
        except ValueError as err:
            raise UnsupportedTypeError(
                f"The column '{name}' holds a value that the type {kind} can't hold.",
                self.address,
                f"write {AS_TEXT.format(_quoted(name))} in the query.",
            ) from err

    def explain(self, error: BaseException, *, connected: bool) -> ConnectorError:
        """Return what an error of Oracle Database, or of its driver, means.

        Args:
            error: What the driver raised.
            connected: Whether there was a connection when it was raised.
        """
        code = getattr(error.args[0] if error.args else None, "full_code", "")
        other = QueryRejectedError if connected else SourceUnavailableError
        kind = ERRORS_BY_CODE.get(code, other)
        said = f"Oracle Database said: {first_line(error)}."
        return kind(said, self.address, NEXT_STEPS[kind])


def number(precision: int, scale: int | None) -> pa.DataType:
    """Return what holds a NUMBER of so many digits, of which `scale` are decimals.

    Args:
        precision: 0 where the server tells none.
        scale: Negative where the last digits are rounded to zeros.
    """
    if not precision or scale is None or scale == UNSCALED:
        return ANY_NUMBER
    digits = max(precision - min(scale, 0), scale)
    if digits <= INTEGER_DIGITS and scale <= 0:
        return pa.int64()
    decimal = pa.decimal128 if digits <= DECIMAL128_DIGITS else pa.decimal256
    return decimal(digits, max(0, scale))


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'
