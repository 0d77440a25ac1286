"""How an API divides its records into pages. Each class finds the next page its way."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ..exceptions import UnexpectedResponseError
from .records import name_of, select


@dataclass(frozen=True)
class Page:
    """One page that was read.

    Attributes:
        address: Its address, for messages.
        number: Its number, from 1 on.
        document: The parsed body.
        records: How many records it has.
        next_link: The target of the header `Link` with `rel="next"`, if there is one.
    """

    address: str
    number: int
    document: Any
    records: int
    next_link: str | None


@dataclass(frozen=True)
class Next:
    """The next page.

    Attributes:
        address: Its complete address; None is that of the first page.
        parameters: Parameters to add to the first page's, or to replace there.
    """

    address: str | None
    parameters: Mapping[str, str]


class Pagination(Protocol):
    """Finds the pages of a resource."""

    @property
    def page_limit(self) -> int:
        """How many pages there may be. With more, the API is assumed never to end."""

    def first(self) -> dict[str, str]:
        """Return the first page's parameters, in addition to the caller's."""

    def after(self, page: Page, read: int) -> Next | None:
        """Return the page after `page`, or None if it is the last one.

        Args:
            page: The page that was read.
            read: How many records were read so far, with this page's.

        Raises:
            UnexpectedResponseError: The page doesn't lead to the next one as it should.
        """


@dataclass(frozen=True)
class SinglePage:
    """All records are on one page."""

    page_limit: int = 1

    def first(self) -> dict[str, str]:
        """Return no parameters."""
        return {}

    def after(self, page: Page, read: int) -> Next | None:  # noqa: ARG002 - the protocol's
        """Return None: there is no other page.

        Raises:
            UnexpectedResponseError: The header `Link` names another page.
        """
        if page.next_link:
            raise UnexpectedResponseError(
                "The answer is one of several pages: its header `Link` names the next.",
                page.address,
                "set `pagination` to LinkHeader().",
            )
        return None


@dataclass(frozen=True)
class PageNumber:
    """A parameter counts pages. A page without records is the last one.

    A page that is shorter than the others isn't the last one: an API may return fewer
    records than it was asked for.
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
    """A parameter says how many records to skip. A page without records is the last."""

    offset: str = "offset"
    limit: str = "limit"
    size: int = 100
    page_limit: int = 10_000

    def first(self) -> dict[str, str]:
        """Return an offset of 0, and the size of a page."""
        return {self.offset: "0", self.limit: str(self.size)}

    def after(self, page: Page, read: int) -> Next | None:
        """Return the number of records read so far, until a page has none."""
        return Next(None, {self.offset: str(read)}) if page.records else None


@dataclass(frozen=True)
class Cursor:
    """A page holds the next one's cursor. The last page has none, or null."""

    selector: str = "next_cursor"
    parameter: str = "cursor"
    page_limit: int = 10_000

    def first(self) -> dict[str, str]:
        """Return no parameters: the first page needs no cursor."""
        return {}

    def after(self, page: Page, read: int) -> Next | None:  # noqa: ARG002 - the protocol's
        """Return the cursor that the page holds."""
        cursor = _text_at(page, self.selector)
        return Next(None, {self.parameter: cursor}) if cursor else None


@dataclass(frozen=True)
class LinkHeader:
    """The header `Link` has the next page's address, as in RFC 8288."""

    page_limit: int = 10_000

    def first(self) -> dict[str, str]:
        """Return no parameters."""
        return {}

    def after(self, page: Page, read: int) -> Next | None:  # noqa: ARG002 - the protocol's
        """Return the address with `rel="next"`."""
        return Next(page.next_link, {}) if page.next_link else None


@dataclass(frozen=True)
class NextUrl:
    """A page holds the next one's address. The last page has none, or null."""

    selector: str = "next"
    page_limit: int = 10_000

    def first(self) -> dict[str, str]:
        """Return no parameters."""
        return {}

    def after(self, page: Page, read: int) -> Next | None:  # noqa: ARG002 - the protocol's
        """Return the address that the page holds."""
        address = _text_at(page, self.selector)
        return Next(address, {}) if address else None


def _text_at(page: Page, selector: str) -> str:
    """Return the text or the integer at a path of names; "" if there is none."""
    found = select(page.document, selector)
    if found is None:
        return ""
    if isinstance(found, bool) or not isinstance(found, str | int):
        raise UnexpectedResponseError(
            f"The value that leads to the next page, at '{selector}', is "
            f"{name_of(found)}.",
            page.address,
            "correct the pagination's selector.",
        )
    return str(found)
