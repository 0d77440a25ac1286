from acme.orchestration.prefect.flows import (
    postgresql_to_adls,
    postgresql_to_adls_in_batches,
)
from .....contracts.orchestration import FlowContract


class TestFlow(FlowContract):
    wrapped = postgresql_to_adls
    ends = ("postgresql_", "adls_")


class TestFlowInBatches(FlowContract):
    wrapped = postgresql_to_adls_in_batches
    ends = ("postgresql_", "adls_")
