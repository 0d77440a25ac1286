"""Read from the REST API at https://api.example.com/v1."""

from acme.http_settings import Limits
from acme.pagination import NextUrl
from acme.sources.authentication import OAuth2ClientCredentials
from acme.sources.rest_api import REST, RestAPI


class Api5Credentials(OAuth2ClientCredentials):
    """What the API asks for: a token for this client, OAuth 2.0."""


class Api5(REST):
    """A REST API, read page by page.

    `json_records.TYPES` says which Arrow type holds which declared type. A number is
    never rounded: a value that its column's type can't hold is refused.
    """

    credentials_model = Api5Credentials
    credentials: Api5Credentials
    requires = ("httpx", "api-5")
    limits = Limits(
        requests_per_second=10.0,
    )
    api = RestAPI(
        base_url="https://api.example.com/v1",
        pagination=NextUrl(
            selector="next",
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
