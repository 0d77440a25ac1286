"""Rows that destinations write."""

from collections.abc import Iterator

import pandas as pd
import pyarrow as pa

OLD = pd.DataFrame({"number": pd.array([1], dtype="Int64"), "text": ["old"]})
NEW = pd.DataFrame({"number": pd.array([2, None], dtype="Int64"), "text": ["", None]})
BATCH = pa.RecordBatch.from_pydict({"number": [2], "text": ["new"]})
OLD_ROWS = OLD.to_dict("records")


def read_all(batches: Iterator[pa.RecordBatch]) -> None:
    """Check nothing, but read every batch."""
    assert list(batches)
