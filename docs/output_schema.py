# ruff: noqa: INP001 - a part of a script, not a module
"""The form of what `--json` prints, as JSON Schema: made of the code that prints it."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import click
from sourcewright import errors, ledger, output
from sourcewright.changes import Fact, Need, Part

TEXT = {"type": "string"}
TEXT_OR_NULL = {"type": ["string", "null"]}
COUNT = {"type": "integer", "minimum": 0}
VERBS = ["create", "edit", "identical", "remove", "keep", "conflict"]
EXIT_CODES = [0, 1, 2, 3, 4, 130]

# What a command's object holds where it came to a result.
REPORT = ["written", "changes", "pending", "missing", "notes", "facts", "diff"]
PARTS = {"list": ["applications"], "check": ["findings"]}


def schema(commands: dict[str, click.Command]) -> dict[str, Any]:
    """Return the schema; `commands` are all, by their whole names."""
    names = [
        name
        for name, command in commands.items()
        if any("--json" in each.opts for each in command.params)
    ]
    known = {
        "schema": {"const": output.SCHEMA},
        "command": {"enum": [*names, "add", None]},
        "exit_code": {"enum": EXIT_CODES},
        "error": {"anyOf": [_object(_error()), {"type": "null"}]},
        "written": {"type": "boolean"},
        "changes": _list({"verb": {"enum": VERBS}, "path": TEXT}),
        "pending": _list(_pending()),
        "missing": _list({"application": TEXT, **dict.fromkeys(_fields(Need), TEXT)}),
        "notes": {"type": "array", "items": TEXT},
        "facts": _list(dict.fromkeys(_fields(Fact), TEXT)),
        "diff": TEXT_OR_NULL,
        "applications": _list(_application()),
        "findings": _list(dict.fromkeys(["code", "where", "what", "next"], TEXT)),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What `sourcewright … --json` prints, however it ends",
        "type": "object",
        "properties": known,
        "additionalProperties": False,
        "required": ["schema", "command", "exit_code", "error"],
        "allOf": [
            {
                "if": {
                    "properties": {
                        "command": {"const": name},
                        "error": {"type": "null"},
                    }
                },
                "then": {"required": PARTS.get(name, REPORT)},
            }
            for name in names
        ],
    }


def _fields(form: type) -> list[str]:
    return [field.name for field in dataclasses.fields(form)]


def _object(properties: dict[str, Any], *optional: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "required": [name for name in properties if name not in optional],
    }


def _list(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": _object(properties)}


def _error() -> dict[str, Any]:
    types = [each.__name__ for each in _below(errors.SourcewrightError)]
    parts = dict.fromkeys(["where", "next", "files"], TEXT_OR_NULL)
    return {"type": {"enum": types}, "what": TEXT, **parts}


def _below(parent: type) -> Iterator[type]:
    for each in parent.__subclasses__():
        yield each
        yield from _below(each)


def _pending() -> dict[str, Any]:
    edits = []
    for name, form in {**ledger.EDITS, "part": Part}.items():
        fields: dict[str, Any] = {"edit": {"const": name}}
        fields |= dict.fromkeys(_fields(form), TEXT)
        if "at" in fields:
            fields["at"] = {"type": "array", "items": TEXT}
        optional = [
            field.name
            for field in dataclasses.fields(form)
            if field.default is not dataclasses.MISSING
        ]
        edits.append(_object(fields, *optional))
    return {
        "application": TEXT,
        "edit": {"oneOf": edits},
        "action": {"enum": ["add", "remove", "restore", "supply"]},
        "reason": TEXT,
        "by_hand": TEXT,
    }


def _application() -> dict[str, Any]:
    return {
        "application": TEXT,
        "component": TEXT,
        "template": TEXT_OR_NULL,
        "version": TEXT_OR_NULL,
        "edits": COUNT,
        "woven": COUNT,
        "pending": COUNT,
    }
