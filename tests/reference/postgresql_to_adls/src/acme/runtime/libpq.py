"""What all connections to PostgreSQL have in common, whatever goes through them."""

from collections.abc import Callable
from concurrent import futures
import contextlib
from dataclasses import dataclass
import re
import sys
from types import TracebackType
from typing import Any, Literal

from pydantic import SecretStr

from .addresses import HostOfPostgreSQL, Name, Port
from .connector import CONNECT_SECONDS, Credentials, first_line
from .exceptions import ConnectorError, CredentialError, FatalError
from .tls import RootCertificates
from .waiting import cut, start

NO_MESSAGE = "no message from the libpq"
LOCK_SECONDS = 60
CANCEL_SECONDS = 0.5  # how long a server may take to stop a statement

# A server that is gone without a word is given up after a minute.
KEEPALIVES = {
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,  # milliseconds
}

CONNECTION_BROKE = "08006"  # what libpq itself raises has no SQLSTATE
# SQLSTATE by class or code -> the error, None if the server is unavailable; the longest
# match counts. https://www.postgresql.org/docs/current/errcodes-appendix.html
ERRORS_BY_STATE: dict[str, type[ConnectorError] | None] = {
    "08": None,  # connection exception
    "28": CredentialError,  # invalid authorization
    "42501": CredentialError,  # insufficient privilege
    "40": None,  # serialization failure, deadlock
    "53": None,  # insufficient resources
    "55P03": None,  # lock not available
    "57": None,  # operator intervention, statement timeout
    "58": None,  # system error
}
# While connecting, libpq has a message but no SQLSTATE. The first match counts.
ERRORS_WHILE_CONNECTING: list[tuple[str, type[ConnectorError] | None, str]] = [
    ("no encryption|SSL off", FatalError, "set sslmode to require or stricter."),
    ("password|authentication|pg_hba", CredentialError, "check user and password."),
    (r'role ".*" does not exist', CredentialError, "check the user."),
    (r'database ".*" does not exist', FatalError, "check the name of the database."),
    (
        "SSL SYSCALL error|SSL connection has been closed unexpectedly",
        None,
        "try again; if it persists, check what is between here and the server.",
    ),
    ("sslmode|certificate|SSL", FatalError, "check host, sslmode and sslrootcert."),
    ("", None, "check host and port, and that the server runs."),
]


class DatabaseCredentials(Credentials):
    """The address of a PostgreSQL database, and the user."""

    host: HostOfPostgreSQL
    port: Port = 5432
    database: Name
    user: str
    password: SecretStr | None = None
    sslmode: Literal[
        "disable", "allow", "prefer", "require", "verify-ca", "verify-full"
    ] = "prefer"
    sslrootcert: RootCertificates | None = None


@dataclass(frozen=True)
class Errors:
    """The errors of one side of a load.

    Attributes:
        unavailable: The server can't be reached, or is busy.
        rejected: The server refused a statement.
        next_for_user: The next step if the user lacks a right.
        next_for_query: The next step if a statement was refused.
    """

    unavailable: type[ConnectorError]
    rejected: type[ConnectorError]
    next_for_user: str
    next_for_query: str

    def explain(
        self, error: BaseException, where: str, *, connected: bool
    ) -> ConnectorError:
        """Return the connector's error for an error of psycopg2."""
        said = f"PostgreSQL said: {first_line(error)}."
        if NO_MESSAGE in said:
            said = "PostgreSQL ended the query without a word."
        if not connected:
            kind, next_step = next(
                (kind, next_step)
                for pattern, kind, next_step in ERRORS_WHILE_CONNECTING
                if re.search(pattern, said)
            )
            return (kind or self.unavailable)(said, where, next_step)
        state = getattr(error, "pgcode", None) or CONNECTION_BROKE
        by_class = ERRORS_BY_STATE.get(state[:2], self.rejected)
        kind = ERRORS_BY_STATE.get(state, by_class)
        if kind is None:
            return self.unavailable(said, where, "try again.")
        next_step = (
            self.next_for_user if kind is CredentialError else self.next_for_query
        )
        return kind(said, where, next_step)


class _Quiet:
    """Keeps psycopg2 from printing an error of its own beside the one that it raises.

    It does if a server ends a COPY and its connection, by Python's hook for errors that
    end a program.
    """

    def __init__(self, hook: Callable[..., object]) -> None:
        self._hook = hook

    def __call__(
        self,
        kind: type[BaseException],
        error: BaseException,
        trace: TracebackType | None,
    ) -> None:
        by_driver = type(error.__cause__).__module__.startswith("psycopg2")
        if not (kind is SystemError and by_driver):
            self._hook(kind, error, trace)


def connect_seconds(credentials: DatabaseCredentials) -> float:
    """Return how long connecting may take: libpq's limit is for each host."""
    return CONNECT_SECONDS * len(credentials.host.split(","))


def options(
    credentials: DatabaseCredentials, settings: dict[str, str], name: str
) -> dict[str, Any]:
    """Return the parameters of a connection, except for its address and user.

    Args:
        credentials: Those of the connector.
        settings: Of the session.
        name: Of the application, which the server shows.
    """
    if not isinstance(sys.excepthook, _Quiet):
        sys.excepthook = _Quiet(sys.excepthook)
    certificates = credentials.sslrootcert
    return {
        "application_name": name,
        "client_encoding": "utf8",
        "connect_timeout": CONNECT_SECONDS,
        "options": " ".join(f"-c {key}={value}" for key, value in settings.items()),
        "sslmode": credentials.sslmode,
        **({"sslrootcert": certificates} if certificates else {}),
        **KEEPALIVES,
    }


def stop(connection: Any, connect: Callable[[], Any]) -> None:
    """Stop a connection's statement, and cut the connection.

    Args:
        connection: Of psycopg2.
        connect: Opens another one, to ask the server to stop. Not `connection.cancel`,
            which blocks all threads until it is answered.
    """
    process = connection.info.backend_pid

    def ask() -> None:
        with contextlib.closing(connect()) as other, other.cursor() as cursor:
            cursor.execute(f"SELECT pg_cancel_backend({process:d})")

    try:
        futures.wait([start(ask)], timeout=CANCEL_SECONDS)
    finally:  # even if this is interrupted
        with contextlib.suppress(connection.Error):
            cut(connection.fileno())
