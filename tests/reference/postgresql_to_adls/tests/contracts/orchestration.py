"""What every task and every flow is held to. Inherit, and name the task or the flow."""

import inspect
from typing import Any, ClassVar

from prefect import Flow, Task
import pytest

from acme.orchestration.prefect import flows, tasks
from acme.orchestration.prefect.exceptions import (
    MissingSourceCredentialsError,
)
from acme.orchestration.prefect.utils import (
    cancel_flow_retries,
    retry_if_retriable,
)


def _credentials_arguments(function: Any) -> set[str]:
    """Return the names of arguments that could carry a secret; `key` names columns."""
    words = ("credentials", "password", "token", "secret", "key")
    return {
        name
        for name in inspect.signature(function).parameters
        if name != "key" and any(word in name for word in words)
    }


def _undocumented(function: Any) -> set[str]:
    """Return the names of arguments that the docstring tells nothing of."""
    told = inspect.getdoc(function) or ""
    parameters = inspect.signature(function).parameters
    return {name for name in parameters if f"\n    {name}: " not in told}


# `type(self).task`, not `self.task`: Prefect would bind the task to the test as a method.


class TaskContract:
    """A thin wrapper that takes names of credentials, never credentials."""

    task: ClassVar[Task[..., Any]]
    arguments: ClassVar[dict[str, Any]]  # the required ones
    ends: ClassVar[tuple[str, ...]] = ("",)  # what the names of credentials begin with

    def test_it_is_exported(self) -> None:
        assert getattr(tasks, type(self).task.fn.__name__) is type(self).task
        assert type(self).task.fn.__name__ in tasks.__all__

    def test_it_takes_no_credentials(self) -> None:
        assert _credentials_arguments(type(self).task.fn) == {
            f"{end}{name}"
            for end in self.ends
            for name in ("config_key", "credentials_secret")
        }

    def test_without_credentials_it_does_nothing_else(self) -> None:
        for end in self.ends:
            others = {
                f"{other}config_key": "any" for other in self.ends if other != end
            }
            with pytest.raises(MissingSourceCredentialsError) as caught:
                type(self).task.fn(**self.arguments, **others)
            assert caught.value.where == type(self).task.fn.__name__
            assert "config_key" in caught.value.next_step

    def test_it_is_retried_and_ends_some_time(self) -> None:
        assert type(self).task.retries
        assert type(self).task.timeout_seconds

    def test_only_a_retriable_error_is_retried(self) -> None:
        assert type(self).task.retry_condition_fn is retry_if_retriable
        assert cancel_flow_retries in type(self).task.on_failure_hooks

    def test_it_leaves_no_copy_of_the_data(self) -> None:
        assert type(self).task.persist_result is False

    def test_its_docstring_tells_arguments_and_errors(self) -> None:
        assert not _undocumented(type(self).task.fn)
        assert "\nRaises:\n" in (inspect.getdoc(type(self).task.fn) or "")


class FlowContract:
    """A thin wrapper over a task of a source and a task of a destination."""

    flow: ClassVar[Flow[..., Any]]
    source: ClassVar[str]
    destination: ClassVar[str]
    manner: ClassVar[str] = ""  # what its name ends with, beside another flow's

    def test_it_is_exported(self) -> None:
        assert getattr(flows, type(self).flow.fn.__name__) is type(self).flow
        assert type(self).flow.fn.__name__ in flows.__all__

    def test_it_has_a_name_and_a_description(self) -> None:
        source, destination = (
            end.replace("_", "-") for end in (self.source, self.destination)
        )
        assert type(self).flow.name == f"extract--{source}--{destination}{self.manner}"
        # Without one, Prefect would show the docstring.
        assert type(self).flow.description != inspect.getdoc(type(self).flow.fn)

    def test_required_arguments_come_first(self) -> None:
        defaults = [
            parameter.default is inspect.Parameter.empty
            for parameter in inspect.signature(type(self).flow.fn).parameters.values()
        ]
        assert defaults == sorted(defaults, reverse=True)

    def test_it_takes_no_credentials(self) -> None:
        assert _credentials_arguments(type(self).flow.fn) == {
            f"{end}_{name}"
            for end in (self.source, self.destination)
            for name in ("config_key", "credentials_secret")
        }

    def test_it_is_retried_and_ends_some_time(self) -> None:
        assert type(self).flow.retries
        assert type(self).flow.timeout_seconds

    def test_its_docstring_tells_its_arguments(self) -> None:
        assert not _undocumented(type(self).flow.fn)
