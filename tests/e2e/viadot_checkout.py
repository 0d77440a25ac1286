"""viadot's own source distribution, with an environment in which its tests run.

Both are made once, below the user's cache: a download of some megabytes, and an
environment of nearly a gigabyte, which uv links from its own cache.
"""

import ctypes.util
import functools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
PLACE = CACHE / "sourcewright" / "viadot"
UV = str(Path(sys.executable).with_name("uv"))
VERSIONS = ("3.12", "3.13")
# What viadot's own tests need, beside what it requires; newer ones of dbt-core don't
# work with it. The linters are at the versions that its pre-commit pins; what builds
# its docs is as its group docs asks.
BESIDE = ("dbt-core<1.12", "pytest", "pytest-asyncio", "pytest-mock", "moto")
ALSO = ("Faker==13.12.1", "python-dotenv", "loguru")
TOOLS = (
    *("ruff==0.6.7", "detect-secrets==1.5.0"),
    *("zensical>=0.0.53", "mkdocstrings-python>=1.16.10"),
)
ABOUT = "import json, sys; print(json.dumps([*sys.version_info[:2], sys.executable]))"
# The driver manager that pyodbc loads, where the machine hasn't got it.
ODBC = ("libodbc2", "libodbcinst2", "libltdl7", "odbc-mariadb", "libmariadb3")


@functools.cache
def python() -> str:
    """Return a Python that viadot installs on; without one the tests can't be run."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    for version in VERSIONS:
        found = sorted((pyenv / "versions").glob(f"{version}.*/bin/python"))
        on_path = shutil.which(f"python{version}")
        for program in [sys.executable, *map(str, found), on_path]:
            done = _run(program or "false", "-c", ABOUT)
            if done.returncode == 0:
                *numbers, executable = json.loads(done.stdout)
                if ".".join(map(str, numbers)) == version:
                    return str(executable)
    wanted = " or ".join(VERSIONS)
    return _missing(f"viadot installs on Python {wanted}, and none is here: install it")


def unpacked() -> Path:
    """Return the folder of the newest source distribution, downloaded once."""
    there = sorted(PLACE.glob("viadot2-*/pyproject.toml"))
    if not there:
        PLACE.mkdir(parents=True, exist_ok=True)
        _needed(
            *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"),
            *("--no-binary", "viadot2", "--dest", str(PLACE), "viadot2"),
        )
        (archive,) = PLACE.glob("viadot2-*.tar.gz")
        # By a Python that has the filter, which 3.11 got with its fourth release.
        unpack = (*("-m", "tarfile", "--filter", "data"), "-e", str(archive))
        _needed(python(), *unpack, str(PLACE))
        archive.unlink()
        there = sorted(PLACE.glob("viadot2-*/pyproject.toml"))
    return there[-1].parent


def environment(checkout: Path) -> Path:
    """Return an environment with what viadot requires, and its linters in `tools`."""
    program = python()
    folder = PLACE / f"environment-{checkout.name}"
    ready, named = folder / "ready", "\n".join([*BESIDE, *ALSO, *TOOLS])
    if not ready.exists() or ready.read_text("utf-8") != named:
        for name, wanted in (
            ("own", ["-r", str(checkout / "pyproject.toml"), *BESIDE, *ALSO]),
            ("tools", list(TOOLS)),
        ):
            place = folder / name
            shutil.rmtree(place, ignore_errors=True)
            _needed(UV, "venv", "--quiet", "--python", program, str(place))
            into = str(place / "bin" / "python")
            _needed(UV, "pip", "install", "--quiet", "--python", into, *wanted)
        ready.write_text(named, "utf-8")
    return folder


def libraries() -> Path | None:
    """Return a folder with ODBC's libraries; None where the machine has its own."""
    if ctypes.util.find_library("odbc"):
        return None
    folder = PLACE / "odbc"
    found = sorted(folder.glob("usr/lib/*/libodbc.so.2"))
    if not found:
        packages = folder / "packages"
        packages.mkdir(parents=True, exist_ok=True)
        if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
            _missing("no libodbc: install unixodbc")
        _needed("apt-get", "download", *ODBC, folder=packages)
        for package in packages.glob("*.deb"):
            _needed("dpkg-deb", "-x", str(package), str(folder))
        found = sorted(folder.glob("usr/lib/*/libodbc.so.2"))
    return found[0].parent


def _needed(*command: str, folder: Path | None = None) -> None:
    """Run what has to succeed; without a network the test is skipped, but not in CI."""
    done = _run(*command, folder=folder)
    if done.returncode == 0:
        return
    _missing(f"{' '.join(command[:3])} gave {done.returncode}: {done.stdout[-800:]}")


def _missing(why: str) -> NoReturn:
    """Skip the test, or fail it in CI, where everything has to be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)


def _run(*command: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
