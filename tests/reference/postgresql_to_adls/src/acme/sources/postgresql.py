"""Read from PostgreSQL."""

from collections.abc import Sequence
from decimal import Decimal
import re
from typing import Any, Literal
from uuid import UUID

import pyarrow as pa
from pydantic import SecretStr
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from acme.exceptions import (
    ConnectorError,
    CredentialError,
    FatalError,
    QueryRejectedError,
    SourceUnavailableError,
    UnsupportedTypeError,
)
from acme.sources.base import (
    CONNECT_SECONDS,
    SQL,
    Credentials,
    first_line,
)

# PostgreSQL's type OID -> the Arrow type that holds every value of it.
# https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat
ARROW_TYPES: dict[int, pa.DataType] = {
    16: pa.bool_(),
    17: pa.binary(),  # bytea
    18: pa.string(),  # "char"
    19: pa.string(),  # name
    20: pa.int64(),
    21: pa.int16(),
    23: pa.int32(),
    25: pa.string(),  # text
    26: pa.int64(),  # oid
    114: pa.string(),  # json, as it was written
    700: pa.float32(),
    701: pa.float64(),
    1042: pa.string(),  # char(n)
    1043: pa.string(),  # varchar
    1082: pa.date32(),
    1083: pa.time64("us"),
    1114: pa.timestamp("us"),
    1184: pa.timestamp("us", tz="UTC"),  # timestamptz: an instant
    2950: pa.string(),  # uuid
    3802: pa.string(),  # jsonb
}
NUMERIC_OID = 1700
DECIMAL128_DIGITS = 38
DECIMAL256_DIGITS = 76

# SQLSTATE by class or code -> what it means for the caller; the longest match counts.
# https://www.postgresql.org/docs/current/errcodes-appendix.html
ERRORS_BY_STATE: dict[str, type[ConnectorError]] = {
    "08": SourceUnavailableError,  # connection exception
    "28": CredentialError,  # invalid authorization
    "42501": CredentialError,  # insufficient privilege
    "40": SourceUnavailableError,  # serialization failure, deadlock
    "53": SourceUnavailableError,  # insufficient resources
    "55P03": SourceUnavailableError,  # lock not available
    "57": SourceUnavailableError,  # operator intervention, statement timeout
    "58": SourceUnavailableError,  # system error
}

ERROR_NEXT_STEPS: dict[type[ConnectorError], str] = {
    CredentialError: "ask for the right to read what the query names.",
    QueryRejectedError: "correct the query.",
}

# While connecting, libpq gives a message but no SQLSTATE. The first match counts.
ERRORS_WHILE_CONNECTING: list[tuple[str, type[ConnectorError], str]] = [
    ("password|authentication|pg_hba", CredentialError, "check user and password."),
    (r'role ".*" does not exist', CredentialError, "check the user."),
    (r'database ".*" does not exist', FatalError, "check the name of the database."),
    ("sslmode|certificate|SSL", FatalError, "check sslmode and the certificates."),
    ("", SourceUnavailableError, "check host and port, and that the server runs."),
]


class PostgreSQLCredentials(Credentials):
    """How to reach a PostgreSQL database, and as whom."""

    host: str
    port: int = 5432
    database: str
    user: str
    password: SecretStr | None = None
    sslmode: Literal[
        "disable", "allow", "prefer", "require", "verify-ca", "verify-full"
    ] = "prefer"
    sslrootcert: str | None = None


class PostgreSQL(SQL):
    """A PostgreSQL database, read through a server-side cursor.

    Sessions are read-only, in UTC. The types that it reads are those of `ARROW_TYPES`,
    and numeric: with a precision of up to 76 digits as a decimal, else as text. Any
    other type has to be cast in the query.
    """

    credentials_model = PostgreSQLCredentials
    credentials: PostgreSQLCredentials
    requires = ("psycopg2", "postgresql")

    @property
    def url(self) -> URL:
        """The database's address, with the driver named. Its `str` hides the password."""
        password = self.credentials.password
        return URL.create(
            "postgresql+psycopg2",
            username=self.credentials.user,
            password=password.get_secret_value() if password else None,
            host=self.credentials.host,
            port=self.credentials.port,
            database=self.credentials.database,
        )

    def engine_options(self) -> dict[str, Any]:
        """Return timeouts, a read-only session in UTC, and json left as it is."""
        settings = {
            "TimeZone": "UTC",
            "default_transaction_read_only": "on",
            "statement_timeout": f"{self.query_timeout}s",
        }
        connect_args: dict[str, Any] = {
            "application_name": "acme",
            "connect_timeout": CONNECT_SECONDS,
            "options": " ".join(f"-c {key}={value}" for key, value in settings.items()),
            "sslmode": self.credentials.sslmode,
        }
        if self.credentials.sslrootcert:
            connect_args["sslrootcert"] = self.credentials.sslrootcert
        return {
            "connect_args": connect_args,
            "json_deserializer": str,
        }

    def column_types(self, description: Sequence[Any]) -> list[pa.DataType | None]:
        """Return the Arrow type of each column.

        Args:
            description: psycopg2's columns: name, type_code, precision, scale.

        Raises:
            UnsupportedTypeError: A column's type isn't in the table; names the column.
        """
        return [self._column_type(column) for column in description]

    def explain(self, error: DBAPIError, *, connected: bool) -> ConnectorError:
        """Return what an error of PostgreSQL means for the caller.

        Args:
            error: What SQLAlchemy raised.
            connected: Whether there was a connection when it was raised.
        """
        said = f"PostgreSQL said: {first_line(error)}."
        state = getattr(error.orig, "pgcode", None)
        if not connected:
            kind, next_step = next(
                (kind, next_step)
                for pattern, kind, next_step in ERRORS_WHILE_CONNECTING
                if re.search(pattern, said)
            )
        elif state is None:
            kind, next_step = SourceUnavailableError, "try again."
        else:
            by_class = ERRORS_BY_STATE.get(state[:2], QueryRejectedError)
            kind = ERRORS_BY_STATE.get(state, by_class)
            next_step = ERROR_NEXT_STEPS.get(kind, "try again.")
        return kind(said, self.address, next_step)

    def _column_type(self, column: Any) -> pa.DataType:
        if column.type_code == NUMERIC_OID:
            return _numeric_type(column.precision, column.scale)
        try:
            return ARROW_TYPES[column.type_code]
        except KeyError:
            raise UnsupportedTypeError(
                f"The column '{column.name}' has a type (OID {column.type_code}) "
                "that has no exact counterpart.",
                self.address,
                f'cast it in the query: "{column.name}"::text AS "{column.name}".',
            ) from None

    def _array(self, name: str, kind: pa.DataType | None, values: Any) -> pa.Array:
        if kind == pa.string():
            values = [value if value is None else _as_text(value) for value in values]
        return super()._array(name, kind, values)


def _as_text(value: str | Decimal | UUID) -> str:
    """Return a value as PostgreSQL writes it: numeric never as 1E-15."""
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _numeric_type(precision: int | None, scale: int | None) -> pa.DataType:
    """Return a decimal where one holds every value of numeric(precision, scale)."""
    if precision is None or scale is None or not 0 <= scale <= precision:
        return pa.string()
    if precision > DECIMAL256_DIGITS:
        return pa.string()
    if precision > DECIMAL128_DIGITS:
        return pa.decimal256(precision, scale)
    return pa.decimal128(precision, scale)
