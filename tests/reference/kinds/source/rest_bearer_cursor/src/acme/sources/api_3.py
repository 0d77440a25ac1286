"""Read from the REST API at https://api.example.com/v1."""

from acme.runtime.rest import authentication, pagination
from acme.runtime.rest.source import REST, RestAPI


class Api3(REST):
    """A REST API, read page by page. `records.TYPES` maps declared types to Arrow's.

    Credentials: those of `authentication.BearerToken`.
    """

    credentials_model = authentication.BearerToken
    credentials: authentication.BearerToken
    requires = ("httpx", "acme[api-3]")
    api = RestAPI(
        base_url="https://api.example.com/v1",
        pagination=pagination.Cursor(
            selector="next_cursor", parameter="cursor", page_limit=10000
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
