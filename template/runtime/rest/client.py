"""Get an address of an HTTP server, within limits, and translate its errors.

Credentials are added below httpx's client, so that neither its log nor its errors show
them. They are sent only to the server of the base address.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from http import HTTPStatus
import itertools
import random
import re
import ssl
import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit
from urllib.request import getproxies, proxy_bypass
import zlib

from ..exceptions import (
    ConfigError,
    ConnectorError,
    CredentialError,
    FatalError,
    QueryRejectedError,
    SourceUnavailableError,
    UnexpectedResponseError,
)
from ..extras import Lazy
from ..tls import reason_for_distrust
from ..waiting import OverdueError, cut, wait_for
from .bodies import ENCODING, read_body
from .records import parse
from .settings import Authentication, Limits, TokenRequest

if TYPE_CHECKING:
    import httpx
else:
    httpx = Lazy("httpx")

REDIRECTS = 5
TOKEN_SECONDS = 30  # a token is replaced so long before it expires
TOKEN_BYTES = 1024 * 1024
SENDABLE = re.compile(r"[!-~]+")  # a token without blanks
YEAR = 365 * 24 * 60 * 60  # seconds
PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Answer:
    """A server's answer with status 200, or 204.

    Attributes:
        address: Its address after redirects, without secrets.
        body: Decompressed; None if there is none, by status 204.
        content_type: In lower case, without parameters; "" if there is none.
        next_link: The target of the header `Link` with `rel="next"`, if there is one.
    """

    address: str
    body: bytes | None
    content_type: str
    next_link: str | None


class _Again(Exception):  # noqa: N818 - never seen outside
    """An attempt failed, and another one may succeed."""

    def __init__(self, what: str, pause: float | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.pause = pause


class _Unauthorized(Exception):  # noqa: N818 - never seen outside
    """The server requires other credentials, or a new token."""


class _SigningTransport:
    """A transport of httpx that adds what neither a log nor an error may show."""

    def __init__(self, inner: "httpx.BaseTransport", client: "HttpClient") -> None:
        self._inner = inner
        self._client = client
        self.close = inner.close

    def handle_request(self, request: "httpx.Request") -> "httpx.Response":
        return self._inner.handle_request(self._client.signed(request))


class HttpClient:
    """Gets addresses of one server. A context manager, which closes connections."""

    def __init__(
        self,
        base_url: str,
        authentication: Authentication,
        limits: Limits,
        place: str,
        *,
        ca_file: str | None = None,
    ) -> None:
        """Prepare a client, without connecting.

        Args:
            base_url: Credentials are sent only to its scheme, host and port.
            authentication: The credentials.
            limits: Of time, rate and size.
            place: The credentials' place, for messages.
            ca_file: The certificates that are trusted instead of the public ones.

        Raises:
            ConfigError: A variable names a proxy that can't be used.
        """
        self.origin = _origin(base_url)
        self._authentication = authentication
        self._limits = limits
        self._place = place
        self._trusted: ssl.SSLContext | bool = (
            ssl.create_default_context(cafile=ca_file) if ca_file else True
        )
        self._token: str | None = None
        self._token_until = 0.0
        self._next_start = 0.0
        self._query_elsewhere = ""  # of a redirect; it may be a secret of that server
        rate = limits.requests_per_second
        self._interval = 1 / rate if rate else 0.0
        self._connections: list[Any] = []
        self._given_up = threading.Event()
        self._client = self._open(base_url, signing=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._client.close()

    def signed(self, request: "httpx.Request") -> "httpx.Request":
        """Return a request with the credentials, unless it goes to another server."""
        headers = request.headers.copy()
        if _origin(str(request.url)) != self.origin:
            secret = self._query_elsewhere
        else:
            secret = urlencode(self._authentication.parameters())
            headers.update(self._authentication.headers())
            if self._token:
                headers["Authorization"] = f"Bearer {self._token}"
        url = request.url
        if secret:
            query = b"&".join(filter(None, [url.query, secret.encode()]))
            url = url.copy_with(query=query)
        return httpx.Request(
            request.method,
            url,
            headers=headers,
            stream=request.stream,
            extensions=request.extensions,
        )

    def get(self, address: str) -> Answer:
        """Return the answer of an address, after as many attempts as the limits allow.

        Args:
            address: With scheme and host.

        Raises:
            SourceUnavailableError: No attempt got a usable answer; a retry may help.
            CredentialError: The server refused the credentials.
            QueryRejectedError: The server refused the address.
            UnexpectedResponseError: The answer is too long, or leads nowhere.
        """
        address = self.without_secrets(address)
        if _origin(address) != self.origin:
            raise UnexpectedResponseError(
                "The next page is on another server, which is not asked.",
                _place_of(address),
                "correct `base_url`, or choose another pagination.",
            )
        seconds = self._limits.total_seconds + self._interval
        deadline = time.monotonic() + seconds
        try:
            return wait_for(
                partial(self._get, address, deadline), seconds=seconds, cancel=self._cut
            )
        except OverdueError as err:
            raise SourceUnavailableError(
                f"There was no complete answer within {seconds:.0f} seconds.",
                address,
                "try again later.",
            ) from err

    def _get(self, address: str, deadline: float) -> Answer:
        renewed = False
        for attempt in itertools.count(1):
            try:
                self._renew_token()
                return self._follow(address)
            except _Unauthorized:
                if renewed or not self._authentication.token_request():
                    raise CredentialError(
                        "The server refused the credentials (401).",
                        f"{address} ({self._place})",
                        "check them, and that they haven't expired.",
                    ) from None
                renewed, self._token = True, None
            except _Again as again:
                self._pause(again, attempt, address, deadline)
        raise AssertionError

    def _cut(self) -> None:
        """Shut down the connections, and begin no other attempt."""
        self._given_up.set()
        for connection in tuple(self._connections):
            cut(connection.fileno())

    def _trace(self, event: str, info: dict[str, Any]) -> None:
        """Remember a connection: httpx calls this for each event of a request."""
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            # Those that were closed, or that TLS has taken over, have no descriptor.
            still_open = [each for each in self._connections if each.fileno() >= 0]
            new = info["return_value"].get_extra_info("socket")
            self._connections = [*still_open, new]

    def without_secrets(self, address: str) -> str:
        """Return an address without the parameters that carry a secret."""
        secret = self._authentication.parameters().keys()
        parts = urlsplit(address)
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        kept = [(name, value) for name, value in pairs if name not in secret]
        if len(kept) == len(pairs):
            return address
        return urlunsplit(parts._replace(query=urlencode(kept)))

    def _open(self, url: str, *, signing: bool) -> "httpx.Client":
        transport: Any
        try:
            transport = httpx.HTTPTransport(verify=self._trusted, proxy=_proxy_for(url))
        except (httpx.InvalidURL, ImportError, ValueError):
            # From None: these errors quote the proxy's address, and so its password.
            raise ConfigError(
                "The proxy's address is invalid, or of an unsupported kind.",
                "the variable HTTP_PROXY, HTTPS_PROXY or ALL_PROXY",
                "write it as http://proxy:3128; for socks5:// install httpx[socks].",
            ) from None
        if signing:
            transport = _SigningTransport(transport, self)
        timeout = httpx.Timeout(
            self._limits.read_seconds, connect=self._limits.connect_seconds
        )
        return httpx.Client(
            transport=transport,
            timeout=timeout,
            headers={"Accept": "application/json", "Accept-Encoding": ENCODING},
            trust_env=False,  # otherwise ~/.netrc would add its own credentials
        )

    def _pause(
        self, again: _Again, attempt: int, address: str, deadline: float
    ) -> None:
        """Wait before another attempt.

        Raises:
            SourceUnavailableError: No time or no attempt is left.
        """
        longest = min(
            self._limits.backoff_seconds * 2 ** (attempt - 1),
            self._limits.longest_backoff_seconds,
        )
        # Full jitter, so that clients which failed together don't return together.
        pause = random.uniform(0, longest) if again.pause is None else again.pause  # noqa: S311
        if attempt >= self._limits.attempts or time.monotonic() + pause > deadline:
            asks = "" if again.pause is None else f"; it asks to wait {pause:.0f} s"
            raise SourceUnavailableError(
                f"{again.what}{asks}. Attempts: {attempt}.", address, "try again later."
            ) from None
        self._sleep(pause)

    def _follow(self, address: str) -> Answer:
        """Get an address, and follow its redirects."""
        tracing = {"trace": self._trace}
        for _ in range(REDIRECTS + 1):
            self._keep_rate()
            with (
                self._asked(address),
                self._client.stream("GET", address, extensions=tracing) as response,
            ):
                location = response.headers.get("Location")
                if not (response.is_redirect and location):
                    self._check_status(response, address)
                    most = self._limits.page_bytes
                    has_body = response.status_code != HTTPStatus.NO_CONTENT
                    return Answer(
                        address,
                        read_body(response, address, most) if has_body else None,
                        _content_type(response),
                        response.links.get("next", {}).get("url"),
                    )
            target = self.without_secrets(joined(address, location))
            if address.startswith("https:") and not target.startswith("https:"):
                raise UnexpectedResponseError(
                    "The server redirects to an address without TLS, which is refused.",
                    _place_of(target),
                    "correct `base_url`.",
                )
            address = target
            if _origin(target) != self.origin:
                address = _place_of(target)
                self._query_elsewhere = urlsplit(target).query
        raise UnexpectedResponseError(
            f"The server redirects more than {REDIRECTS} times.",
            address,
            "correct `base_url` or the resource.",
        )

    @contextmanager
    def _asked(self, address: str) -> Iterator[None]:
        """Translate httpx's errors. From None: they may quote what was sent."""
        try:
            yield
        except httpx.ConnectTimeout:
            raise _Again("There was no connection in time") from None
        except httpx.TimeoutException:
            raise _Again("The server didn't answer in time") from None
        except httpx.ConnectError as err:
            if reason := reason_for_distrust(err):
                raise FatalError(
                    f"The server's certificate isn't trusted: {reason}.",
                    _place_of(address),
                    "check `base_url`, or name its authority's file in `ca_file`.",
                ) from None
            raise _Again("The server can't be reached") from None
        except httpx.ProxyError as err:
            status = HTTPStatus.PROXY_AUTHENTICATION_REQUIRED
            if str(err).startswith(str(status.value)):
                kind, what, next_step = REFUSALS[status]
                raise kind(f"{what}.", _place_of(address), next_step) from None
            raise _Again("The proxy gave no connection") from None
        except zlib.error:
            raise _Again("The answer can't be decompressed") from None
        except httpx.TransportError as err:
            if "location header" in str(err):  # httpx reads it before it is asked to
                raise _leads_nowhere(address) from None
            raise _Again("The connection broke") from None
        except httpx.InvalidURL:
            raise QueryRejectedError(
                "The address is invalid.", address, "correct the resource."
            ) from None

    def _check_status(self, response: "httpx.Response", address: str) -> None:
        """Raise unless the status is 200 or 204.

        No error quotes the body, which may repeat what was sent.
        """
        status = response.status_code
        if status in {HTTPStatus.OK, HTTPStatus.NO_CONTENT}:
            return
        if status == HTTPStatus.UNAUTHORIZED:
            raise _Unauthorized
        _check_busy("server", response)
        other = OTHER_REFUSAL if response.is_error else INCOMPLETE
        kind, what, next_step = REFUSALS.get(status, other)
        raise kind(
            f"{what} ({_status(status)}).", f"{address} ({self._place})", next_step
        )

    def _keep_rate(self) -> None:
        now = time.monotonic()
        start = max(now, self._next_start)
        self._next_start = start + self._interval
        self._sleep(start - now)

    def _sleep(self, seconds: float) -> None:
        if self._given_up.wait(seconds):
            raise OverdueError

    def _renew_token(self) -> None:
        """Get a token if one is needed and there is none that lasts.

        Raises:
            CredentialError: The server refused the request, or returned no token.
        """
        asked = self._authentication.token_request()
        if asked is None or (self._token and time.monotonic() < self._token_until):
            return
        with (
            self._open(asked.url, signing=False) as client,
            self._asked(asked.url),
            client.stream(
                "POST",
                asked.url,
                data=asked.form,
                auth=httpx.BasicAuth(asked.client_id, asked.client_secret),
                extensions={"trace": self._trace},
            ) as response,
        ):
            _check_busy("token's server", response)
            if response.status_code != HTTPStatus.OK:
                status = _status(response.status_code)
                raise self._no_token(f"The token's server answered {status}.", asked)
            body = read_body(response, asked.url, TOKEN_BYTES)
        try:
            granted = parse(body, asked.url)
        except UnexpectedResponseError as err:
            raise self._no_token(err.what, asked) from None
        token = granted.get("access_token") if isinstance(granted, dict) else None
        if not isinstance(token, str) or not token:
            raise self._no_token(
                "The token's server returned no `access_token`.", asked
            )
        if not SENDABLE.fullmatch(token):
            raise self._no_token(
                "The token's server returned an `access_token` with blanks, or with "
                "characters that a header can't hold.",
                asked,
            )
        seconds = granted.get("expires_in")
        lasts = max(0, min(seconds, YEAR)) if isinstance(seconds, int) else YEAR
        self._token = token
        self._token_until = time.monotonic() + lasts - TOKEN_SECONDS

    def _no_token(self, what: str, asked: TokenRequest) -> ConnectorError:
        return CredentialError(
            what,
            f"{asked.url} ({self._place})",
            "check `token_url`, `client_id`, `client_secret` and `scope`.",
        )


# Another attempt may succeed after these, and after 500 and above.
BUSY = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}

# By status: the error, its message, and the next step.
REFUSALS: dict[int, tuple[type[ConnectorError], str, str]] = {
    HTTPStatus.BAD_REQUEST: (
        QueryRejectedError,
        "The server doesn't understand the request",
        "correct the resource's parameters.",
    ),
    HTTPStatus.FORBIDDEN: (
        CredentialError,
        "The credentials don't allow reading this",
        "ask for the permission to read it.",
    ),
    HTTPStatus.NOT_FOUND: (
        QueryRejectedError,
        "There is no such resource",
        "correct the resource's name, or `base_url`.",
    ),
    HTTPStatus.PROXY_AUTHENTICATION_REQUIRED: (
        CredentialError,
        "The proxy requires credentials",
        "put them into the variable HTTPS_PROXY.",
    ),
}
INCOMPLETE = (
    UnexpectedResponseError,
    "The server sent no complete answer",
    "look the status up in the API's documentation.",
)
OTHER_REFUSAL = (
    QueryRejectedError,
    "The server refused the request",
    "look the status up in the API's documentation.",
)


def _check_busy(server: str, response: "httpx.Response") -> None:
    status = response.status_code
    if status in BUSY or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        pause = _retry_after(response.headers.get("Retry-After", ""))
        raise _Again(f"The {server} answered {_status(status)}", pause)


def _proxy_for(url: str) -> str | None:
    """Return the proxy that the environment names for an address, if any.

    A client with a transport of its own doesn't look for a proxy itself.
    """
    parts = urlsplit(url)
    if proxy_bypass(parts.hostname or ""):
        return None
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    return f"http://{proxy}" if proxy and "://" not in proxy else proxy


def joined(address: str, target: str) -> str:
    """Return the complete address of a target that the answer of an address names.

    Raises:
        UnexpectedResponseError: The target isn't an address of HTTP, or has a user in
            it. It isn't shown.
    """
    try:
        found = urljoin(address, target)
        found.encode()
        parts = urlsplit(found)
    except ValueError:  # impossible brackets, or a lone surrogate
        raise _leads_nowhere(address) from None
    if parts.scheme not in PORTS or "@" in parts.netloc:
        raise _leads_nowhere(address)
    return found


def _leads_nowhere(address: str) -> ConnectorError:
    return UnexpectedResponseError(
        "The answer leads to something that is no address of HTTP.",
        address,
        "correct `base_url` or the pagination, or ask the API's operator.",
    )


def _status(number: int) -> str:
    try:
        return f"{number} {HTTPStatus(number).phrase}"
    except ValueError:
        return str(number)


def _content_type(response: "httpx.Response") -> str:
    kind: str = response.headers.get("Content-Type", "")
    return kind.partition(";")[0].strip().lower()


def _origin(address: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port. Without a host, it equals no other's."""
    parts = urlsplit(address)
    try:
        port = parts.port or PORTS.get(parts.scheme)
    except ValueError:
        port = None
    return parts.scheme, parts.hostname or address, port


def _place_of(address: str) -> str:
    """Return an address without parts that may be another server's secrets."""
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"


def _retry_after(text: str) -> float | None:
    """Return how many seconds a server asks to wait, by a number or by a date."""
    if text.isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
