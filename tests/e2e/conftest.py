"""Stock Copier in an environment of its own, this repository as a template, and
projects made of both.

A project that several tests begin with is made once; each test works on its own copy.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
from sourcewright import cli

from tests import copier_runner
from tests.startup import quick_copier

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.once import Once

REPOSITORY = Path(__file__).resolve().parents[2]
UV = Path(sys.executable).with_name("uv")


def uncoloured(text: str) -> str:
    """Take out what colours a text."""
    return re.sub("\x1b\\[[0-9;]*m", "", text)


@dataclass(frozen=True)
class Shell:
    """What a user has at hand: Copier, git, an identity, and an empty home."""

    environment: dict[str, str]

    def run(
        self, *command: str | Path, folder: Path
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in a folder; its stdout holds all that it said, uncoloured."""
        done = subprocess.run(
            command,
            cwd=folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        done.stdout = uncoloured(done.stdout)
        return done

    def said(self, *command: str | Path, folder: Path) -> str:
        """Run a command that has to succeed; return what it said."""
        done = self.run(*command, folder=folder)
        assert done.returncode == 0, f"{command} gave {done.returncode}:\n{done.stdout}"
        return done.stdout


@dataclass(frozen=True)
class Checkout:
    """A folder under git: the template, or a project."""

    path: Path
    shell: Shell

    def git(self, *arguments: str) -> str:
        """Run git; return what it said."""
        return self.shell.said("git", *arguments, folder=self.path)

    def commit(self, message: str = "work") -> None:
        """Commit all that there is."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def status(self) -> list[str]:
        """Return what changed since the last commit, a line for each file."""
        return self.git("status", "--porcelain", "--untracked-files=all").splitlines()

    def read(self, path: str) -> str:
        """Return the text of a file, its newlines as they are."""
        return (self.path / path).read_bytes().decode("utf-8")

    def write(self, path: str, text: str) -> None:
        """Write a file, its folders too."""
        place = self.path / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode("utf-8"))

    def replace(self, path: str, old: str, new: str) -> None:
        """Replace a text that stands in a file exactly once."""
        text = self.read(path)
        assert text.count(old) == 1, f"{text.count(old)} times in {path}: {old}"
        self.write(path, text.replace(old, new))

    def release(self, version: str) -> None:
        """Commit what changed, if anything did, and tag it."""
        if self.status():
            self.commit(version)
        self.git("tag", version)

    def files(self) -> dict[str, bytes]:
        """Return the content of each file that git would keep, by its path."""
        listed = self.git("ls-files", "-z", "-co", "--exclude-standard").split("\0")
        places = {name: self.path / name for name in sorted(listed) if name}
        return {
            name: place.read_bytes() for name, place in places.items() if place.exists()
        }


@dataclass(frozen=True)
class Copier:
    """What `copier` does as a user types it, by the Python that has it."""

    python: Path
    shell: Shell

    def run(
        self, *arguments: str | Path, folder: Path, **answers: str
    ) -> subprocess.CompletedProcess[str]:
        """Run any command of Copier in a folder; its stdout holds all that it said."""
        data = [p for key in answers for p in ("--data", f"{key}={answers[key]}")]
        verb, *rest = map(str, arguments)
        command = [verb, "--defaults", *data, *rest]
        code, said = self.command(*command, folder=folder)
        return subprocess.CompletedProcess(command, code, uncoloured(said))

    def command(self, *command: str, folder: Path) -> tuple[int, str]:
        """Run a command; return its exit code and its text."""
        return copier_runner.run(
            *command,
            python=self.python,
            folder=folder,
            environment=self.shell.environment,
        )

    def copy(
        self, template: Checkout, project: Path, *options: str, **answers: str
    ) -> str:
        """Run `copier copy --trust`, which has to succeed; return what it said."""
        return self._said(
            "copy", "--trust", *options, template.path, ".", folder=project, **answers
        )

    def update(
        self, project: Path, application: str, *options: str, **answers: str
    ) -> str:
        """Run `copier update --trust` for an application; return what it said."""
        file = f".sourcewright/{application}/answers.yml"
        return self._said(
            "update", "-a", file, "--trust", *options, folder=project, **answers
        )

    def recopy(
        self, project: Path, application: str, *options: str, **answers: str
    ) -> str:
        """Run `copier recopy --trust` for an application; return what it said."""
        file = f".sourcewright/{application}/answers.yml"
        return self._said(
            "recopy", "-a", file, "--trust", *options, folder=project, **answers
        )

    def _said(self, *arguments: str | Path, folder: Path, **answers: str) -> str:
        done = self.run(*arguments, folder=folder, **answers)
        assert done.returncode == 0, (
            f"{arguments} gave {done.returncode}:\n{done.stdout}"
        )
        return done.stdout


@dataclass(frozen=True)
class Sourcewright:
    """`sourcewright`, but in this process, with one commit of the template."""

    shell: Shell
    template: Checkout

    def run(
        self, *arguments: str | Path, folder: Path
    ) -> subprocess.CompletedProcess[str]:
        """Run a command; its stdout holds all that it said."""
        options: list[str | Path] = []
        if arguments[0] in {"new", "add"}:
            options = ["--template", self.template.path, "--vcs-ref", "HEAD"]
        words = [str(each) for each in (*arguments, *options)]
        said = io.StringIO()
        with (
            contextlib.chdir(folder),
            patch.dict(os.environ, self.shell.environment, clear=True),
            contextlib.redirect_stdout(said),
            contextlib.redirect_stderr(said),
        ):
            code = cli.run(words)
        return subprocess.CompletedProcess(words, code, said.getvalue())

    def said(self, *arguments: str | Path, folder: Path) -> str:
        """Run a command that has to succeed; return what it said."""
        done = self.run(*arguments, folder=folder)
        assert done.returncode == 0, done.stdout
        return done.stdout


@pytest.fixture(scope="session")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """Git and nothing else on the path, an identity, and an empty home."""
    home = tmp_path_factory.mktemp("home")
    git = shutil.which("git")
    assert git, "these tests need git"
    return Shell(
        {
            "PATH": os.pathsep.join([str(Path(git).parent), "/usr/bin", "/bin"]),
            "HOME": str(home),
            "TMPDIR": tempfile.gettempdir(),
            "XDG_CACHE_HOME": str(home / "cache"),
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_DATA_HOME": str(home / "data"),
            "LANG": "C.UTF-8",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "Ada",
            "GIT_AUTHOR_EMAIL": "ada@example.com",
            "GIT_COMMITTER_NAME": "Ada",
            "GIT_COMMITTER_EMAIL": "ada@example.com",
            "PYTHONPATH": str(Path(quick_copier.__file__).parent),
            quick_copier.FOLDER: os.environ[quick_copier.FOLDER],
        }
    )


@pytest.fixture(scope="session")
def copier(once: Once, shell: Shell) -> Copier:
    """Copier and what it needs, in the versions of our lock file, and nothing else."""

    def make(folder: Path) -> None:
        folder.mkdir()
        locked, venv = folder / "locked.txt", str(folder / "venv")
        export = ["export", "--frozen", "--no-dev", "--no-emit-project", "--no-hashes"]
        install = ["pip", "install", "--compile-bytecode", "--python", venv, "copier"]
        for command in (
            [*export, "--output-file", str(locked)],
            ["venv", "--python", sys.executable, venv],
            [*install, "--constraints", str(locked)],
        ):
            subprocess.run([UV, "--quiet", *command], cwd=REPOSITORY, check=True)

    return Copier(once.folder("stock", make) / "venv" / "bin" / "python", shell)


@pytest.fixture(scope="session")
def template(once: Once, shell: Shell) -> Checkout:
    """This repository as it is now, uncommitted work too, in a clean commit."""

    def make(folder: Path) -> None:
        listed = ["git", "ls-files", "-z", "-co", "--exclude-standard"]
        names = subprocess.check_output(listed, cwd=REPOSITORY, text=True).split("\0")
        made = Checkout(folder / "sourcewright", shell)
        for name in names:
            place = REPOSITORY / name
            if name and not name.startswith("tests/") and place.is_file():
                (made.path / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(place, made.path / name)
        made.git("init", "--quiet", "--initial-branch=main")
        made.commit("the template")
        made.git("gc", "--quiet")  # Copier clones it again and again

    return Checkout(once.folder("template", make) / "sourcewright", shell)


@pytest.fixture(scope="session")
def sourcewright(shell: Shell, template: Checkout) -> Sourcewright:
    """Our command, which knows this template alone."""
    return Sourcewright(shell, template)


@pytest.fixture(scope="session")
def plain_template(once: Once, template: Checkout) -> Path:
    """The template in a folder without git, which Copier reads faster."""

    def make(folder: Path) -> None:
        without = shutil.ignore_patterns(".git")
        shutil.copytree(template.path, folder / "sourcewright", ignore=without)

    return once.folder("plain", make) / "sourcewright"


@pytest.fixture(scope="session")
def bare(once: Once, copier: Copier, template: Checkout) -> Checkout:
    """A project without connectors, made in an empty folder and then committed."""

    def make(folder: Path) -> None:
        made = Checkout(folder / "acme", copier.shell)
        made.path.mkdir(parents=True)
        copier.copy(
            template,
            made.path,
            component="project",
            project_name="Acme Pipelines",
            package="acme",
        )
        made.git("init", "--quiet", "--initial-branch=main")
        made.commit("project")

    return Checkout(once.folder("bare", make) / "acme", copier.shell)


@pytest.fixture(scope="session")
def acme(once: Once, copier: Copier, template: Checkout, bare: Checkout) -> Checkout:
    """A project that loads from PostgreSQL into ADLS, committed."""

    def make(folder: Path) -> None:
        made = _copy_of(bare, folder / "acme")
        copier.copy(template, made.path, component="destination", name="adls")
        made.commit("adls")
        copier.copy(
            template,
            made.path,
            component="source",
            name="postgresql",
            destinations="[adls]",
        )
        made.commit("postgresql")

    return Checkout(once.folder("acme", make) / "acme", copier.shell)


@pytest.fixture(scope="session")
def acme_and_orders(
    once: Once, copier: Copier, template: Checkout, acme: Checkout
) -> Checkout:
    """The same with a folder as a second destination, for both of two sources."""

    def make(folder: Path) -> None:
        made = _copy_of(acme, folder / "acme")
        copier.copy(template, made.path, component="destination", name="local")
        made.commit("local")
        copier.update(made.path, "source-postgresql", destinations="[adls, local]")
        made.commit("postgresql into local")
        copier.copy(
            template,
            made.path,
            component="source",
            name="orders_db",
            dialect="postgresql",
            destinations="[local]",
        )
        made.commit("orders_db")

    return Checkout(once.folder("orders", make) / "acme", copier.shell)


@pytest.fixture
def empty(tmp_path: Path, shell: Shell) -> Callable[[str], Checkout]:
    """Give a test an empty repository in a folder of a name."""

    def make(name: str) -> Checkout:
        made = Checkout(tmp_path / name, shell)
        made.path.mkdir()
        made.git("init", "--quiet", "--initial-branch=main")
        return made

    return make


@pytest.fixture
def copy_of(tmp_path: Path) -> Callable[[Checkout], Checkout]:
    """Give a test its own copy of a template or a project."""

    def copy(checkout: Checkout) -> Checkout:
        return _copy_of(checkout, tmp_path / checkout.path.name)

    return copy


def point_at(project: Checkout, template: Checkout, commit: str | None = None) -> None:
    """Make a project one of another copy of its template; a tag may name the commit."""
    values = {"_src_path": str(template.path)} | ({"_commit": commit} if commit else {})
    for place in project.path.glob(".sourcewright/*/answers.yml"):
        text = place.read_text(encoding="utf-8")
        for key, value in values.items():
            text = re.sub(f"(?m)^{key}: .*$", f"{key}: {value}", text)
        place.write_text(text, encoding="utf-8")
    project.commit("another address of the template")


def _copy_of(checkout: Checkout, folder: Path) -> Checkout:
    # Copier may be asking git about the template at this moment.
    locked = shutil.ignore_patterns("index.lock")
    shutil.copytree(checkout.path, folder, symlinks=True, ignore=locked)
    return Checkout(folder, checkout.shell)
