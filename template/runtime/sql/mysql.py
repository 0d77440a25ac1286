"""Read from MySQL and MariaDB."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import SecretStr
from sqlalchemy import URL

from ..addresses import Host, Name, Port
from ..connector import CONNECT_SECONDS, Credentials, first_line
from ..exceptions import (
    ConnectorError,
    CredentialError,
    FatalError,
    QueryRejectedError,
    SourceUnavailableError,
)
from ..tls import CaFile, reason_for_distrust
from ..waiting import cut
from .notations.mysql import NOTATION
from .source import SQL

# MariaDB runs a comment that begins with M!, MySQL one that begins with its version.
SESSION = (
    "SET SESSION time_zone = '+00:00', net_write_timeout = {seconds} "
    "/*M!100100 , tx_read_only = 1, max_statement_time = {seconds} */ "
    "/*!50720 , transaction_read_only = 1, max_execution_time = {milliseconds} */"
)

# The protocol's types and flags.
# https://dev.mysql.com/doc/dev/mysql-server/latest/field__types_8h.html
BIT, DOUBLE, FLOAT, GEOMETRY, JSON, TIMESTAMP, VECTOR = 16, 5, 4, 255, 245, 7, 242
DECIMALS = (0, 246)
TEXTS_OR_BYTES = (15, 247, 248, 249, 250, 251, 252, 253, 254)
UNSIGNED = 32
BINARY_CHARSET = 63
DECIMAL128_DIGITS = 38
IN_UTC = pa.timestamp("us", tz="UTC")
OF_DAY = pa.time64("us")

# Type -> Arrow's type of a signed and of an unsigned column.
INTEGERS: dict[int, tuple[pa.DataType, pa.DataType]] = {
    1: (pa.int8(), pa.uint8()),
    2: (pa.int16(), pa.uint16()),
    3: (pa.int32(), pa.uint32()),
    8: (pa.int64(), pa.uint64()),
    9: (pa.int32(), pa.uint32()),
    13: (pa.int16(), pa.uint16()),  # YEAR
}
OTHERS: dict[int, pa.DataType] = {
    BIT: pa.uint64(),
    DOUBLE: pa.float64(),
    6: pa.string(),  # NULL alone
    JSON: pa.string(),
    TIMESTAMP: IN_UTC,
    10: pa.date32(),
    11: OF_DAY,
    12: pa.timestamp("us"),  # DATETIME
}
# A type that doesn't arrive exactly -> its name, and a cast that does.
REFUSED: dict[int, tuple[str, str]] = {
    FLOAT: ("FLOAT, which the server sends with six digits", "CAST({} AS DOUBLE)"),
    GEOMETRY: ("GEOMETRY, in the server's own format", "ST_AsWKB({})"),
    VECTOR: ("VECTOR, in the server's own format", "VECTOR_TO_STRING({})"),
}

# Error number -> the error.
# https://mariadb.com/kb/en/mariadb-error-codes/
ERRORS_BY_NUMBER: dict[int, type[ConnectorError]] = {
    1040: SourceUnavailableError,  # too many connections
    1044: CredentialError,  # no right to the database
    1045: CredentialError,  # wrong user or password
    1049: FatalError,  # no such database
    1053: SourceUnavailableError,  # shutdown
    1129: SourceUnavailableError,  # host is blocked
    1142: CredentialError,  # no right to the table
    1143: CredentialError,  # no right to the column
    1158: SourceUnavailableError,  # network
    1159: SourceUnavailableError,
    1160: SourceUnavailableError,
    1161: SourceUnavailableError,
    1203: SourceUnavailableError,  # too many connections of the user
    1205: SourceUnavailableError,  # waited too long for a lock
    1213: SourceUnavailableError,  # deadlock
    1226: SourceUnavailableError,  # a limit of the user
    1317: SourceUnavailableError,  # interrupted
    1698: CredentialError,  # wrong user or password
    1969: SourceUnavailableError,  # max_statement_time
    2026: FatalError,  # TLS
    3159: FatalError,  # the server demands TLS
    3024: SourceUnavailableError,  # max_execution_time
}
CLIENT_ERRORS = range(2000, 3000)  # any other one: no connection, or a broken one

NEXT_STEPS: dict[type[ConnectorError], str] = {
    CredentialError: "check user and password, and the right to read.",
    FatalError: "check the name of the database, and ssl_ca.",
    QueryRejectedError: "correct the query.",
    SourceUnavailableError: "check host and port and that the server runs; try again.",
}


class MySQLCredentials(Credentials):
    """The address of a MySQL database, and the user.

    With `ssl_ca`, a file of certificates, the connection is encrypted, and the server's
    certificate must be from one of these authorities and for the server's host.
    """

    host: Host
    port: Port = 3306
    database: Name
    user: str
    password: SecretStr | None = None
    ssl_ca: CaFile | None = None


class MySQL(SQL):
    """A MySQL database, read row by row as the server sends them.

    Sessions are read-only and in UTC. Values arrive as the server's text and are parsed
    by column, into the types `INTEGERS` and `OTHERS`. ENUM, SET, UUID and JSON are text,
    BIT is a number. A type of `REFUSED`, a date with zeros or a time beyond a day stops
    the run and names the column.
    """

    credentials_model = MySQLCredentials
    credentials: MySQLCredentials
    notation = NOTATION
    title = "MySQL"
    as_text = "CAST({} AS CHAR)"

    @property
    def url(self) -> URL:
        """The database's address, with the driver's name. Its `str` hides the password."""
        password = self.credentials.password
        return URL.create(
            "mysql+pymysql",
            username=self.credentials.user,
            password=password.get_secret_value() if password else None,
            host=self.credentials.host,
            port=self.credentials.port,
            database=self.credentials.database,
        )

    def engine_options(self) -> dict[str, Any]:
        """Return timeouts, and the settings of a read-only session."""
        connect_args: dict[str, Any] = {
            "charset": "utf8mb4",
            "connect_timeout": CONNECT_SECONDS,
            # No decoders, so that a value is the server's text.
            "conv": {bool: lambda value, _mapping: str(int(value))},
            "init_command": SESSION.format(
                seconds=self.query_timeout, milliseconds=1000 * self.query_timeout
            ),
            "read_timeout": self.query_timeout + CONNECT_SECONDS,
        }
        if self.credentials.password:
            # PyMySQL would encode a str in Latin 1.
            password = self.credentials.password.get_secret_value()
            connect_args["password"] = password.encode()
        if self.credentials.ssl_ca:
            connect_args["ssl_ca"] = self.credentials.ssl_ca
            connect_args["ssl_verify_cert"] = True
            connect_args["ssl_verify_identity"] = True
        return {"connect_args": connect_args}

    def column_types(
        self,
        cursor: Any,
        query: str,  # noqa: ARG002 - the cursor has the types
    ) -> list[pa.DataType | None]:
        """Return the Arrow type of each column.

        Args:
            cursor: PyMySQL's. Its `description` lacks the flags and the character set.
            query: The query.

        Raises:
            UnsupportedTypeError: A type is one of `REFUSED`; names the column.
        """
        return [self._column_type(field) for field in cursor._result.fields]

    def _column_type(self, field: Any) -> pa.DataType:
        code = field.type_code
        unsigned = bool(field.flags & UNSIGNED)
        if code in INTEGERS:
            return INTEGERS[code][unsigned]
        if code in OTHERS:
            return OTHERS[code]
        if code in DECIMALS:
            # The length includes the point and the sign.
            digits = max(1, field.length - (field.scale > 0) - (not unsigned))
            wide = digits > DECIMAL128_DIGITS
            decimal = pa.decimal256 if wide else pa.decimal128
            return decimal(digits, field.scale)
        if code in TEXTS_OR_BYTES:
            is_text = field.charsetnr != BINARY_CHARSET
            return pa.string() if is_text else pa.binary()
        called, cast = REFUSED.get(code, (f"of the unknown type {code}", None))
        raise self.unsupported(field.name, f"is {called}", cast)

    def to_array(self, name: str, kind: pa.DataType | None, values: Any) -> pa.Array:
        """Return the values of a column, which the driver returned as text or bytes.

        Raises:
            UnsupportedTypeError: The type can't hold one exactly; names the column.
        """
        if pa.types.is_uint64(kind) and bytes in set(map(type, values)):
            values = [v if v is None else int.from_bytes(v) for v in values]
        if not any(isinstance(value, str) for value in values):
            return super().to_array(name, kind, values)
        texts = super().to_array(name, pa.string(), values)
        try:
            if kind == IN_UTC:
                return pc.assume_timezone(texts.cast(pa.timestamp("us")), "UTC")
            if kind == OF_DAY:
                moments = pc.binary_join_element_wise("1970-01-01", texts, " ")
                return moments.cast(pa.timestamp("us")).cast(kind)
            return texts.cast(kind)
        except pa.ArrowException as err:
            raise self.unsupported(
                name, f"holds a value that the type {kind} can't hold"
            ) from err

    def abandon(self, connection: Any, cursor: Any) -> None:
        """Leave the rest of a result unread; otherwise PyMySQL reads it to the end."""
        if cursor._result:
            cursor._result.unbuffered_active = False
        connection.invalidate()

    def cut(self, connection: Any) -> None:
        """Shut down the connection, for which PyMySQL has no function."""
        if connection._sock:
            cut(connection._sock.fileno())

    def explain(self, error: BaseException, *, connected: bool) -> ConnectorError:
        """Return the connector's error for an error of PyMySQL: a number and a text."""
        if reason := reason_for_distrust(error):
            return FatalError(
                f"The server's certificate isn't trusted: {reason}.",
                self.address,
                "check host, or set ssl_ca to the file of its authority.",
            )
        number, text = (*error.args, "", "")[:2]
        kind = ERRORS_BY_NUMBER.get(number)
        if kind is None:
            lost = not connected or number in CLIENT_ERRORS
            kind = SourceUnavailableError if lost else QueryRejectedError
        said = f"{self.title} said: {first_line(Exception(text))} ({number})."
        return kind(said, self.address, NEXT_STEPS[kind])


class MariaDBCredentials(MySQLCredentials):
    """The address of a MariaDB database, and the user. As `MySQLCredentials`."""


class MariaDB(MySQL):
    """A MariaDB database. As `MySQL`."""

    credentials_model = MariaDBCredentials
    title = "MariaDB"
