"""The contract of sources where there are rows."""

from typing import Any, ClassVar

import pyarrow as pa
import pytest

from .errors import is_a, raises


class LiveSourceContract:
    """What every source keeps. A subclass names queries of the same columns."""

    live: ClassVar[Any]  # has `connect`, which returns the source
    few: ClassVar[str]  # three rows
    many: ClassVar[str]  # a thousand rows
    none: ClassVar[str]
    rejected: ClassVar[str]

    @pytest.fixture
    def source(self) -> Any:
        return self.live.connect()

    def test_rows_are_the_same_in_batches_of_any_size(self, source: Any) -> None:
        table = source.to_arrow(self.many)
        assert table.num_rows == 1000
        for size in (1, 500):
            batches = list(source.to_batches(self.many, batch_bytes=size))
            assert max(batch.num_rows for batch in batches) < table.num_rows
            assert pa.Table.from_batches(batches) == table

    def test_two_readings_do_not_disturb_each_other(self, source: Any) -> None:
        one, other = source.to_batches(self.few), source.to_batches(self.few)
        assert all(first == second for first, second in zip(one, other, strict=True))

    def test_a_load_reads_the_same_rows(self, source: Any) -> None:
        with source.snapshot() as reading:
            read = pa.Table.from_batches(reading.to_batches(self.few))
        assert read == source.to_arrow(self.few)
        assert read.num_rows == 3

    def test_reading_can_stop_early_and_start_again(self, source: Any) -> None:
        batches = source.to_batches(self.many, batch_bytes=1)
        assert next(batches).num_rows
        batches.close()
        assert source.to_arrow(self.few).num_rows == 3

    def test_a_data_frame_has_arrow_columns(self, source: Any) -> None:
        df = source.to_df(self.few)
        types = source.to_arrow(self.few).schema.types
        assert [kind.pyarrow_dtype for kind in df.dtypes] == types

    def test_an_empty_result_keeps_its_columns(
        self, source: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        (batch,) = source.to_batches(self.none)
        names = source.to_arrow(self.few).column_names
        assert (batch.num_rows, batch.schema.names) == (0, names)
        assert source.to_df(self.none).empty
        assert "no rows" in caplog.text
        with raises("SKIP"):
            source.to_df(self.none, if_empty="skip")
        with raises("EmptyResultError"):
            source.to_df(self.none, if_empty="fail")

    def test_a_rejected_query_is_not_worth_a_retry(self, source: Any) -> None:
        with pytest.raises(Exception, match="Where: ") as caught:
            source.to_arrow(self.rejected)
        assert not is_a(caught.value, "RetriableError")
        assert "Next: " in str(caught.value)
