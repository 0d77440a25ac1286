# ruff: noqa: INP001 - a script, not a module
"""Write the reference that follows from the code: commands, output, questions, kinds.

`python docs/generate.py` writes them; a test fails where they are stale.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import output_schema
import yaml
from sourcewright.cli import commands as command_line

REPOSITORY = Path(__file__).resolve().parent.parent
REFERENCE = REPOSITORY / "docs" / "reference"
NOTE = "<!-- Written by `make docs`: change what docs/generate.py reads. -->\n"


def commands() -> str:
    """Return the help of every command."""
    context = click.Context(command_line, info_name="sourcewright")
    parts = [f"{NOTE}\n# Commands\n"]
    parts.append(f"```text\n{command_line.get_help(context)}\n```\n")
    for name, command, inner in _commands(command_line, context):
        text = command.get_help(inner)
        parts.append(f"## sourcewright {name}\n\n```text\n{text}\n```\n")
    parts.append(
        "## Exit codes\n\n"
        "| code | meaning |\n| --- | --- |\n"
        "| 0 | done, or nothing to do |\n"
        "| 1 | something that you can fix; the message says how |\n"
        "| 2 | the command was called wrongly |\n"
        "| 3 | a defect of Sourcewright; please report the traceback |\n"
        "| 4 | done, with conflicts, or with edits left to do by hand |\n"
        "| 130 | stopped by Ctrl-C |\n"
    )
    return "\n".join(parts)


def _commands(
    group: click.Group, context: click.Context, prefix: str = ""
) -> Iterator[tuple[str, click.Command, click.Context]]:
    """Yield every command, by its whole name; a group's own in its place."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is not None:
            inner = click.Context(command, info_name=name, parent=context)
            if isinstance(command, click.Group):
                yield from _commands(command, inner, f"{prefix}{name} ")
            else:
                yield f"{prefix}{name}", command, inner


def _read(path: Path) -> dict[str, Any]:
    """Return a YAML file's mappings, its documents merged; includes are left out."""

    class Loader(yaml.SafeLoader):
        """Knows Copier's tag for including a file."""

    Loader.add_constructor("!include", lambda *_: {})
    merged: dict[str, Any] = {}
    for document in yaml.load_all(path.read_text("utf-8"), Loader):
        merged.update(document or {})
    return merged


def _text(value: object) -> str:
    """Return a template's text for a table: one line, and what is computed said so."""
    text = " ".join(str(value).split())
    return "computed" if "{" in text else text.replace("|", "\\|")


def questions() -> str:
    """Return a table of the questions that are asked."""
    rows = [
        f"{NOTE}\n# Questions\n",
        "Answer them at the prompt, or with `--data name=value`.",
        "None asks for a secret.\n",
        "| question | asks | default |",
        "| --- | --- | --- |",
    ]
    for name, question in _read(REPOSITORY / "copier.yml").items():
        if name.startswith("_") or question.get("when") is False:
            continue
        text = question["help"]
        if "{%" in text:
            text = "Name of the source or the destination, in snake_case"
        text = _text(text.replace("{{ component }}", "source or destination"))
        default = _text(question["default"]) if "default" in question else "none"
        rows.append(f"| `{name}` | {text} | {default} |")
    return "\n".join([*rows, ""])


def kinds() -> str:
    """Return the tables of sources and destinations."""
    table = _read(REPOSITORY / "template" / "kinds" / "table.yml")
    rows = [
        f"{NOTE}\n# Kinds\n",
        "## Sources\n",
        "| kind | dialect | reads from | class | installs |",
        "| --- | --- | --- | --- | --- |",
    ]
    rows += [
        f"| `sql` | `{name}` | {row['title']} | `{row['class_name']}` | "
        f"`{row['requirement']}` |"
        for name, row in table["dialects"]["default"].items()
    ]
    rows += [
        "\n## Destinations\n",
        "| kind | writes to | class | installs |",
        "| --- | --- | --- | --- |",
    ]
    rows += [
        f"| `{name}` | {row['title']} | `{row['class_name']}` | "
        f"{'`' + row['requirement'] + '`' if row['requirement'] else 'nothing'} |"
        for name, row in table["kinds"]["default"]["destination"].items()
    ]
    return "\n".join([*rows, ""])


def output() -> str:
    """Return the schema of what `--json` prints."""
    context = click.Context(command_line, info_name="sourcewright")
    known = {name: command for name, command, _ in _commands(command_line, context)}
    return json.dumps(output_schema.schema(known), indent=2) + "\n"


PAGES = {
    "commands.md": commands,
    "kinds.md": kinds,
    "output.schema.json": output,
    "questions.md": questions,
}


def main() -> None:
    """Write every page, or with --check only say which are stale."""
    check = "--check" in sys.argv[1:]
    stale = False
    for name, page in PAGES.items():
        path = REFERENCE / name
        text = page()
        if path.exists() and path.read_text("utf-8") == text:
            sys.stdout.write(f"identical  {name}\n")
            continue
        stale = True
        sys.stdout.write(f"    {'stale' if check else 'wrote'}  {name}\n")
        if not check:
            path.write_text(text, encoding="utf-8")
    sys.exit(check and stale)


if __name__ == "__main__":
    main()
