"""What tasks share: credentials from Prefect's blocks, and which errors to retry."""

from collections.abc import Mapping
import json
from typing import Any, cast

from prefect import Task
from prefect.blocks.abstract import SecretBlock
from prefect.blocks.core import Block
from prefect.blocks.system import Secret
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRunPolicy, State, TaskRun
from prefect.context import FlowRunContext

from acme.exceptions import FatalError
from acme.orchestration.prefect.exceptions import (
    MissingPrefectBlockError,
    MissingSourceCredentialsError,
)


def get_credentials(secret_name: str) -> dict[str, Any]:
    """Return the credentials that a Prefect block holds, as a JSON object.

    Args:
        secret_name: The name of a `Secret` block, or `<block type>/<name>` for any other
            secret block, for example `aws-secret/warehouse`.

    Raises:
        MissingPrefectBlockError: There is no such block, or it holds no JSON object.
    """
    reference = secret_name if "/" in secret_name else f"secret/{secret_name}"
    try:
        block = cast("Block", Block.load(reference))
    except ValueError as err:
        raise MissingPrefectBlockError(
            "There is no such Prefect block.",
            reference,
            "create it in Prefect's pages under Blocks, or correct `credentials_secret`.",
        ) from err
    value = _read(block, reference)
    if isinstance(value, str | bytes):
        try:
            value = json.loads(value)
        except ValueError:
            value = None  # and not `from err`: the message may quote the secret
    if not isinstance(value, Mapping):
        raise MissingPrefectBlockError(
            "The Prefect block holds no JSON object.",
            reference,
            'give it the credentials\' fields: {"user": …, "password": …}.',
        )
    return dict(value)


def connector_options(
    config_key: str | None, credentials_secret: str | None, *, where: str
) -> dict[str, Any]:
    """Return what a connector is made with: a config key, or a block's credentials.

    Args:
        config_key: The key in the configuration that holds the credentials.
        credentials_secret: The name of the Prefect block that holds them.
        where: The name of the task, for the error.

    Raises:
        MissingSourceCredentialsError: Neither `config_key` nor `credentials_secret`.
        MissingPrefectBlockError: As in `get_credentials`.
    """
    if not (config_key or credentials_secret):
        raise MissingSourceCredentialsError(where=where)
    credentials = get_credentials(credentials_secret) if credentials_secret else None
    return {"config_key": config_key, "credentials": credentials}


def retry_if_retriable(
    task: Task[..., Any],  # noqa: ARG001 - Prefect passes it
    task_run: TaskRun,  # noqa: ARG001 - likewise
    state: State[Any],
) -> bool:
    """Say whether to retry a task: yes, unless the error is a fatal one of ours."""
    return not isinstance(state.data, FatalError)


async def cancel_flow_retries(
    task: Task[..., Any],  # noqa: ARG001 - Prefect passes it
    task_run: TaskRun,
    state: State[Any],
) -> None:
    """Stop the flow run from being retried, where a task failed for good.

    A flow has no condition for its retries, as a task has; its run has a policy.
    """
    error = await state.aresult(raise_on_failure=False)
    if task_run.flow_run_id is None or not isinstance(error, FatalError):
        return
    async with get_client() as client:
        await client.update_flow_run(
            task_run.flow_run_id, empirical_policy=FlowRunPolicy(retries=0)
        )


def current_load_id() -> str | None:
    """Return an id that all attempts of the present flow run share; None outside."""
    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        return None
    return str(context.flow_run.id)


def _read(block: Block, reference: str) -> Any:
    if isinstance(block, Secret):
        return block.get()
    if isinstance(block, SecretBlock):
        return block.read_secret()
    raise MissingPrefectBlockError(
        "The Prefect block is of a type that holds no secret.",
        reference,
        "use a block of the type Secret.",
    )
