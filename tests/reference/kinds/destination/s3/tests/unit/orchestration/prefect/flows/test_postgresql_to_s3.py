from acme.orchestration.prefect.flows import (
    postgresql_to_s3,
    postgresql_to_s3_in_batches,
)
from .....contracts.orchestration import FlowContract


class TestFlow(FlowContract):
    wrapped = postgresql_to_s3
    ends = ("postgresql_", "s3_")


class TestFlowInBatches(FlowContract):
    wrapped = postgresql_to_s3_in_batches
    ends = ("postgresql_", "s3_")
