"""Read from the REST API at https://api.example.com/v1."""

from acme.http_settings import Limits
from acme.pagination import LinkHeader
from acme.sources.authentication import BearerToken
from acme.sources.rest_api import REST, RestAPI


class RestCredentials(BearerToken):
    """What the API asks for: a token that was given out beforehand."""


class Rest(REST):
    """A REST API, read page by page.

    `json_records.TYPES` says which Arrow type holds which declared type. A number is
    never rounded: a value that its column's type can't hold is refused.
    """

    credentials_model = RestCredentials
    credentials: RestCredentials
    requires = ("httpx", "rest")
    limits = Limits(
        requests_per_second=0.0,
    )
    api = RestAPI(
        base_url="https://api.example.com/v1",
        pagination=LinkHeader(
            page_limit=10000,
        ),
        records="data.items",
        columns={
            "id": "integer",
            "name": "string",
            "price": "decimal(20, 4)",
            "weight": "number",
            "paid": "boolean",
        },
        undeclared="fail",
        missing="null",
    )
