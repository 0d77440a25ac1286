"""Read from MariaDB."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import SecretStr
from sqlalchemy import URL

from acme.certificates import (
    CaFile,
    reason_for_distrust,
)
from acme.exceptions import (
    ConnectorError,
    CredentialError,
    FatalError,
    QueryRejectedError,
    SourceUnavailableError,
    UnsupportedTypeError,
)
from acme.queries import NOTATIONS
from acme.sources.base import (
    CONNECT_SECONDS,
    SQL,
    Credentials,
    first_line,
)

# MariaDB runs what stands after M!, MySQL what stands after the number of a version.
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

# Type -> what holds it, and what holds it where it is unsigned.
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
    6: pa.string(),  # NULL, and nothing else
    JSON: pa.string(),
    TIMESTAMP: IN_UTC,
    10: pa.date32(),
    11: OF_DAY,
    12: pa.timestamp("us"),  # DATETIME
}
# What doesn't arrive as it is -> its name, and how to have it.
REFUSED: dict[int, tuple[str, str]] = {
    FLOAT: ("FLOAT, of which the server sends six digits", "CAST({} AS DOUBLE)"),
    GEOMETRY: ("GEOMETRY, in bytes of the server's own", "ST_AsWKB({})"),
    VECTOR: ("VECTOR, in bytes of the server's own", "VECTOR_TO_STRING({})"),
}

# Error number -> what it means for the caller.
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
CLIENT_ERRORS = range(2000, 3000)  # the others of them: no connection, or a broken one

NEXT_STEPS: dict[type[ConnectorError], str] = {
    CredentialError: "check user and password, and the right to read.",
    FatalError: "check the name of the database, and ssl_ca.",
    QueryRejectedError: "correct the query.",
    SourceUnavailableError: "check host and port and that the server runs; try again.",
}


class MariaDBCredentials(Credentials):
    """How to reach a MariaDB database, and as whom.

    With `ssl_ca`, a file of certificates, the connection has TLS, and the server has to
    show a certificate of one of these authorities and of its own name.
    """

    host: str
    port: int = 3306
    database: str
    user: str
    password: SecretStr | None = None
    ssl_ca: CaFile | None = None


class MariaDB(SQL):
    """A MariaDB database, read row by row as the server sends them.

    Sessions are read-only and in UTC. Values arrive as the server's text, and are
    parsed in columns: `INTEGERS` and `OTHERS` say into which type. ENUM, SET, UUID and
    JSON are text, BIT is a number. `REFUSED` types, dates with zeros and times beyond a
    day stop the run by the column's name.
    """

    credentials_model = MariaDBCredentials
    credentials: MariaDBCredentials
    notation = NOTATIONS["mysql"]
    requires = ("pymysql", "mariadb")

    @property
    def url(self) -> URL:
        """The database's address, with the driver named. Its `str` hides the password."""
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
            # Without decoders, so that a value is what the server wrote.
            "conv": {bool: lambda value, _mapping: str(int(value))},
            "init_command": SESSION.format(
                seconds=self.query_timeout, milliseconds=1000 * self.query_timeout
            ),
            "read_timeout": self.query_timeout + CONNECT_SECONDS,
        }
        if self.credentials.password:
            # PyMySQL would write a text in Latin 1.
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
        query: str,  # noqa: ARG002 - the cursor tells the types
    ) -> list[pa.DataType | None]:
        """Return the Arrow type of each column, which the server tells with a result.

        Args:
            cursor: PyMySQL's. Its `description` lacks the flags and the character set.
            query: As it was run.

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
            # The length has the point and the sign in it.
            digits = max(1, field.length - (field.scale > 0) - (not unsigned))
            wide = digits > DECIMAL128_DIGITS
            decimal = pa.decimal256 if wide else pa.decimal128
            return decimal(digits, field.scale)
        if code in TEXTS_OR_BYTES:
            is_text = field.charsetnr != BINARY_CHARSET
            return pa.string() if is_text else pa.binary()
        called, cast = REFUSED.get(code, (f"of the unknown type {code}", _CAST))
        raise UnsupportedTypeError(
            f"The column '{field.name}' is {called}.",
            self.address,
            f"write {cast.format(_quoted(field.name))} in the query.",
        )

    def to_array(self, name: str, kind: pa.DataType | None, values: Any) -> pa.Array:
        """Return the values of a column, which are text or bytes.

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
            raise UnsupportedTypeError(
                f"The column '{name}' holds a value that the type {kind} can't hold.",
                self.address,
                f"write {_CAST.format(_quoted(name))} in the query.",
            ) from err

    def abandon(self, connection: Any, cursor: Any) -> None:
        """Leave the rest of a result unread, which else PyMySQL reads to its end."""
        if cursor._result:
            cursor._result.unbuffered_active = False
        connection.invalidate()

    def explain(self, error: BaseException, *, connected: bool) -> ConnectorError:
        """Return what an error of MariaDB means for the caller.

        Args:
            error: What PyMySQL raised: a number and a text.
            connected: Whether there was a connection when it was raised.
        """
        if reason := reason_for_distrust(error):
            return FatalError(
                f"The server's certificate isn't trusted: {reason}.",
                self.address,
                "check host, or name its authority's file in ssl_ca.",
            )
        number, text = (*error.args, "", "")[:2]
        kind = ERRORS_BY_NUMBER.get(number)
        if kind is None:
            lost = not connected or number in CLIENT_ERRORS
            kind = SourceUnavailableError if lost else QueryRejectedError
        said = f"MariaDB said: {first_line(Exception(text))} ({number})."
        return kind(said, self.address, NEXT_STEPS[kind])


_CAST = "CAST({} AS CHAR)"


def _quoted(name: str) -> str:
    doubled = name.replace("`", "``")
    return f"`{doubled}`"
