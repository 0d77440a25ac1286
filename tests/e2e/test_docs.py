"""The documentation: every command in it is run, every generated page is fresh.

A fenced block in the language `console` is run line by line, one with a title is
written as a file, all in one shell for a page. Other blocks are for reading.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sourcewright.services import PostgreSQL, PrefectServer

from tests import copier_runner
from tests.e2e.conftest import Checkout
from tests.once import Once

REPOSITORY = Path(__file__).resolve().parents[2]
TOOLS = Path(sys.executable).parent
STARTUP = REPOSITORY / "tests" / "startup"
BLOCK = re.compile(
    r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL
)
READ_ONLY = {"python", "text", "yaml"}

COPY = "copier copy --trust --defaults --quiet"
COMMIT = "git add --all && git commit --quiet --message before"
# What the reader of a page has done before, each after the former: the folder
# `pipelines` as it is then.
STAGES = {
    "project": f"""
{COPY} --data project_name=Acme --data package=acme sourcewright pipelines
cd pipelines
git init --quiet""",
    "adls": f"{COPY} --data component=destination --data name=adls ../sourcewright .",
    "flow": f"{COPY} --data component=source --data name=postgresql ../sourcewright .",
}
VIADOT = f"""
{sys.executable} {REPOSITORY / "tests/e2e/viadot_like.py"} viadot
cd viadot
git init --quiet
{COMMIT}"""

# Each page with commands, and its stage.
PAGES = {
    "README.md": "",
    "docs/tutorial.md": "",
    "docs/how-to/add.md": "project",
    "docs/how-to/custom.md": "adls",
    "docs/how-to/existing-package.md": "",
    "docs/how-to/first-connector.md": "adls",
    "docs/how-to/generator.md": "",
    "docs/how-to/rest.md": "adls",
    "docs/how-to/update.md": "flow",
    "docs/how-to/viadot.md": "viadot",
    "docs/how-to/without-trust.md": "project",
}
# About this repository, not a project: test_add_a_kind.py goes through them.
OUR_OWN = {"docs/how-to/add-a-kind.md", "docs/how-to/add-authentication.md"}


def script(page: str) -> str:
    """Return a shell script that does what a page says."""
    lines = []
    for language, title, content in BLOCK.findall(page):
        if title:
            lines.append(f"cat > {title} <<'END_OF_FILE'\n{content}END_OF_FILE")
        elif language == "console":
            commands = [line for line in content.splitlines() if line.strip()]
            assert all(line.startswith("$ ") for line in commands), content
            lines += [line.removeprefix("$ ") for line in commands]
        else:
            assert language in READ_ONLY, f"a block of the language {language}"
    return "\n".join(lines)


# Makes environments by uv, not by venv and pip: the same result, much faster.
FAST_PYTHON = f"""#!/bin/sh
set -e
if [ "$1 $2" != "-m venv" ]; then exec {sys.executable} "$@"; fi
{TOOLS}/uv venv --quiet --python {sys.executable} "$3"
cat > "$3/bin/pip" <<END
#!/bin/sh
command=\\$1; shift
exec {TOOLS}/uv pip \\$command --python $PWD/$3/bin/python "\\$@"
END
chmod +x "$3/bin/pip"
"""


# Hands its command to a process that has imported Copier.
FAST_COPIER = f"""#!/bin/sh
exec {sys.executable} -I {copier_runner.__file__} %s "$@"
"""


@pytest.fixture(scope="session")
def fast_tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a `python` and a `copier` that are quick."""
    folder = tmp_path_factory.mktemp("bin")
    copier = FAST_COPIER % copier_runner.address(sys.executable)
    for name, text in {"python": FAST_PYTHON, "copier": copier}.items():
        (folder / name).write_text(text, encoding="utf-8")
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture(scope="session")
def run(
    fast_tools: Path, postgres: PostgreSQL, prefect_server: PrefectServer
) -> Callable[[str, Path], subprocess.CompletedProcess[str]]:
    """Return what runs a script in a folder, as its reader would."""

    def run(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            "ACME__POSTGRESQL__HOST": postgres.host,
            "ACME__POSTGRESQL__PORT": str(postgres.port),
            "ACME__POSTGRESQL__DATABASE": postgres.database,
            "ACME__POSTGRESQL__USER": postgres.user,
            "ACME__POSTGRESQL__PASSWORD": postgres.password,
            "GIT_AUTHOR_EMAIL": "test@example.com",
            "GIT_AUTHOR_NAME": "Test",
            "GIT_COMMITTER_EMAIL": "test@example.com",
            "GIT_COMMITTER_NAME": "Test",
            "MYPY_CACHE_DIR": str(REPOSITORY / ".mypy_cache"),
            "PATH": os.pathsep.join([str(fast_tools), str(TOOLS), os.environ["PATH"]]),
            **prefect_server.environment,
            "PYTHONPATH": os.pathsep.join(["src", str(STARTUP)]),
        }
        return subprocess.run(
            ["bash", "-c", f"set -euxo pipefail\n{text}"],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def stages(once: Once, template: Checkout, run: Callable[..., Any]) -> Path:
    """Return a folder with a copy of the project at each stage."""

    def make(folder: Path) -> None:
        folder.mkdir()
        (folder / "sourcewright").symlink_to(template.path)
        for stage, commands in STAGES.items():
            enter = "cd pipelines" if (folder / "pipelines").exists() else ""
            done = run(f"{enter}\n{commands}\n{COMMIT}", folder)
            assert done.returncode == 0, done.stderr
            shutil.copytree(folder / "pipelines", folder / stage)

    return once.folder("stages", make)


@pytest.mark.parametrize("name", PAGES)
def test_the_commands_of_a_page_work_in_its_order(
    name: str,
    stages: Path,
    run: Callable[..., Any],
    tmp_path: Path,
    postgres: PostgreSQL,
) -> None:
    (tmp_path / "sourcewright").symlink_to(stages / "sourcewright")
    (tmp_path / "home").mkdir()
    stage, before = PAGES[name], ""
    if stage in STAGES:
        shutil.copytree(stages / stage, tmp_path / "pipelines")
        before = "cd pipelines"
    elif stage:
        before = VIADOT
    page = (REPOSITORY / name).read_text(encoding="utf-8")
    done = run(f"{before}\n{script(page)}", tmp_path)
    shown = done.stdout + done.stderr
    assert done.returncode == 0, shown[-4000:]
    assert "add by hand" not in shown
    assert postgres.password not in shown


def test_every_page_with_commands_is_run() -> None:
    pages = [REPOSITORY / "README.md", *(REPOSITORY / "docs").rglob("*.md")]
    with_commands = {
        page.relative_to(REPOSITORY).as_posix()
        for page in pages
        if "```console" in page.read_text(encoding="utf-8")
    }
    assert with_commands == {*PAGES, *OUR_OWN}


def test_the_links_of_the_readme_lead_somewhere() -> None:
    page = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    targets = [link for link in re.findall(r"\]\(([^)]+)\)", page) if "://" not in link]
    assert targets
    assert [link for link in targets if not (REPOSITORY / link).exists()] == []


def test_the_tree_of_the_readme_is_what_a_source_brings() -> None:
    golden = REPOSITORY / "tests" / "reference" / "postgresql_to_adls"
    page = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^(\S.*?)\s{2,}([+~]) ", page, re.MULTILINE)
    assert len(rows) > 10
    for paths, sign in rows:
        first, *more = paths.split(", ")
        names = [first, *(str(Path(first).parent / name) for name in more)]
        for name in names:
            assert (golden / name).is_file(), name
            owned_by_source = "postgresql" in Path(name).name
            assert owned_by_source == (sign == "+"), name


def test_the_generated_pages_are_fresh() -> None:
    done = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-d", str(tmp_path)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
