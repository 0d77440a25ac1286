"""Rows that destinations write."""

import pandas as pd
import pyarrow as pa

OLD = pd.DataFrame({"number": pd.array([1], dtype="Int64"), "text": ["old"]})
NEW = pd.DataFrame({"number": pd.array([2, None], dtype="Int64"), "text": ["", None]})
BATCH = pa.RecordBatch.from_pydict({"number": [2], "text": ["new"]})
OLD_ROWS = OLD.to_dict("records")
