import pytest
from runtime.exceptions import UnexpectedResponseError
from runtime.rest.pagination import (
    Cursor,
    LinkHeader,
    Next,
    NextUrl,
    OffsetLimit,
    Page,
    PageNumber,
    Pagination,
    SinglePage,
)


def page(
    number: int = 1, records: int = 2, document: object = None, link: str | None = None
) -> Page:
    return Page("https://api/orders", number, document, records, link)


@pytest.mark.parametrize(
    ("pagination", "first", "came", "following"),
    [
        (SinglePage(), {}, page(), None),
        (PageNumber(start=0), {"page": "0"}, page(3), Next(None, {"page": "3"})),
        (PageNumber("p"), {"p": "1"}, page(3, records=1), Next(None, {"p": "4"})),
        (PageNumber(), {"page": "1"}, page(3, records=0), None),
        (
            OffsetLimit("skip", "take", 10),
            {"skip": "0", "take": "10"},
            page(),
            Next(None, {"skip": "7"}),
        ),
        (OffsetLimit(), {"offset": "0", "limit": "100"}, page(records=0), None),
        (
            Cursor("meta.next", "after"),
            {},
            page(document={"meta": {"next": 7}}),
            Next(None, {"after": "7"}),
        ),
        (Cursor(), {}, page(document={"next_cursor": None}), None),
        (Cursor(), {}, page(document={"next_cursor": ""}), None),
        (Cursor(), {}, page(document={}), None),
        (LinkHeader(), {}, page(link="/orders?b"), Next("/orders?b", {})),
        (LinkHeader(), {}, page(), None),
        (NextUrl(), {}, page(document={"next": "/o?b"}), Next("/o?b", {})),
        (NextUrl("links.next"), {}, page(document={"links": {}}), None),
    ],
)
def test_each_page_leads_to_the_next_one(
    pagination: Pagination, first: dict[str, str], came: Page, following: Next | None
) -> None:
    assert pagination.first() == first
    assert pagination.after(came, 7) == following


def test_a_single_page_that_names_a_next_one_is_refused() -> None:
    with pytest.raises(UnexpectedResponseError, match="names the next"):
        SinglePage().after(page(link="/orders?page=2"), 7)


@pytest.mark.parametrize("found", [True, [1], {"a": 1}])
def test_a_cursor_that_is_no_text_is_refused(found: object) -> None:
    with pytest.raises(UnexpectedResponseError, match="'next_cursor', is a"):
        Cursor().after(page(document={"next_cursor": found}), 7)
