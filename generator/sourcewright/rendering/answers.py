"""What was answered, before the template is asked: frozen, from files and options."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from sourcewright.errors import AnswerRefused

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path


@dataclass(frozen=True)
class Answers:
    """The answers for one application of the template, in the order of giving.

    A value is text as it was typed, or what a file of answers holds. `recorded` are the
    answers that the application was made with before: they hold until others are given.
    `missing` are the arguments of the command that were not given.
    """

    component: str
    values: tuple[tuple[str, Any], ...] = ()
    recorded: tuple[tuple[str, Any], ...] = ()
    missing: tuple[str, ...] = ()

    def get(self, key: str) -> object:
        """Return an answer; None if there is none."""
        return dict((*self.recorded, *self.values)).get(key)

    def as_data(self) -> dict[str, Any]:
        """Return the answers as the template takes them."""
        return {**dict(self.recorded), **dict(self.values), "component": self.component}


def collect(
    component: str,
    given: dict[str, str | None],
    *,
    file: Path | None = None,
    settings: Iterable[str] = (),
) -> Answers:
    """Bring together a file of answers, `key=value` settings and arguments.

    Raises:
        AnswerRefused: a setting without `=`, a file that is no mapping, or two
            different answers for one key.
    """
    values: dict[str, Any] = _from_file(file) if file else {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or not key:
            what = f'"{setting}" is not of the form key=value'
            raise AnswerRefused(what, next_step=f"--set {key or 'key'}=value")
        values[key] = value
    for key, argument in {"component": component, **given}.items():
        if argument is None:
            continue
        if values.get(key, argument) != argument:
            what = f'{key} is "{argument}" and "{values[key]}" at once'
            raise AnswerRefused(what, next_step=f"answer {key} once")
        values[key] = argument
    del values["component"]
    missing = tuple(key for key in given if values.get(key) in (None, ""))
    return Answers(component, tuple(values.items()), missing=missing)


def _from_file(file: Path) -> dict[str, Any]:
    try:
        data = yaml.safe_load(file.read_text("utf-8"))
    except OSError as err:
        what = f"cannot read the answers: {err.strerror}"
        raise AnswerRefused(what, where=str(file)) from err
    except (yaml.YAMLError, ValueError, RecursionError) as err:
        what = "the file of answers is not valid YAML"
        raise AnswerRefused(what, where=str(file)) from err
    if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
        what = "the file of answers has no answers of the form `key: value`"
        raise AnswerRefused(what, where=str(file))
    # A ledger's own answers.yml serves too: its keys with _ are Copier's.
    return {key: value for key, value in data.items() if not key.startswith("_")}


def refuse_unknown(answers: Answers, known: Collection[str]) -> None:
    """Refuse what the template doesn't ask.

    Raises:
        AnswerRefused: with the nearest question that it does ask.
    """
    for key, _ in answers.values:
        if key not in known:
            near = difflib.get_close_matches(key, sorted(known), n=1, cutoff=0.0)
            what = f'the template has no question "{key}"'
            hint = f'did you mean "{near[0]}"?' if near else ""
            raise AnswerRefused(what, next_step=hint)
