"""The contracts of tasks and flows, which need no server."""

import inspect
import sys
from typing import Any, ClassVar

from prefect import Flow, Task
import pytest

from .errors import raises


class Recorder:
    """Stands for all that a function calls, and records what it gives to it."""

    def __init__(self) -> None:
        self.given: list[Any] = []

    def __getattr__(self, name: str) -> Any:
        return self

    def __call__(self, *values: Any, **named: Any) -> Any:
        self.given += [*values, *named.values()]
        return self

    def keys(self) -> list[str]:
        return []  # of the options that `connector_options` returns


class Contract:
    """What tasks and flows have in common."""

    ends: ClassVar[tuple[str, ...]] = ("",)  # prefixes of the credentials' arguments
    wrapped: ClassVar[Any]

    def _function(self) -> Any:
        return type(self).wrapped.fn

    def _parameters(self) -> dict[str, inspect.Parameter]:
        return dict(inspect.signature(self._function()).parameters)

    def test_it_is_exported(self) -> None:
        function = self._function()
        package = sys.modules[function.__module__.rpartition(".")[0]]
        assert getattr(package, function.__name__) is type(self).wrapped
        assert function.__name__ in package.__all__

    def test_it_takes_names_of_credentials_and_never_credentials(self) -> None:
        words = ("credentials", "password", "token", "secret", "key")
        found = {name for name in self._parameters() if any(w in name for w in words)}
        names = ("config_key", "credentials_secret")
        # `key` names the columns of a table's key.
        assert found - {"key"} == {
            f"{end}{name}" for end in self.ends for name in names
        }

    def test_it_hands_on_every_argument(self, monkeypatch: pytest.MonkeyPatch) -> None:
        function, recorder = self._function(), Recorder()
        for name in function.__code__.co_names:
            if name in function.__globals__:
                monkeypatch.setitem(function.__globals__, name, recorder)
        arguments = {name: object() for name in self._parameters()}
        function(**arguments)
        for name, value in arguments.items():
            assert any(value is given for given in recorder.given), name

    def test_it_is_retried_and_ends_some_time(self) -> None:
        assert type(self).wrapped.retries
        assert type(self).wrapped.timeout_seconds

    def test_its_docstring_names_its_arguments(self) -> None:
        told = inspect.getdoc(self._function()) or ""
        for name in self._parameters():
            assert f"\n    {name}: " in told, name


class TaskContract(Contract):
    """What every task keeps: it is a thin wrapper over a connector."""

    wrapped: ClassVar[Task[..., Any]]

    def test_without_credentials_it_does_nothing_else(self) -> None:
        for end in self.ends:
            arguments: dict[str, Any] = {
                name: "any" if name.endswith("config_key") else None
                for name in self._parameters()
                if name != f"{end}config_key"
            }
            with raises("MissingSourceCredentialsError", match="config_key") as caught:
                self._function()(**arguments)
            assert self._function().__name__ in str(caught.value)

    def test_its_docstring_names_its_errors(self) -> None:
        assert "\nRaises:\n" in (inspect.getdoc(self._function()) or "")

    def test_only_a_retriable_error_is_retried(self) -> None:
        task = type(self).wrapped
        assert task.retry_condition_fn.__name__ == "retry_if_retriable"  # type: ignore[union-attr]
        assert "cancel_flow_retries" in {
            getattr(hook, "__name__", "") for hook in task.on_failure_hooks
        }

    def test_it_leaves_no_copy_of_the_data(self) -> None:
        assert type(self).wrapped.persist_result is False


class FlowContract(Contract):
    """What every flow keeps: it is a thin wrapper over tasks."""

    wrapped: ClassVar[Flow[..., Any]]

    def test_it_has_a_name_and_a_description(self) -> None:
        ends = [end.removesuffix("_").replace("_", "-") for end in self.ends]
        manner = ["in-batches"] * self._function().__name__.endswith("_in_batches")
        assert type(self).wrapped.name == "--".join(["extract", *ends, *manner])
        # Without one, Prefect would show the docstring.
        assert type(self).wrapped.description != inspect.getdoc(self._function())

    def test_required_arguments_come_first(self) -> None:
        empty = inspect.Parameter.empty
        required = [each.default is empty for each in self._parameters().values()]
        assert required == sorted(required, reverse=True)
