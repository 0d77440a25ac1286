from collections.abc import Iterator
from importlib.util import find_spec

import pandas as pd
from prefect import flow
import pyarrow as pa
import pytest

from acme.exceptions import (
    CredentialError,
    DestinationRejectedError,
    RetriableError,
    UnsupportedTypeError,
)
from acme.utils import skip_test_on_missing_extra

if find_spec("psycopg2") is None:
    skip_test_on_missing_extra(
        "Warehouse",
        extra="warehouse",
    )

from acme.orchestration.prefect.tasks import df_to_warehouse
from acme.sources import Warehouse
from ..contracts.destination import (
    BATCH,
    NEW,
    OLD,
    LiveTableDestinationContract,
)
from .live import warehouse as live


@pytest.fixture
def destination() -> Warehouse:
    return live.connect()


class TestWarehouse(LiveTableDestinationContract):
    @pytest.fixture
    def live_destination(
        self,
        destination: Warehouse,
    ) -> Warehouse:
        return destination

    @pytest.fixture
    def path(self) -> str:
        return live.fresh_target()

    def read(
        self,
        destination: Warehouse,
        path: str,
    ) -> pa.Table:
        return live.read(path)

    def execute(
        self,
        destination: Warehouse,
        statement: str,
    ) -> None:
        live.execute(statement)


def test_readers_see_the_former_rows_until_the_end(
    destination: Warehouse,
) -> None:
    seen = []

    def watched() -> Iterator[pa.RecordBatch]:
        yield BATCH
        seen.append(live.read(table).to_pylist())
        yield BATCH

    table = live.fresh_target()
    destination.from_df(OLD, table)
    destination.from_batches(watched(), table, mode="replace")
    assert seen == [OLD.to_dict("records")]
    assert live.read(table).num_rows == 2 * BATCH.num_rows


def test_replacing_keeps_the_table_s_indexes(
    destination: Warehouse,
) -> None:
    table = live.fresh_target()
    destination.from_df(OLD, table, mode="upsert", key=["number"])
    destination.from_batches([BATCH], table, mode="replace")
    again = {"mode": "upsert", "key": ["number"]}
    destination.from_batches([BATCH], table, **again)
    assert live.read(table).num_rows == BATCH.num_rows


@pytest.mark.usefixtures("prefect_server", "destination")
def test_a_flow_that_is_retried_appends_once() -> None:
    table = live.fresh_target()
    attempts = []

    @flow(retries=1)
    def load() -> None:
        attempts.append(1)
        df_to_warehouse(
            df=NEW,
            table=table,
            config_key=live.CONFIG_KEY,
            mode="append",
        )
        if len(attempts) == 1:
            msg = "something else failed"
            raise RetriableError(msg)

    load()
    assert len(attempts) == 2
    assert live.read(table).num_rows == len(NEW)


def test_names_and_texts_mean_nothing_in_sql(
    destination: Warehouse,
) -> None:
    table = live.fresh_target()
    text = "'; DROP TABLE x; -- \\N \\. \t\r\n,\"%s {}"
    df = pd.DataFrame({'a "b" %s {}': [text], "select": ["\U0010ffff\ud7ff"]})
    destination.from_df(df, table)
    destination.from_df(df, table, mode="append")
    assert live.read(table).to_pylist() == df.to_dict("records") * 2


@pytest.mark.parametrize("value", ["a\0b", "\0"])
def test_a_text_that_no_table_holds_is_refused_by_its_column(
    destination: Warehouse,
    value: str,
) -> None:
    with pytest.raises(UnsupportedTypeError, match="'words'"):
        destination.from_df(pd.DataFrame({"words": [value]}), live.fresh_target())


def test_a_schema_that_is_not_there_is_said(
    destination: Warehouse,
) -> None:
    with pytest.raises(DestinationRejectedError, match="no_such_schema"):
        destination.from_df(OLD, "no_such_schema.example")


def test_a_wrong_user_is_not_worth_a_retry(
    destination: Warehouse,
) -> None:
    fields = destination.credentials.model_dump(exclude={"user", "password"})
    wrong = Warehouse(
        credentials={**fields, "user": "nobody_at_all"},
    )
    with pytest.raises(CredentialError):
        wrong.from_df(OLD, live.fresh_target())
