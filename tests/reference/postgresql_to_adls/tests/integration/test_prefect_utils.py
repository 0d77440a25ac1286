"""Credentials from Prefect's blocks, and retries, on a real Prefect server."""

import json
from typing import Any

from prefect import flow, task
from prefect.blocks.notifications import SlackWebhook
from prefect.blocks.system import Secret
import pytest

from acme.exceptions import (
    FatalError,
    RetriableError,
)
from acme.orchestration.prefect.exceptions import (
    MissingPrefectBlockError,
)
from acme.orchestration.prefect.utils import (
    cancel_flow_retries,
    current_load_id,
    get_credentials,
    retry_if_retriable,
)
from ..contracts.shown import everything_shown

pytestmark = pytest.mark.usefixtures("prefect_server")

CREDENTIALS = {"user": "reader", "password": "canary"}


@pytest.mark.parametrize("value", [CREDENTIALS, json.dumps(CREDENTIALS)])
@pytest.mark.parametrize("reference", ["warehouse", "secret/warehouse"])
def test_a_secret_block_gives_its_credentials(value: Any, reference: str) -> None:
    Secret(value=value).save("warehouse", overwrite=True)
    assert get_credentials(reference) == CREDENTIALS


def test_a_block_that_is_not_there_is_named() -> None:
    with pytest.raises(MissingPrefectBlockError, match="secret/no-such-block"):
        get_credentials("no-such-block")


@pytest.mark.parametrize("value", ["canary, but no JSON", '["canary"]'])
def test_a_block_without_a_json_object_is_refused_unseen(value: str) -> None:
    Secret(value=value).save("broken", overwrite=True)
    with pytest.raises(MissingPrefectBlockError, match="no JSON object") as caught:
        get_credentials("broken")
    assert "canary" not in everything_shown(caught.value)


def test_a_block_of_another_type_is_refused() -> None:
    SlackWebhook(url="https://example.com/canary").save("chat", overwrite=True)
    with pytest.raises(MissingPrefectBlockError, match="holds no secret"):
        get_credentials("slack-webhook/chat")


def _attempts(error: Exception) -> tuple[int, int]:
    """Return how often a flow and its one task were run that fail with `error`."""
    runs = {"flow": 0, "task": 0}
    run_ids = set()

    @task(
        retries=2,
        retry_condition_fn=retry_if_retriable,
        on_failure=[cancel_flow_retries],
    )
    def failing_task() -> None:
        runs["task"] += 1
        run_ids.add(current_load_id())
        raise error

    @flow(retries=1)
    def failing_flow() -> None:
        runs["flow"] += 1
        failing_task()

    state = failing_flow(return_state=True)
    assert state.is_failed()
    assert len(run_ids) == 1, "every attempt of a flow run has one load id"
    assert run_ids != {None}
    return runs["flow"], runs["task"]


def test_a_retriable_error_is_retried_by_task_and_flow() -> None:
    assert _attempts(RetriableError("it is busy")) == (2, 6)


def test_a_fatal_error_is_not_retried_at_all() -> None:
    assert _attempts(FatalError("it is wrong")) == (1, 1)


def test_outside_of_a_flow_there_is_no_load_id() -> None:
    assert current_load_id() is None
