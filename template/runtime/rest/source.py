"""Read records from a REST API, page by page."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

import pyarrow as pa

from ..exceptions import QueryRejectedError, UnexpectedResponseError
from ..source import Source, batch_limit
from .authentication import NoAuthentication
from .client import Answer, HttpClient, joined
from .pagination import Next, Page, Pagination
from .records import Missing, Records, Undeclared, parse, records_of
from .settings import Limits

SAFE_IN_PATHS = "/:@!$&'()*+,;=~%"  # RFC 3986, and what is already encoded


@dataclass(frozen=True)
class RestAPI:
    """The description of an API.

    Attributes:
        base_url: The address of each resource begins with it.
        pagination: How to find the next page.
        records: The path to the list of records in a page; "" if the page is the list.
        columns: Each column's name, which is its field's, and its declared type.
        undeclared: What to do with undeclared fields: "fail", "warn" once and drop them,
            or "collect" all of a record in the column `undeclared_fields`.
        missing: What to do if a record lacks a field: use "null", or "fail".
    """

    base_url: str
    pagination: Pagination
    records: str
    columns: Mapping[str, str]
    undeclared: Undeclared = "fail"
    missing: Missing = "null"


class REST(Source):
    """A REST API that answers in JSON, read page by page. A subclass declares its `api`.

    `records.TYPES` maps declared types to Arrow's. A number is never rounded: a value
    that its column's type can't hold is refused.
    """

    api: ClassVar[RestAPI]
    limits: ClassVar[Limits] = Limits()
    credentials: NoAuthentication

    @property
    def base_url(self) -> str:
        """The start of each address: the credentials', else the API's."""
        return (self.credentials.base_url or self.api.base_url).rstrip("/")

    def to_batches(
        self, query: str, *, batch_bytes: int | None = None
    ) -> Iterator[pa.RecordBatch]:
        """Yield the records of a resource in batches of about `batch_bytes`.

        Memory: one page, as JSON and as batches. Columns keep their declared order. A
        result without records is one empty batch.

        Args:
            query: A resource below `base_url` and its parameters, for example
                `orders?status=open`.
            batch_bytes: As in `Source.to_batches`.

        Raises:
            SourceUnavailableError: No answer, or a broken one; a retry may help.
            CredentialError: The server refused the credentials.
            QueryRejectedError: The server refused the resource.
            SchemaChangedError: A field is undeclared or missing, and may not be.
            UnexpectedResponseError: The pages don't have the declared form.
            UnsupportedTypeError: A value doesn't fit its column's type; names both.
        """
        records = Records(
            columns=self.api.columns,
            undeclared=self.api.undeclared,
            missing=self.api.missing,
            where=f"{query} ({self.place})",
            warn=lambda text: self.logger.warning("%s Where: %s.", text, query),
        )
        limit = batch_limit(batch_bytes, len(records.schema))
        for found in self._pages(query):
            yield from records.batches(found, limit)
        if not records.count:
            yield pa.RecordBatch.from_pylist([], schema=records.schema)

    def _pages(self, query: str) -> Iterator[list[dict[str, Any]]]:
        """Yield the records of each page."""
        pagination = self.api.pagination
        first = self._first_address(query)
        address, seen, read, number = first, {first}, 0, 0
        with HttpClient(
            self.base_url,
            self.credentials,
            self.limits,
            self.place,
            ca_file=self.credentials.ca_file,
        ) as client:
            while True:
                answer, number = client.get(address), number + 1
                if answer.body is None:
                    return
                document = self._document(answer, answer.body)
                found = records_of(document, self.api.records, answer.address)
                read += len(found)
                yield found
                page = Page(
                    answer.address, number, document, len(found), answer.next_link
                )
                following = pagination.after(page, read)
                if following is None:
                    return
                address = client.without_secrets(_address(first, answer, following))
                self._check_progress(address, seen, number)
                seen.add(address)

    def _first_address(self, query: str) -> str:
        """Return the complete address of a resource's first page.

        Raises:
            QueryRejectedError: It isn't below `base_url`, or sets a parameter of the
                pagination.
        """
        if any("\ud800" <= character <= "\udfff" for character in query):
            raise QueryRejectedError(
                "The resource holds a character that isn't one (a surrogate).",
                f"{self.base_url} ({self.place})",
                "correct the resource.",
            )
        parts = urlsplit(query.strip())
        path = parts.path.lstrip("/")
        outside = parts.scheme or parts.netloc or query.strip().startswith("//")
        if outside or parts.fragment or ".." in unquote(path).split("/"):
            raise QueryRejectedError(
                "The resource isn't a path below the API's address.",
                f"{self.base_url} ({self.place})",
                "write it as in `orders?status=open`.",
            )
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        first = self.api.pagination.first()
        if taken := sorted(first.keys() & dict(pairs).keys()):
            raise QueryRejectedError(
                f"The resource sets '{taken[0]}', which the pagination sets.",
                f"{query} ({self.place})",
                "leave it out.",
            )
        below = f"/{quote(path, safe=SAFE_IN_PATHS)}" if path else ""
        return _with_parameters(self.base_url + below, [*pairs, *first.items()])

    def _document(self, answer: Answer, body: bytes) -> Any:
        start = body[:100].lstrip()
        if answer.content_type == "text/html" or start.startswith(b"<"):
            raise UnexpectedResponseError(
                "The answer is a web page (HTML or XML), not JSON.",
                answer.address,
                "check `base_url`; if it shows a login, check the credentials.",
            )
        return parse(body, answer.address)

    def _check_progress(self, address: str, seen: set[str], number: int) -> None:
        if address in seen:
            raise UnexpectedResponseError(
                f"The page after page {number} was already read: this would never end.",
                address,
                "correct the pagination, or ask the API's operator.",
            )
        if number >= self.api.pagination.page_limit:
            raise UnexpectedResponseError(
                f"There is no end after {number} pages, which is `page_limit`.",
                address,
                "ask for larger pages, or raise `page_limit` if there are so many.",
            )


def _address(first: str, answer: Answer, following: Next) -> str:
    """Return the next page's complete address."""
    if following.address is not None:
        return joined(answer.address, following.address)
    base, _, query = first.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    kept = [(name, value) for name, value in pairs if name not in following.parameters]
    try:
        return _with_parameters(base, [*kept, *following.parameters.items()])
    except UnicodeEncodeError:
        raise UnexpectedResponseError(
            "The answer names a next page by a character that isn't one (a surrogate).",
            answer.address,
            "ask the API's operator.",
        ) from None


def _with_parameters(base: str, pairs: list[tuple[str, str]]) -> str:
    return f"{base}?{urlencode(pairs)}" if pairs else base
