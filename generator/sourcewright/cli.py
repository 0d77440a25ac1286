"""The command line: the only module that prints or exits.

Exit codes: 0 done or nothing to do, 1 the user can fix it, 2 usage, 3 our bug,
4 done with edits left to do by hand, 130 stopped by Ctrl-C.

Every command imports what it runs when it runs, so that `--help` is fast.
"""
# ruff: noqa: PLC0415  # see the docstring

from __future__ import annotations

import sys
import traceback
from pathlib import Path

import click

from sourcewright.errors import SourcewrightError

DONE, FIXABLE, USAGE, BUG, LEFT = range(5)
STOPPED = 130  # as shells have it: 128 and the number of SIGINT

_project = click.option(
    "--project",
    "root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=".",
    help="The project's folder; by default the current one.",
)
_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sourcewright")
def commands() -> None:
    """Data connectors and Prefect flows, generated into your repository."""


@commands.command()
@_project
@click.option("--dry-run", is_flag=True, help="Print the diff and write nothing.")
@_json
def weave(root: Path, *, dry_run: bool, as_json: bool) -> int:
    """Bring the shared files to what the ledger asks for."""
    from sourcewright import output, weaving

    plan, outcome = weaving.weave_project(root.resolve(), dry_run=dry_run)
    if as_json:
        click.echo(output.weave_json(plan, outcome, dry_run=dry_run))
    else:
        if dry_run:
            click.echo(output.diff(plan), nl=False)
        for line in weaving.lines_of(outcome):
            click.echo(line)
    return LEFT if outcome.pending else DONE


@commands.command(name="list")
@_project
@_json
def list_(root: Path, *, as_json: bool) -> int:
    """List the applications of a project, and how their edits stand."""
    from sourcewright import ledger, output

    applications = ledger.read(root.resolve())
    if as_json:
        click.echo(output.list_json(applications))
    else:
        for line in output.list_lines(applications):
            click.echo(line)
    return DONE


@commands.command()
@_project
@_json
def check(root: Path, *, as_json: bool) -> int:
    """Check the project against the conventions."""
    from sourcewright import checks, output

    findings = checks.check_project(root.resolve())
    if as_json:
        click.echo(output.check_json(findings))
    else:
        for line in output.check_lines(findings):
            click.echo(line)
    return FIXABLE if findings else DONE


_port = click.IntRange(1, 65_535)


@commands.command()
@click.option(
    "--postgres-port", type=_port, help="PostgreSQL's; any free one if not given."
)
@click.option("--azurite-port", type=_port, help="Azurite's.")
@click.option("--prefect-port", type=_port, help="Prefect's server's.")
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
    """Load, generate, run and compare: the whole way, on this machine."""
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
    """Run a command; give its exit code."""
    try:
        code = commands.main(arguments, "sourcewright", standalone_mode=False)
    except SourcewrightError as err:
        click.echo(str(err), err=True)
        return FIXABLE
    except (KeyboardInterrupt, click.exceptions.Abort):
        click.echo("stopped", err=True)
        return STOPPED
    except click.ClickException as err:
        err.show()
        return USAGE
    except Exception:  # noqa: BLE001  # anything else is our bug, and looks like it
        traceback.print_exc()
        click.echo("This is a bug in sourcewright. Please report it.", err=True)
        return BUG
    return code if isinstance(code, int) else DONE
