from acme.orchestration.prefect.flows import rest_to_local, rest_to_local_in_batches
from .....contracts.orchestration import FlowContract


class TestFlow(FlowContract):
    wrapped = rest_to_local
    ends = ("rest_", "local_")


class TestFlowInBatches(FlowContract):
    wrapped = rest_to_local_in_batches
    ends = ("rest_", "local_")
