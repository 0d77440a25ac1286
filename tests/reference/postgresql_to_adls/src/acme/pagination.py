"""How an API divides its records into pages, a class each: where the next page is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from acme.exceptions import UnexpectedResponseError
from acme.json_records import name_of, select


@dataclass(frozen=True)
class Page:
    """What came.

    Attributes:
        address: Where from, for messages.
        number: Which page it is, from 1 on.
        document: The parsed body.
        records: How many records it holds.
        next_link: The target of the header `Link` with `rel="next"`, if there is one.
    """

    address: str
    number: int
    document: Any
    records: int
    next_link: str | None


@dataclass(frozen=True)
class Next:
    """Where to go on.

    Attributes:
        address: The next page's whole address; None is that of the first page.
        parameters: What to add to, or to replace in, the first page's parameters.
    """

    address: str | None
    parameters: Mapping[str, str]


class Pagination(Protocol):
    """Gives the first page's parameters, and from each page the way to the next one."""

    @property
    def page_limit(self) -> int:
        """How many pages there may be; an API that gives more is held not to end."""

    def first(self) -> dict[str, str]:
        """Return what the first request needs beside the caller's parameters."""

    def after(self, page: Page, read: int) -> Next | None:
        """Return the way to the page after `page`, or None where it is the last.

        Args:
            page: What came.
            read: How many records came so far, this page's too.

        Raises:
            UnexpectedResponseError: The page doesn't say it in the way that it should.
        """


@dataclass(frozen=True)
class SinglePage:
    """All records are in one answer."""

    page_limit: int = 1

    def first(self) -> dict[str, str]:
        """Return nothing: the caller's parameters do."""
        return {}

    def after(self, page: Page, read: int) -> Next | None:  # noqa: ARG002 - the protocol's
        """Return None: there is no other page.

        Raises:
            UnexpectedResponseError: The header `Link` says that there is one.
        """
        if page.next_link:
            raise UnexpectedResponseError(
                "The answer is a page, and its header `Link` names the next one.",
                page.address,
                "set `pagination` to LinkHeader().",
            )
        return None


@dataclass(frozen=True)
class PageNumber:
    """A parameter counts pages. A page without records is the last one.

    A page that is shorter than others isn't taken for the last, since an API may give
    less than it was asked for.
    """

    parameter: str = "page"
    start: int = 1
    page_limit: int = 10_000

    def first(self) -> dict[str, str]:
        """Return the first page's number."""
        return {self.parameter: str(self.start)}

    def after(self, page: Page, read: int) -> Next | None:  # noqa: ARG002 - the protocol's
        """Return the next number, until a page has no records."""
        number = self.start + page.number
        return Next(None, {self.parameter: str(number)}) if page.records else None


@dataclass(frozen=True)
class OffsetLimit:
    """A parameter says how many records to leave out. A page without any is the last."""

    offset: str = "offset"
    limit: str = "limit"
    size: int = 100
    page_limit: int = 10_000

    def first(self) -> dict[str, str]:
        """Return that no record is left out, and how many to give."""
        return {self.offset: "0", self.limit: str(self.size)}

    def after(self, page: Page, read: int) -> Next | None:
        """Return how many records came so far, until a page has none."""
        return Next(None, {self.offset: str(read)}) if page.records else None


@dataclass(frozen=True)
class Cursor:
    """A page holds a text that stands for the next one. The last has none, or null."""

    selector: str = "next_cursor"
    parameter: str = "cursor"
    page_limit: int = 10_000

    def first(self) -> dict[str, str]:
        """Return nothing: the first page needs no cursor."""
        return {}

    def after(self, page: Page, read: int) -> Next | None:  # noqa: ARG002 - the protocol's
        """Return the cursor that the page holds."""
        cursor = _text_at(page, self.selector)
        return Next(None, {self.parameter: cursor}) if cursor else None


@dataclass(frozen=True)
class LinkHeader:
    """The header `Link` has the next page's address, as RFC 8288 says."""

    page_limit: int = 10_000

    def first(self) -> dict[str, str]:
        """Return nothing: the caller's parameters do."""
        return {}

    def after(self, page: Page, read: int) -> Next | None:  # noqa: ARG002 - the protocol's
        """Return the address with `rel="next"`."""
        return Next(page.next_link, {}) if page.next_link else None


@dataclass(frozen=True)
class NextUrl:
    """A page holds the next one's address. The last has none, or null."""

    selector: str = "next"
    page_limit: int = 10_000

    def first(self) -> dict[str, str]:
        """Return nothing: the caller's parameters do."""
        return {}

    def after(self, page: Page, read: int) -> Next | None:  # noqa: ARG002 - the protocol's
        """Return the address that the page holds."""
        address = _text_at(page, self.selector)
        return Next(address, {}) if address else None


def _text_at(page: Page, selector: str) -> str:
    """Return the text or the integer at a path of names; "" for none."""
    found = select(page.document, selector)
    if found is None:
        return ""
    if isinstance(found, bool) or not isinstance(found, str | int):
        raise UnexpectedResponseError(
            f"What leads to the next page, at '{selector}', is {name_of(found)}.",
            page.address,
            "correct the pagination's selector.",
        )
    return str(found)
