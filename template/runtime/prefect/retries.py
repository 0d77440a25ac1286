"""Retries: which errors are worth one, and the id that all attempts share."""

from typing import Any

from prefect import Task
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRunPolicy, State, TaskRun
from prefect.context import FlowRunContext

from ..exceptions import FatalError


def retry_if_retriable(
    task: Task[..., Any],  # noqa: ARG001 - Prefect passes it
    task_run: TaskRun,  # noqa: ARG001 - likewise
    state: State[Any],
) -> bool:
    """Return whether to retry a task: yes, unless its error is a `FatalError`."""
    return not isinstance(state.data, FatalError)


async def cancel_flow_retries(
    task: Task[..., Any],  # noqa: ARG001 - Prefect passes it
    task_run: TaskRun,
    state: State[Any],
) -> None:
    """Cancel the retries of the flow run if a task failed with a `FatalError`.

    A flow has no condition for its retries, as a task has. Its run has a policy.
    """
    error = await state.aresult(raise_on_failure=False)
    if task_run.flow_run_id is None or not isinstance(error, FatalError):
        return
    async with get_client() as client:
        await client.update_flow_run(
            task_run.flow_run_id, empirical_policy=FlowRunPolicy(retries=0)
        )


def current_load_id() -> str | None:
    """Return an id that all attempts of the current flow run share, None outside one."""
    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        return None
    return str(context.flow_run.id)
