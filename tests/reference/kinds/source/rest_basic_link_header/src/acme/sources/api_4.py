"""Read from the REST API at https://api.example.com/v1."""

from acme.runtime.rest import authentication, pagination
from acme.runtime.rest.source import REST, RestAPI


class Api4(REST):
    """A REST API, read page by page. `records.TYPES` maps declared types to Arrow's.

    Credentials: those of `authentication.BasicAuthentication`.
    """

    credentials_model = authentication.BasicAuthentication
    credentials: authentication.BasicAuthentication
    requires = ("httpx", "acme[api-4]")
    api = RestAPI(
        base_url="https://api.example.com/v1",
        pagination=pagination.LinkHeader(page_limit=10000),
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
