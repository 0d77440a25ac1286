"""What every source is held to. Inherit, and give what the class attributes ask for."""

import logging
from typing import Any, ClassVar

import pyarrow as pa
import pytest

from acme import sources
from acme.exceptions import (
    CredentialError,
    EmptyResultError,
    RetriableError,
)
from acme.signals import SKIP
from acme.sources import Source
from acme.sources.base import FIRST_ROWS
from tests.contracts.shown import everything_shown


class SourceContract:
    """What holds without a server."""

    source: ClassVar[type[Source]]
    secret: ClassVar[str]  # a value that `unreachable` holds and nothing may show
    unreachable: ClassVar[dict[str, Any]]  # where no server is
    query = "SELECT 1 AS one"

    def test_it_is_exported(self) -> None:
        assert getattr(sources, self.source.__name__) is self.source
        assert self.source.__name__ in sources.__all__

    def test_it_wants_credentials(self) -> None:
        with pytest.raises(CredentialError, match="Neither"):
            self.source()

    def test_it_wants_one_kind_of_credentials(self) -> None:
        with pytest.raises(CredentialError, match="Both"):
            self.source(config_key="any", credentials=self.unreachable)

    def test_a_misspelt_field_is_named_and_no_value_is_shown(self) -> None:
        with pytest.raises(CredentialError, match="pasword") as caught:
            self.source(credentials={**self.unreachable, "pasword": self.secret})
        assert self.secret not in everything_shown(caught.value)

    def test_its_repr_shows_no_secret(self) -> None:
        source = self.source(credentials=self.unreachable)
        assert self.secret not in f"{source!r} {source.credentials!r} {vars(source)}"

    def test_a_server_that_is_not_there_is_worth_a_retry(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.DEBUG), pytest.raises(RetriableError) as caught:
            self.source(credentials=self.unreachable).to_arrow(self.query)
        assert caught.value.where
        assert caught.value.next_step
        assert self.secret not in caplog.text + everything_shown(caught.value)


class LiveSourceContract:
    """What holds with a server. Override the fixture `live_source`."""

    rows_query: ClassVar[str]  # three rows, a column `number`: 1, 2, 3
    many_query: ClassVar[str]  # a thousand rows
    empty_query: ClassVar[str]  # the same column, and no row
    rejected_query: ClassVar[str]

    @pytest.fixture
    def live_source(self) -> Source:
        msg = "a live source contract needs the fixture live_source"
        raise NotImplementedError(msg)

    def test_rows_keep_their_order(self, live_source: Source) -> None:
        table = live_source.to_arrow(self.rows_query)
        assert table.column("number").to_pylist() == [1, 2, 3]

    def test_batches_are_bounded(self, live_source: Source) -> None:
        batches = list(live_source.to_batches(self.many_query, batch_bytes=1))
        assert sum(batch.num_rows for batch in batches) == 1000
        assert max(batch.num_rows for batch in batches) <= FIRST_ROWS

    def test_a_data_frame_has_arrow_columns(self, live_source: Source) -> None:
        df = live_source.to_df(self.rows_query)
        assert df["number"].tolist() == [1, 2, 3]
        assert pa.types.is_integer(df["number"].dtype.pyarrow_dtype)

    def test_an_empty_result_keeps_its_columns(self, live_source: Source) -> None:
        full = live_source.to_arrow(self.rows_query)
        empty = live_source.to_arrow(self.empty_query)
        assert empty.num_rows == 0
        assert empty.schema == full.schema

    def test_an_empty_result_warns_skips_or_fails(
        self, live_source: Source, caplog: pytest.LogCaptureFixture
    ) -> None:
        assert live_source.to_df(self.empty_query).empty
        assert "no rows" in caplog.text
        with pytest.raises(SKIP):
            live_source.to_df(self.empty_query, if_empty="skip")
        with pytest.raises(EmptyResultError):
            live_source.to_df(self.empty_query, if_empty="fail")

    def test_a_rejected_query_is_not_worth_a_retry(self, live_source: Source) -> None:
        with pytest.raises(Exception, match="Where: ") as caught:
            live_source.to_arrow(self.rejected_query)
        assert not isinstance(caught.value, RetriableError)
