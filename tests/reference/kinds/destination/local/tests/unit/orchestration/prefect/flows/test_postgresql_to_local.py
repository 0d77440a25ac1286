from acme.orchestration.prefect.flows import (
    postgresql_to_local,
    postgresql_to_local_in_batches,
)
from .....contracts.orchestration import FlowContract


class TestFlow(FlowContract):
    wrapped = postgresql_to_local
    ends = ("postgresql_", "local_")


class TestFlowInBatches(FlowContract):
    wrapped = postgresql_to_local_in_batches
    ends = ("postgresql_", "local_")
