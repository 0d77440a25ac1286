from acme.orchestration.prefect.flows import (
    postgresql_to_warehouse,
    postgresql_to_warehouse_in_batches,
)
from .....contracts.orchestration import FlowContract


class TestFlow(FlowContract):
    wrapped = postgresql_to_warehouse
    ends = ("postgresql_", "warehouse_")


class TestFlowInBatches(FlowContract):
    wrapped = postgresql_to_warehouse_in_batches
    ends = ("postgresql_", "warehouse_")
