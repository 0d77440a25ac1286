"""Read from the REST API at https://api.example.com/v1."""

from acme.http_settings import Limits
from acme.pagination import OffsetLimit
from acme.sources.authentication import ApiKeyQuery
from acme.sources.rest_api import REST, RestAPI


class Api2Credentials(ApiKeyQuery):
    """What the API asks for: a key in the query."""


class Api2(REST):
    """A REST API, read page by page.

    `json_records.TYPES` says which Arrow type holds which declared type. A number is
    never rounded: a value that its column's type can't hold is refused.
    """

    credentials_model = Api2Credentials
    credentials: Api2Credentials
    requires = ("httpx", "api-2")
    limits = Limits(
        requests_per_second=10.0,
    )
    api = RestAPI(
        base_url="https://api.example.com/v1",
        pagination=OffsetLimit(
            offset="offset",
            limit="limit",
            size=100,
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
