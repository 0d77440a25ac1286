"""Read from the REST API at https://api.example.com/v1."""

from acme.runtime.rest import authentication, pagination, settings
from acme.runtime.rest.source import REST, RestAPI


class Rest(REST):
    """A REST API, read page by page. `records.TYPES` maps declared types to Arrow's.

    Credentials: those of `authentication.BearerToken`.
    """

    credentials_model = authentication.BearerToken
    credentials: authentication.BearerToken
    requires = ("httpx", "acme[rest]")
    limits = settings.Limits(requests_per_second=0.0)
    api = RestAPI(
        base_url="https://api.example.com/v1",
        pagination=pagination.LinkHeader(page_limit=10000),
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
