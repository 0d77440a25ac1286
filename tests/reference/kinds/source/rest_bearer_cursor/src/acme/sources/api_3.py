"""Read from the REST API at https://api.example.com/v1."""

from acme.http_settings import Limits
from acme.pagination import Cursor
from acme.sources.authentication import BearerToken
from acme.sources.rest_api import REST, RestAPI


class Api3Credentials(BearerToken):
    """What the API asks for: a token that was given out beforehand."""


class Api3(REST):
    """A REST API, read page by page.

    `json_records.TYPES` says which Arrow type holds which declared type. A number is
    never rounded: a value that its column's type can't hold is refused.
    """

    credentials_model = Api3Credentials
    credentials: Api3Credentials
    requires = ("httpx", "api-3")
    limits = Limits(
        requests_per_second=10.0,
    )
    api = RestAPI(
        base_url="https://api.example.com/v1",
        pagination=Cursor(
            selector="next_cursor",
            parameter="cursor",
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
