"""Read from the REST API at https://api.example.com/v1."""

from acme.http_settings import Limits
from acme.pagination import PageNumber
from acme.sources.authentication import ApiKeyHeader
from acme.sources.rest_api import REST, RestAPI


class Api1Credentials(ApiKeyHeader):
    """What the API asks for: a key in a header."""


class Api1(REST):
    """A REST API, read page by page.

    `json_records.TYPES` says which Arrow type holds which declared type. A number is
    never rounded: a value that its column's type can't hold is refused.
    """

    credentials_model = Api1Credentials
    credentials: Api1Credentials
    requires = ("httpx", "api-1")
    limits = Limits(
        requests_per_second=10.0,
    )
    api = RestAPI(
        base_url="https://api.example.com/v1",
        pagination=PageNumber(
            parameter="page",
            start=1,
            page_limit=10000,
        ),
        records="items",
        columns={
            "id": "integer",
            "name": "string",
            "price": "decimal(20, 4)",
            "weight": "number",
            "paid": "boolean",
            "day": "date",
            "at": "timestamp",
            "seen": "datetime",
            "extra": "json",
        },
        undeclared="fail",
        missing="null",
    )
