"""Read from custom: rows of an example, until `rows` reads them from elsewhere."""

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
from pydantic import SecretStr

from acme.runtime import connector, exceptions, rows


class CustomCredentials(connector.Credentials):
    """The fields of the credentials; secret ones are `SecretStr`."""

    token: SecretStr | None = None


class Custom(rows.RowSource):
    """Numbered rows, as many as the query says."""

    credentials_model = CustomCredentials
    credentials: CustomCredentials
    schema = pa.schema({"number": pa.int64(), "text": pa.string()})

    def rows(self, query: str) -> Iterator[Mapping[str, Any]]:
        """Yield each row: the value of every column by its name, None for NULL.

        Args:
            query: How many rows, as a whole number.

        Raises:
            QueryRejectedError: The query is no such number.
        """
        if not query.isdecimal():
            raise exceptions.QueryRejectedError(
                "The query isn't a whole number.",
                self.place,
                "write the number of rows, for example 3.",
            )
        for number in range(1, int(query) + 1):
            yield {"number": number, "text": f"row {number}"}
