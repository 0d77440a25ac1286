import pytest
from prefect import flow, task
from runtime.exceptions import FatalError, RetriableError
from runtime.prefect.retries import (
    cancel_flow_retries,
    current_load_id,
    retry_if_retriable,
)


def _attempts(error: Exception) -> tuple[int, int]:
    """Return how often a flow and its one task ran that fail with `error`."""
    runs = {"flow": 0, "task": 0}
    load_ids = set()

    @task(
        retries=2,
        retry_condition_fn=retry_if_retriable,
        on_failure=[cancel_flow_retries],
    )
    def failing_task() -> None:
        runs["task"] += 1
        load_ids.add(current_load_id())
        raise error

    @flow(retries=1)
    def failing_flow() -> None:
        runs["flow"] += 1
        failing_task()

    state = failing_flow(return_state=True)
    assert state.is_failed()
    assert len(load_ids) == 1, "every attempt of a flow run has one load id"
    assert load_ids != {None}
    return runs["flow"], runs["task"]


@pytest.mark.usefixtures("prefect")
@pytest.mark.parametrize("error", [RetriableError("it is busy"), OSError("it broke")])
def test_a_retriable_or_an_unknown_error_is_retried_by_task_and_flow(
    error: Exception,
) -> None:
    assert _attempts(error) == (2, 6)


@pytest.mark.usefixtures("prefect")
def test_a_fatal_error_is_not_retried_at_all() -> None:
    assert _attempts(FatalError("it is wrong")) == (1, 1)


@pytest.mark.usefixtures("prefect")
def test_a_fatal_error_of_a_task_without_a_flow_is_only_that() -> None:
    @task(on_failure=[cancel_flow_retries])
    def failing_task() -> None:
        msg = "it is wrong"
        raise FatalError(msg)

    with pytest.raises(FatalError, match="it is wrong"):
        failing_task()


def test_outside_of_a_flow_there_is_no_load_id() -> None:
    assert current_load_id() is None
