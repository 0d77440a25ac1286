from acme.orchestration.prefect.flows import (
    postgresql_to_duckdb,
    postgresql_to_duckdb_in_batches,
)
from .....contracts.orchestration import FlowContract


class TestFlow(FlowContract):
    wrapped = postgresql_to_duckdb
    ends = ("postgresql_", "duckdb_")


class TestFlowInBatches(FlowContract):
    wrapped = postgresql_to_duckdb_in_batches
    ends = ("postgresql_", "duckdb_")
