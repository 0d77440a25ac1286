"""The command line: the only module that prints or exits.

Exit codes: 0 done or nothing to do, 1 the user can fix it, 2 usage, 3 our bug,
4 done with edits left to do by hand, 130 stopped by Ctrl-C.

Every command imports what it runs when it runs, so that `--help` is fast.
"""
# ruff: noqa: PLC0415  # see the docstring

from __future__ import annotations

import sys
import traceback
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sourcewright.errors import Bug, InTheWay, SourcewrightError, Stopped, Usage

if TYPE_CHECKING:
    from collections.abc import Callable

    from sourcewright.changes import Plan, Report
    from sourcewright.reading.adopting import Found
    from sourcewright.rendering.answers import Answers

DONE, FIXABLE, USAGE, BUG, LEFT = range(5)
STOPPED = 130  # as shells have it: 128 and the number of SIGINT
# Control characters, but for tabs and newlines, in the form of Python's literals.
_VISIBLE = {
    code: repr(chr(code))[1:-1]
    for code in (*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F))
    if chr(code) not in "\t\n\r"
}
_STOPPED = Stopped(
    "stopped by Ctrl-C", files="Every file is as it was, or everything was written."
)


def _say(text: str, *, err: bool = False, nl: bool = True) -> None:
    """Print a text; what a project's files say can't steer the terminal."""
    click.echo(text.translate(_VISIBLE), err=err, nl=nl)


def _applications(component: str | None = None) -> Callable[..., list[str]]:
    """Complete the applications of a project; of one component, their names."""

    def complete(
        context: click.Context, _parameter: click.Parameter, start: str
    ) -> list[str]:
        from sourcewright import completing

        root = Path(context.params.get("root") or ".")
        found = completing.applications(root, component)
        return [each for each in found if each.startswith(start)]

    return complete


def _ends(end: str) -> Callable[..., list[str]]:
    """Complete what a flow can stand between."""

    def complete(
        context: click.Context, _parameter: click.Parameter, start: str
    ) -> list[str]:
        from sourcewright import completing

        found = completing.ends(Path(context.params.get("root") or "."), end)
        return [each for each in found if each.startswith(start)]

    return complete


def _answers(what: str) -> Callable[..., list[str]]:
    """Complete the known names of a component, or settings of it."""

    def complete(
        context: click.Context, _parameter: click.Parameter, start: str
    ) -> list[str]:
        from sourcewright import completing

        # The command is called like its component, but for the first one.
        names = {"new": "project", "init": "existing"}
        component = names.get(str(context.info_name), str(context.info_name))
        root = Path(context.params.get("root") or ".")
        found = getattr(completing, what)(component, root)
        return [each for each in found if each.startswith(start)]

    return complete


_project = click.option(
    "--project",
    "root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=".",
    help="The project's folder; by default the current one.",
)
_dry_run = click.option(
    "--dry-run", is_flag=True, help="Print the diff and write nothing."
)
_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sourcewright")
def commands() -> None:
    """Data connectors and Prefect flows, generated into your repository."""


def _template_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add the options for what is rendered, and with which answers, to a command."""
    for option in reversed(
        (
            click.option(
                "--answers",
                "file",
                type=click.Path(dir_okay=False, path_type=Path),
                help="A YAML file with answers.",
            ),
            click.option(
                "--set",
                "settings",
                multiple=True,
                metavar="KEY=VALUE",
                shell_complete=_answers("settings"),
                help="Answer a question; may be given often.",
            ),
            click.option(
                "--template",
                metavar="PATH|URL",
                help="Another template than the one that came with this command.",
            ),
            click.option(
                "--vcs-ref", metavar="REF", help="The template's tag or commit."
            ),
            click.option(
                "--force",
                is_flag=True,
                help="Delete files that these answers no longer ask for.",
            ),
            _dry_run,
            _json,
        )
    ):
        command = option(command)
    return command


@commands.command()
@click.argument("path", type=click.Path(file_okay=False, path_type=Path))
@_template_options
def new(path: Path, **options: Any) -> int:  # noqa: ANN401  # click's options
    """Make a project in the folder PATH."""
    return _generate("new", path, "project", {}, **options)


@commands.command()
@_project
@_template_options
def init(root: Path, **options: Any) -> int:  # noqa: ANN401  # click's options
    """Prepare the package that is here for connectors."""
    from sourcewright.reading import adopting
    from sourcewright.rendering import answers
    from sourcewright.tree import Tree

    ask = _can_ask(as_json=options["as_json"])
    file, settings = options.pop("file"), options.pop("settings")
    given = answers.collect("project", {}, file=file, settings=settings)
    found = adopting.look(Tree(root.resolve()), given)
    if ask and given.get("package") is None:
        package = found.values.get("package", found.example)
        if found.unknown:
            _say(f"{found.unknown}.")
        package = click.prompt("Which package should the connectors be in?", package)
        settings = (*settings, f"package={package}")
        given = answers.collect("project", {}, file=file, settings=settings)
        found = adopting.look(Tree(root.resolve()), given)
    return _run("init", root, adopting.complete(found, given), found, **options)


@commands.group()
def add() -> None:
    """Add a source, a destination or a flow to a project."""


@add.command()
@click.argument("name", required=False, shell_complete=_answers("names"))
@_project
@_template_options
def source(name: str | None, root: Path, **options: Any) -> int:  # noqa: ANN401  # as above
    """Add the source NAME, and the destinations of its flows that are missing."""
    return _generate("add source", root, "source", {"name": name}, **options)


@add.command()
@click.argument("name", required=False, shell_complete=_answers("names"))
@_project
@_template_options
def destination(name: str | None, root: Path, **options: Any) -> int:  # noqa: ANN401  # as above
    """Add the destination NAME."""
    return _generate("add destination", root, "destination", {"name": name}, **options)


@add.command()
@click.argument("source", required=False, shell_complete=_ends("source"))
@click.argument("destination", required=False, shell_complete=_ends("destination"))
@_project
@_template_options
def flow(
    source: str | None,
    destination: str | None,
    root: Path,
    **options: Any,  # noqa: ANN401  # as above
) -> int:
    """Add the flow from SOURCE to DESTINATION, which exist."""
    given = {"source": source, "destination": destination}
    return _generate("add flow", root, "flow", given, **options)


@commands.command()
@click.argument("application", shell_complete=_applications())
@click.option("--force", is_flag=True, help="Delete files that were edited, too.")
@_project
@_dry_run
@_json
def remove(
    application: str, root: Path, *, force: bool, dry_run: bool, as_json: bool
) -> int:
    """Remove APPLICATION: its entries in shared files, and its own files."""
    from sourcewright.commands import remove as command

    plan, outcome = command.remove(
        root.resolve(), application, force=force, dry_run=dry_run
    )
    return _report("remove", root, plan, outcome, dry_run=dry_run, as_json=as_json)


@commands.command()
@click.argument("applications", nargs=-1, shell_complete=_applications())
@click.option("--vcs-ref", metavar="REF", help="The template's tag or commit.")
@click.option(
    "--template", metavar="PATH|URL", help="A template that may run its tasks."
)
@click.option("--trust", is_flag=True, help="Let any template run its tasks.")
@_project
@_dry_run
@_json
def update(
    applications: tuple[str, ...],
    root: Path,
    *,
    vcs_ref: str | None,
    template: str | None,
    trust: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Update APPLICATIONS, or all, to the template's newest version."""
    from sourcewright.commands import update as command

    plan, outcome = command.update(
        root.resolve(),
        applications,
        ref=vcs_ref,
        template=template,
        trust=trust,
        dry_run=dry_run,
    )
    return _report("update", root, plan, outcome, dry_run=dry_run, as_json=as_json)


def _can_ask(*, as_json: bool) -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty() and not as_json


def _generate(
    command: str,
    root: Path,
    component: str,
    given: dict[str, str | None],
    *,
    file: Path | None,
    settings: tuple[str, ...],
    **options: Any,  # noqa: ANN401  # click's options
) -> int:
    from sourcewright.rendering import answers

    collected = answers.collect(component, given, file=file, settings=settings)
    return _run(command, root, collected, **options)


def _run(
    command: str,
    root: Path,
    answers: Answers,
    found: Found | None = None,
    *,
    template: str | None,
    vcs_ref: str | None,
    force: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    from sourcewright.commands import add
    from sourcewright.rendering import render

    plan, outcome = add.generate(
        root.resolve(),
        answers,
        render.template(template, vcs_ref),
        force=force,
        dry_run=dry_run,
        ask=_can_ask(as_json=as_json),
    )
    if found:
        notes = (*outcome.notes, *found.notes)
        outcome = replace(outcome, notes=notes, facts=found.facts)
    return _report(command, root, plan, outcome, dry_run=dry_run, as_json=as_json)


def _report(
    command: str,
    root: Path,
    plan: Plan,
    outcome: Report,
    *,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Print what a command that writes did, or would do; return its exit code."""
    from sourcewright import output, reporting
    from sourcewright.commands import merge

    if not dry_run:
        merge.register(root.resolve())

    conflicts = [path for verb, path in outcome.done if verb == "conflict"]
    code, error = LEFT if outcome.pending or conflicts else DONE, None
    if conflicts and command != "update":
        code, what = FIXABLE, "files to be created are there with another content"
        where, step = ", ".join(conflicts), "move it away, or choose another name"
        error = InTheWay(what, where=where, next_step=step)
    if as_json:
        written = bool(plan.changes) and not dry_run and error is None
        shown = plan if dry_run else None
        parts = output.report_parts(outcome, written=written, shown=shown)
        _say(output.document(command, code, parts, error))
    else:
        if dry_run:
            _say(output.diff(plan), nl=False)
        for line in reporting.lines_of(outcome):
            _say(line)
    for note in outcome.notes:
        _say(f" note: {note}", err=True)
    if error:
        _say(str(error), err=True)
    return code


@commands.command()
@_project
@_dry_run
@_json
def weave(root: Path, *, dry_run: bool, as_json: bool) -> int:
    """Make the entries in shared files that the ledger asks for."""
    from sourcewright.commands import weave as command
    from sourcewright.deciding import parts
    from sourcewright.rendering import render

    supply = parts.read_supply(Path(render.template().source))
    plan, outcome = command.weave(root.resolve(), supply, moves=False, dry_run=dry_run)
    return _report("weave", root, plan, outcome, dry_run=dry_run, as_json=as_json)


@commands.command(name="merge-file", hidden=True)
@click.argument("base", type=click.Path(path_type=Path))
@click.argument("ours", type=click.Path(path_type=Path))
@click.argument("theirs", type=click.Path(path_type=Path))
@click.argument("path")
def merge_file(base: Path, ours: Path, theirs: Path, path: str) -> int:
    """Merge a shared file, as git's merge driver: 0 done, 1 conflicts, else undone."""
    from sourcewright.commands import merge

    try:
        return DONE if merge.merge_file(base, ours, theirs, path) else FIXABLE
    except SourcewrightError as err:
        _say(str(err), err=True)
        return USAGE


def _note_interruption(root: Path) -> None:
    """Say that files are half done: a command that only reads leaves them so."""
    from sourcewright.writing import journal

    if journal.is_left(root.resolve()):
        note = "a command was interrupted here: the next one that writes undoes it"
        _say(f" note: {note}", err=True)


@commands.command(name="list")
@_project
@_json
def list_(root: Path, *, as_json: bool) -> int:
    """List the applications of a project, and how their edits stand."""
    from sourcewright import ledger, output
    from sourcewright.tree import Tree

    _note_interruption(root)
    tree = Tree(root.resolve())
    listed = [(each, *ledger.origin(tree, each.id)) for each in ledger.read(tree)]
    if as_json:
        _say(output.document("list", DONE, output.list_parts(listed)))
    else:
        for line in output.list_lines(listed):
            _say(line)
    return DONE


@commands.command()
@_project
@_json
def check(root: Path, *, as_json: bool) -> int:
    """Check the project against the conventions."""
    from sourcewright import checks, output

    _note_interruption(root)
    findings = checks.check_project(root.resolve())
    code = FIXABLE if findings else DONE
    if as_json:
        _say(output.document("check", code, output.check_parts(findings)))
    else:
        for line in output.check_lines(findings):
            _say(line)
    return code


_port = click.IntRange(1, 65_535)


@commands.command()
@click.option(
    "--postgres-port", type=_port, help="The port of PostgreSQL; by default a free one."
)
@click.option("--azurite-port", type=_port, help="The port of Azurite.")
@click.option("--prefect-port", type=_port, help="The port of Prefect's server.")
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder for the results; by default build/demo.",
)
def demo(
    postgres_port: int | None,
    azurite_port: int | None,
    prefect_port: int | None,
    output: Path | None,
) -> int:
    """Load, generate, run and compare, all on this machine."""
    try:
        from sourcewright.demo import run
    except ModuleNotFoundError as err:
        message = f"the demo needs the package {err.name}"
        raise SourcewrightError(
            message, next_step='pip install "sourcewright[demo]"'
        ) from err
    return run.main(run.Ports(postgres_port, azurite_port, prefect_port), output=output)


def main(arguments: list[str] | None = None) -> None:
    """Run a command and exit with its code."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: list[str]) -> int:
    """Run a command; return its exit code."""
    try:
        code = commands.main(arguments, "sourcewright", standalone_mode=False)
    except SourcewrightError as err:
        _say(str(err), err=True)
        return _failed(arguments, FIXABLE, err)
    except (KeyboardInterrupt, click.exceptions.Abort):
        _say("stopped", err=True)
        return _failed(arguments, STOPPED, _STOPPED)
    except click.ClickException as err:
        err.show()
        step = f"sourcewright {_command(arguments) or ''} --help".replace("  ", " ")
        return _failed(arguments, USAGE, Usage(err.format_message(), next_step=step))
    except Exception as err:  # noqa: BLE001  # anything else is our bug, and looks like it
        traceback.print_exc()
        step = "This is a bug in sourcewright. Please report it."
        _say(step, err=True)
        return _failed(arguments, BUG, Bug(repr(err), next_step=step, files=""))
    return code if isinstance(code, int) else DONE


def _failed(arguments: list[str], code: int, error: SourcewrightError) -> int:
    """Tell a program why there is no result; people have been told."""
    if "--json" in arguments:
        from sourcewright import output

        _say(output.document(_command(arguments), code, error=error))
    return code


def _command(arguments: list[str]) -> str | None:
    """Return the command that the arguments name, as `add source`; None for none."""
    words, group = [], commands
    for word in arguments:
        if word.startswith("-"):
            continue
        found = group.commands.get(word)
        if found is not None:
            words.append(word)
        if not isinstance(found, click.Group):
            break
        group = found
    return " ".join(words) or None
