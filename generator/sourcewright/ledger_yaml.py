"""The YAML of the ledger: what is read has no aliases, what is written has one form."""

from __future__ import annotations

from typing import Any

import yaml

# libyaml takes a tenth of the time; not every PyYAML was built with it.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEEPEST = 20
# A mapping with one of these keys is an entry.
_ENTRY = {"answers", "edit", "from"}


def load(text: str) -> Any:  # noqa: ANN401  # what YAML gives
    """Load YAML, but no aliases: a few lines of them can stand for billions of values.

    Raises:
        yaml.YAMLError: it is not valid, has an alias, or is nested too deep.
    """
    depth = 0
    for event in yaml.parse(text, _LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent) or depth > _DEEPEST:
            problem = "an alias, or too many levels"
            raise yaml.composer.ComposerError(None, None, problem)
    return yaml.load(text, _LOADER)  # noqa: S506  # a SafeLoader


def dump(data: dict[str, Any]) -> str:
    """Write data in the order of its keys, each entry on one line."""
    text = yaml.dump(
        data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10**6
    )
    return str(text)


class _Dumper(yaml.SafeDumper):
    """Indents lists, and writes texts of several lines as such."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: FBT001, FBT002  # PyYAML's signature
        del indentless
        super().increase_indent(flow, False)  # noqa: FBT003  # PyYAML's signature


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text and "\r" not in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _represent_mapping(dumper: yaml.SafeDumper, data: dict[str, Any]) -> yaml.Node:
    """Write an entry on one line, unless it has a text of several lines."""
    short = not any(isinstance(each, str) and "\n" in each for each in data.values())
    flow = short and bool(_ENTRY & data.keys())
    return dumper.represent_mapping("tag:yaml.org,2002:map", data, flow_style=flow)


def _represent_list(dumper: yaml.SafeDumper, data: list[Any]) -> yaml.Node:
    """Write texts on one line, entries below each other."""
    flow = all(isinstance(each, str) for each in data)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=flow)


_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(dict, _represent_mapping)
_Dumper.add_representer(list, _represent_list)
