"""Read from the REST API at https://api.example.com/v1."""

from acme.http_settings import Limits
from acme.pagination import SinglePage
from acme.sources.authentication import NoAuthentication
from acme.sources.rest_api import REST, RestAPI


class Api0Credentials(NoAuthentication):
    """What the API asks for: nothing."""


class Api0(REST):
    """A REST API, read page by page.

    `json_records.TYPES` says which Arrow type holds which declared type. A number is
    never rounded: a value that its column's type can't hold is refused.
    """

    credentials_model = Api0Credentials
    credentials: Api0Credentials
    requires = ("httpx", "api-0")
    limits = Limits(
        requests_per_second=10.0,
    )
    api = RestAPI(
        base_url="https://api.example.com/v1",
        pagination=SinglePage(),
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
