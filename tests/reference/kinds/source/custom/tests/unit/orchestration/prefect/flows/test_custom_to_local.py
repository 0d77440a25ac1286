from acme.orchestration.prefect.flows import custom_to_local, custom_to_local_in_batches
from .....contracts.orchestration import FlowContract


class TestFlow(FlowContract):
    wrapped = custom_to_local
    ends = ("custom_", "local_")


class TestFlowInBatches(FlowContract):
    wrapped = custom_to_local_in_batches
    ends = ("custom_", "local_")
