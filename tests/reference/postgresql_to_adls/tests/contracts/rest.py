"""What every REST source is held to, on a server of this process. Inherit."""

import logging
from typing import Any, ClassVar

import pytest

from acme.exceptions import CredentialError
from acme.sources.rest_api import REST
from ..http_server import Reply
from ..rest_server import RestServer, example
from .shown import everything_shown
from .source import LiveSourceContract


class LiveRestContract(LiveSourceContract):
    """Override the fixtures `server` and `live_source`."""

    secret: ClassVar[str]
    rows_query = "records?count=3"
    many_query = "records?count=1000"
    empty_query = "records?count=0"
    rejected_query = "rejected"

    @pytest.fixture
    def server(self) -> RestServer:
        msg = "a live contract of a REST source needs the fixture server"
        raise NotImplementedError(msg)

    def column(self, source: Any) -> str:
        return next(iter(source.api.columns))

    def values(self, source: Any) -> list[Any]:
        kind = source.api.columns[self.column(source)]
        return [example(kind, number)[1] for number in (1, 2, 3)]

    def test_every_column_arrives(self, live_source: REST) -> None:
        rows = live_source.to_arrow(self.rows_query).to_pylist()
        for number, row in enumerate(rows, 1):
            for name, kind in live_source.api.columns.items():
                assert row[name] == example(kind, number)[1]

    def test_no_log_and_no_request_line_that_is_logged_has_a_secret(
        self, live_source: REST, server: RestServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.INFO):
            live_source.to_arrow(self.many_query)
        assert "records?count=1000" in caplog.text
        assert self.secret not in caplog.text

    def test_credentials_that_are_refused_are_not_shown(
        self, live_source: REST, server: RestServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        server.answer = lambda _request: Reply(self.secret.encode(), 401)
        with caplog.at_level(logging.INFO), pytest.raises(CredentialError) as caught:
            live_source.to_arrow(self.rows_query)
        assert caught.value.where
        assert self.secret not in caplog.text + everything_shown(caught.value)
