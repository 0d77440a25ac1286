# ruff: noqa: INP001 - a script, not a module
"""Write the reference that follows from the code: what there is, what goes out.

`python docs/generate.py` writes them; a test fails where they are stale.
"""

import importlib
import json
import re
import sys
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click
import output_schema
import yaml
from jinja2.nativetypes import NativeEnvironment
from sourcewright.cli import commands as command_line

REPOSITORY = Path(__file__).resolve().parent.parent
REFERENCE = REPOSITORY / "docs" / "reference"
KINDS = REPOSITORY / "template" / "kinds"
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
        "| 1 | an error that you can fix; the message says how |\n"
        "| 2 | the command was called wrongly |\n"
        "| 3 | a bug in Sourcewright; please report the traceback |\n"
        "| 4 | done, with conflicts or with pending edits |\n"
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


HEAD = """\
# Written by `make docs` from each kind.yml below this folder: change those instead.
"""
COMPUTED = "This is worked out from the other answers, so it can't be given."


def table() -> str:
    """Return the table of kinds that Copier includes, as hidden questions."""
    sources, destinations = _rows("sources"), _rows("destinations")
    rest = sources["rest"]
    known = {
        "kinds": {
            "source": {
                "sql": sources.pop("_sql"),
                **{name: row for name, row in sources.items() if "family" not in row},
            },
            "destination": {
                name: _with_family(row, destinations)
                for name, row in destinations.items()
                if "family" in row
            },
        },
        "dialects": {name: row for name, row in sources.items() if "family" in row},
        **{name: rest.pop(name) for name in ("authentications", "paginations")},
    }
    hidden = {"type": "yaml", "when": False, "validator": COMPUTED}
    questions = {name: {**hidden, "default": value} for name, value in known.items()}
    text = yaml.dump(questions, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
    return HEAD + text


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as such, and what rows share in each of them."""

    def ignore_aliases(self, data: object) -> bool:
        del data
        return True

    def represent_str(self, data: str) -> yaml.ScalarNode:
        style = "|" if "\n" in data else None
        return self.represent_scalar("tag:yaml.org,2002:str", data, style=style)


_Dumper.add_representer(str, _Dumper.represent_str)


def _rows(folder: str) -> dict[str, dict[str, Any]]:
    """Return the rows of a folder's kinds by their names, the default one first."""
    found = {
        path.parent.name: yaml.safe_load(path.read_text("utf-8"))
        for path in sorted((KINDS / folder).glob("*/kind.yml"))
    }
    return dict(sorted(found.items(), key=lambda each: not each[1].pop("first", False)))


def _with_family(
    row: dict[str, Any], rows: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """Return a row with what it doesn't say itself, but its family does."""
    family = rows[row["family"]]
    target = {**family["target"], **row.get("target", {})}
    return {**family, **row, "target": target}


def _text(value: object) -> str:
    """Return a template's text for a table: one line, and what is computed said so."""
    text = " ".join(str(value).split())
    computed = "{{" in text or "{%" in text
    return "computed" if computed else text.replace("|", "\\|")


def questions() -> str:
    """Return a table of the questions that are asked."""
    rows = [
        f"{NOTE}\n# Questions\n",
        "Answer them at the prompt, or with `--data name=value`.",
        "None asks for a secret.\n",
        "| question | asks | choices | default |",
        "| --- | --- | --- | --- |",
    ]
    table = _read(KINDS / "table.yml")
    known = {name: row["default"] for name, row in table.items()}
    # As in every project but a checkout of viadot.
    known |= {"databases": known["dialects"], "in_viadot": False}
    for name, question in _read(REPOSITORY / "copier.yml").items():
        if name.startswith("_") or question.get("when") is False:
            continue
        text = question["help"]
        if name == "name":
            text = "Name of the source or the destination, in snake_case"
        text = re.sub("{%.*?%}", "", text)
        text = _text(text.replace("{{ component }}", "source or destination"))
        default = _text(question["default"]) if "default" in question else "none"
        choices = _choices(question, known)
        rows.append(f"| `{name}` | {text} | {choices} | {default} |")
    return "\n".join([*rows, ""])


def _choices(question: dict[str, Any], known: dict[str, Any]) -> str:
    """Return what may be answered, for each component that is asked."""
    choices = question.get("choices", [])
    if not isinstance(choices, str):
        return _codes(choices.values() if isinstance(choices, dict) else choices)
    asked = re.findall(r"'(source|destination|flow)'", question["when"])
    expression = NativeEnvironment(autoescape=False).from_string(choices)
    found = {
        component: _codes(expression.render(component=component, **known))
        for component in asked
    }
    if len(found) == 1:
        return found.popitem()[1]
    return "; ".join(f"for a {name}: {codes}" for name, codes in found.items())


def _codes(values: Iterable[str]) -> str:
    return ", ".join(f"`{value}`" for value in values)


def _code(text: str) -> str:
    """Return a requirement as code, or that there is none."""
    return f"`{text}`" if text else "nothing"


def kinds() -> str:
    """Return the tables of sources and destinations."""
    table = _read(KINDS / "table.yml")
    rows = [
        f"{NOTE}\n# Kinds\n",
        "## Sources\n",
        "| kind | dialect | reads from | class | installs | tested |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    rows += [
        f"| `sql` | `{name}` | {row['title']} | `{row['class_name']}` | "
        f"{_code(row['requirement'])} | {row['run']} |"
        for name, row in table["dialects"]["default"].items()
    ]
    rows += [
        f"| `{name}` | | {row['title']} | named after the source | "
        f"{_code(row['requirement'])} | {row['run']} |"
        for name, row in table["kinds"]["default"]["source"].items()
        if name != "sql"
    ]
    rows += [
        "\n## Destinations\n",
        "| kind | writes to | class | installs |",
        "| --- | --- | --- | --- |",
    ]
    rows += [
        f"| `{name}` | {row['title']} | `{row['class_name']}` | "
        f"{_code(row['requirement'])} |"
        for name, row in table["kinds"]["default"]["destination"].items()
    ]
    rows += [
        "\n## How a REST API authenticates requests\n",
        "Keep secrets in the environment, or in a Prefect block.\n",
        "| `authentication` | what it is | credentials, with examples | secret |",
        "| --- | --- | --- | --- |",
    ]
    rows += [
        f"| `{name}` | {row['title']} | {_settings(row['fields'])} | "
        f"{', '.join(f'`{field}`' for field in row['secrets'])} |"
        for name, row in table["authentications"]["default"].items()
    ]
    rows += [
        "\n## How a REST API divides records into pages\n",
        "| `pagination` | what it is | `pagination_settings`, with defaults |",
        "| --- | --- | --- |",
    ]
    rows += [
        f"| `{name}` | {row['title']} | {_settings(row['settings'])} |"
        for name, row in table["paginations"]["default"].items()
    ]
    return "\n".join([*rows, ""])


def _settings(values: dict[str, Any]) -> str:
    """Return names and values for a table."""
    return ", ".join(f"`{name}: {value}`" for name, value in values.items())


def readme() -> str:
    """Return the README with its sentence of what is read and what is written."""
    text = (REPOSITORY / "README.md").read_text("utf-8")
    table = _read(KINDS / "table.yml")
    sources, destinations = table["kinds"]["default"].values()
    read = [
        *table["dialects"]["default"].values(),
        *(row for name, row in sources.items() if name != "sql"),
    ]
    both = (_listed(rows) for rows in (read, destinations.values()))
    sentence = textwrap.fill(
        "It reads from {}; it writes to {}.".format(*both),
        99,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return re.sub(r"It reads from [^.;]+; it writes to [^.;]+\.", sentence, text)


def our_environment() -> str:
    """Return pyproject.toml with the group of what the kinds ask for."""
    asked = {
        requirement
        for folder in ("sources", "destinations")
        for row in _rows(folder).values()
        for requirement in [*row.get("core", []), row.get("requirement")]
        if requirement
    }
    lines = "".join(f"    {json.dumps(each)},\n" for each in sorted(asked))
    text = (REPOSITORY / "pyproject.toml").read_text("utf-8")
    head, key, rest = text.partition("\nkinds = [\n")
    return head + key + lines + rest[rest.index("]\n") :]


def _listed(rows: Iterable[dict[str, Any]]) -> str:
    *others, last = (row["title"] for row in rows)
    return f"{', '.join(others)}, and {last}"


def output() -> str:
    """Return the schema of what `--json` prints."""
    context = click.Context(command_line, info_name="sourcewright")
    known = {name: command for name, command, _ in _commands(command_line, context)}
    return json.dumps(output_schema.schema(known), indent=2) + "\n"


TYPES = """
# Types of PostgreSQL

`PostgreSQL` reads by COPY in binary form. This table lists the Arrow type of each
PostgreSQL type; `LAYOUTS` in the runtime's `sql/copy_binary.py` is the same table. A
domain has the Arrow type of its base type. Values are never rounded, truncated, wrapped
or reordered.

| type | Arrow type |
| --- | --- |
{layouts}
| `numeric(p, s)` | `decimal128`; `decimal256` from 39 digits; `string` from 77 digits |
| `numeric` | `string`, since each row may have a different scale |
| any other | `string`: the text that PostgreSQL writes |

The digits include the zeros that are added by a negative scale, or by a scale above the
precision: `numeric(3, -2)` is `decimal128(5, 0)`.

## What arrives as text

{texts}, and any other type of a server: types of extensions, custom ranges, composites.

The settings of the session are fixed, so a text doesn't depend on those of the server:
dates in ISO form, intervals in ISO 8601, time in UTC, bytes in hex, floats with all
their digits. `money` has the server's currency (`lc_monetary`), and names such as
`regclass` depend on `search_path`.

An interval is text because Parquet has no type for months, days and microseconds. A
uuid is text because neither CSV nor Polars support Arrow's. An array is text because
its type in PostgreSQL determines neither its dimensions nor where they begin.

## What is refused

The Arrow type of the column can't hold these values. The run stops with
`UnsupportedTypeError`, which names the column, its type, and the cast to write:
`::text`.

| type | value | because |
| --- | --- | --- |
{refused}

A NaN with a payload loses the payload if it is cast to text, as in an array.

## In data frames

`to_df` returns Arrow-backed columns: `{frames}`. NULL is `pandas.NA`, a nullable
integer stays an integer, a decimal stays a decimal. `to_polars` returns the same types
under Polars' names; it refuses a decimal of more than 38 digits, which Polars doesn't
support.

## In files

Parquet supports all of these types. CSV and JSON lines write bytes as hex digits. They
refuse lists, structs, maps and durations, which have no exact form there, and a date or
a timestamp more than 30,000 years from 1970, which Arrow can't write as text. They
write years before Christ as ISO 8601 does: the year 1 BC is 0000, and 2 BC is -0001.
CSV writes NULL as an empty field, and an empty text as a pair of quotes. JSON lines
write a decimal, a date and a time as text, and also `nan`, `inf` and `-inf`. No format
accepts two columns of the same name.

Every line of this page is tested: `tests/runtime/sql/test_postgresql_types.py` loads
the values that arrived into PostgreSQL again, and the server compares them. `make
scoreboard` runs other tools on the same cases.
"""


NO_TEXT = (
    "| `text` | bytes without an encoding, of a database in SQL_ASCII | the server "
    "finds that they aren't UTF-8; the cast is `convert_to(…, 'SQL_ASCII')` |"
)


def types() -> str:
    """Return the tables of PostgreSQL's types: what holds them, what is refused."""
    sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "template")]
    layouts = importlib.import_module("runtime.sql.copy_binary").LAYOUTS.values()
    cases = importlib.import_module("tests.runtime.sql.postgresql_types")
    as_text = {
        case.type_name.partition("(")[0].partition(" --")[0]
        for case in cases.CASES
        if case.arrow == "string" and not case.type_name.startswith("types.")
    }
    own = {"numeric", *(layout.type_name for layout in layouts)}
    texts = sorted(name for name in as_text - own if "[" not in name and name != "name")
    refused = dict.fromkeys(
        f"| `{case.called}` | {_text(case.says)} | {case.because} |"
        for case in cases.REFUSED
    )
    frames = sorted({f"{layout.arrow}[pyarrow]" for layout in layouts})
    rows = (f"| `{layout.type_name}` | `{layout.arrow}` |" for layout in layouts)
    return NOTE + TYPES.format(
        layouts="\n".join(rows),
        texts=", ".join(f"`{name}`" for name in [*texts, "name", "integer[]"]),
        refused="\n".join([*refused, NO_TEXT]),
        frames="`, `".join(frames),
    )


# The table comes first, since pages are made from it.
PAGES = {
    KINDS / "table.yml": table,
    REPOSITORY / "README.md": readme,
    REPOSITORY / "pyproject.toml": our_environment,
    REFERENCE / "commands.md": commands,
    REFERENCE / "kinds.md": kinds,
    REFERENCE / "output.schema.json": output,
    REFERENCE / "questions.md": questions,
    REFERENCE / "types.md": types,
}


def main() -> None:
    """Write every page, or with --check only say which are stale."""
    check = "--check" in sys.argv[1:]
    stale = False
    for path, page in PAGES.items():
        name, text = path.name, page()
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
