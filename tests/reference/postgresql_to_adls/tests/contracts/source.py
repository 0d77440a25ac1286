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
from .shown import everything_shown


class OfflineSourceContract:
    """What holds for every source, without a server."""

    source: ClassVar[type[Source]]
    secret: ClassVar[str]  # a value that `credentials` hold and nothing may show
    credentials: dict[str, Any]  # that are valid

    def test_it_is_exported(self) -> None:
        assert getattr(sources, self.source.__name__) is self.source
        assert self.source.__name__ in sources.__all__

    def test_it_wants_credentials(self) -> None:
        with pytest.raises(CredentialError, match="Neither"):
            self.source()

    def test_it_wants_one_kind_of_credentials(self) -> None:
        with pytest.raises(CredentialError, match="Both"):
            self.source(config_key="any", credentials=self.credentials)

    def test_a_misspelt_field_is_named_and_no_value_is_shown(self) -> None:
        with pytest.raises(CredentialError, match="pasword") as caught:
            self.source(credentials={**self.credentials, "pasword": self.secret})
        assert caught.value.where
        assert caught.value.next_step
        assert self.secret not in everything_shown(caught.value)

    def test_its_repr_shows_no_secret(self) -> None:
        source = self.source(credentials=self.credentials)
        assert self.secret not in f"{source!r} {source.credentials!r} {vars(source)}"

    def test_it_says_what_it_is(self) -> None:
        assert self.source.__doc__
        assert self.source.__name__ in repr(self.source(credentials=self.credentials))


class SourceContract(OfflineSourceContract):
    """The same for a source behind a server."""

    unreachable: ClassVar[dict[str, Any]]  # valid credentials, where no server is
    query = "SELECT 1 AS one"

    @property
    def credentials(self) -> dict[str, Any]:
        return self.unreachable

    def test_nothing_is_asked_before_the_first_batch(self) -> None:
        self.source(credentials=self.unreachable).to_batches(self.query)

    def test_a_server_that_is_not_there_is_worth_a_retry(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.DEBUG), pytest.raises(RetriableError) as caught:
            self.source(credentials=self.unreachable).to_arrow(self.query)
        assert caught.value.where
        assert caught.value.next_step
        assert self.secret not in caplog.text + everything_shown(caught.value)


class LiveSourceContract:
    """What holds where rows are. Override the fixture `live_source`.

    By default the rows of `rows_query` have a column `number`: 1, 2, 3.
    """

    rows_query: ClassVar[str]  # three rows
    many_query: ClassVar[str]  # a thousand rows
    empty_query: ClassVar[str]  # the same columns, and no row
    rejected_query: ClassVar[str]

    @pytest.fixture
    def live_source(self) -> Source:
        msg = "a live source contract needs the fixture live_source"
        raise NotImplementedError(msg)

    def column(self, source: Any) -> str:
        """Return the name of a column of `rows_query`."""
        return "number"

    def values(self, source: Any) -> list[Any]:
        """Return what that column holds, in the order of the rows."""
        return [1, 2, 3]

    def test_rows_keep_their_order(self, live_source: Source) -> None:
        table = live_source.to_arrow(self.rows_query)
        values = table.column(self.column(live_source)).to_pylist()
        assert values == self.values(live_source)

    def test_the_same_query_gives_the_same_rows_again(
        self, live_source: Source
    ) -> None:
        first = live_source.to_arrow(self.many_query)
        assert live_source.to_arrow(self.many_query).equals(first)

    def test_two_readings_do_not_disturb_each_other(self, live_source: Source) -> None:
        one = live_source.to_batches(self.rows_query)
        other = live_source.to_batches(self.rows_query)
        pairs = list(zip(one, other, strict=True))
        assert pairs
        assert all(first.equals(second) for first, second in pairs)

    def test_batches_are_bounded(self, live_source: Source) -> None:
        batches = list(live_source.to_batches(self.many_query, batch_bytes=1))
        assert sum(batch.num_rows for batch in batches) == 1000
        assert max(batch.num_rows for batch in batches) <= FIRST_ROWS

    def test_batches_of_any_size_hold_the_same_rows(self, live_source: Source) -> None:
        parts = pa.Table.from_batches(
            live_source.to_batches(self.many_query, batch_bytes=500)
        )
        assert parts.equals(live_source.to_arrow(self.many_query))

    def test_all_batches_have_one_schema(self, live_source: Source) -> None:
        batches = live_source.to_batches(self.many_query, batch_bytes=1)
        assert len({str(batch.schema) for batch in batches}) == 1

    def test_a_load_reads_what_a_reading_reads(self, live_source: Source) -> None:
        with live_source.snapshot() as reading:
            read = pa.Table.from_batches(reading.to_batches(self.rows_query))
        assert read.equals(live_source.to_arrow(self.rows_query))

    def test_who_stops_early_can_read_again(self, live_source: Source) -> None:
        batches = live_source.to_batches(self.many_query, batch_bytes=1)
        assert next(batches).num_rows
        batches.close()
        assert live_source.to_arrow(self.rows_query).num_rows == len(
            self.values(live_source)
        )

    def test_a_data_frame_has_arrow_columns(self, live_source: Source) -> None:
        df = live_source.to_df(self.rows_query)
        assert df[self.column(live_source)].tolist() == self.values(live_source)
        schema = live_source.to_arrow(self.rows_query).schema
        assert [kind.pyarrow_dtype for kind in df.dtypes] == schema.types

    def test_an_empty_result_keeps_its_columns(self, live_source: Source) -> None:
        full = live_source.to_arrow(self.rows_query)
        empty = live_source.to_arrow(self.empty_query)
        assert empty.num_rows == 0
        assert empty.schema == full.schema

    def test_an_empty_result_is_one_empty_batch(self, live_source: Source) -> None:
        (batch,) = live_source.to_batches(self.empty_query)
        assert batch.num_rows == 0

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
        assert "Next: " in str(caught.value)
