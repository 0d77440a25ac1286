"""No secret of a server shows anywhere: the canaries of the whole suite.

Every server that a session starts has a password or a key that is made at random. They
are searched for, in any form, in what each test prints and logs, in what its child
processes print, in their arguments and environment, in all files that the session
leaves, and in Prefect's database. What tests themselves write is named here:
configurations, and variables that are meant for secrets.
"""

import base64
import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterable, Iterator, Mapping
from functools import wraps
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from sourcewright.services.service import Service

OF_STORE = secrets.token_urlsafe(24)  # of the object store, which isn't a service
# Environment variables that are meant to hold a secret.
MEANT = re.compile(r"__\w+$|PASSWORD$|^AZURITE_ACCOUNTS$|_CONNECTION_URL$")
# Files that tests write secrets into, which a user would do as well.
WRITTEN = ("config.yaml",)


class Canaries:
    """The secrets of a session, and where they were found.

    Attributes:
        secrets: Each with its forms.
        found: Where one is.
        folders: Those to search at the end.
    """

    def __init__(self) -> None:
        self.secrets: dict[str, set[bytes]] = {}
        self.found: list[str] = []
        self.folders: list[Path] = []

    def take(self, server: Service) -> None:
        """Watch a server's secrets from now on."""
        given = getattr(server, "credentials", {})
        for name in ("password", "account_key"):
            if secret := getattr(server, name, given.get(name)):
                self.secrets[secret] = forms(secret)

    def shows(self, text: str | bytes | None) -> bool:
        """Return whether a text shows a secret."""
        content = (
            text.encode(errors="replace") if isinstance(text, str) else text or b""
        )
        return any(form in content for found in self.secrets.values() for form in found)

    def search(self, text: str | bytes | None, where: str) -> None:
        """Note where a text is from that shows a secret."""
        if where not in self.found and self.shows(text):
            self.found.append(where)

    def search_files(self, folders: Iterable[Path]) -> None:
        """Note the files below folders that show a secret."""
        patterns = [form for found in self.secrets.values() for form in found]
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"\n".join(patterns))
            file.flush()
            done = subprocess.run(
                [
                    *("grep", "--recursive", "--binary-files=text", "--fixed-strings"),
                    *("--files-with-matches", f"--file={file.name}"),
                    *(f"--exclude={name}" for name in WRITTEN),
                    *folders,
                ],
                stdout=subprocess.PIPE,
                text=True,
                check=False,
            )
        self.found += [f"the file {line}" for line in done.stdout.splitlines()]

    def watch(self) -> None:
        """Look at each server and each child process of this process from now on."""
        enter, leave = Service.__enter__, Service.__exit__
        communicate = subprocess.Popen.communicate

        @wraps(enter)
        def entered(server: Service) -> Service:
            enter(server)
            self.take(server)
            return server

        @wraps(leave)
        def left(server: Service, *error: Any) -> None:  # noqa: ANN401
            if home := getattr(server, "home", None):
                self.search_files([home])
            leave(server, *error)

        @wraps(communicate)
        def communicated(process: Any, *given: Any, **options: Any) -> Any:  # noqa: ANN401
            output = communicate(process, *given, **options)
            for text in output:
                self.search(text, f"the output of {_named(process.args)}")
            return output

        Service.__enter__ = entered  # type: ignore[method-assign,assignment]
        Service.__exit__ = left  # type: ignore[method-assign]
        subprocess.Popen.communicate = communicated  # type: ignore[method-assign,assignment]
        sys.addaudithook(self._audit)

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event != "subprocess.Popen":
            return
        _, command, _, environment = arguments
        told = [("an argument", part) for part in _parts(command)]
        variables = os.environ if environment is None else environment
        for name, value in variables.items():
            if not MEANT.search(os.fsdecode(name)):
                told.append((f"the variable {os.fsdecode(name)}", os.fsdecode(value)))
        if self.shows("\n".join(text for _, text in told)):
            for where, text in told:
                self.search(text, f"{where} of {_named(command)}")


CANARIES = Canaries()


def pytest_configure() -> None:
    """Begin before the first server is started."""
    CANARIES.secrets[OF_STORE] = forms(OF_STORE)
    CANARIES.watch()


@pytest.fixture(scope="session", autouse=True)
def canaries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Canaries]:
    """Search the files at the end of the session, and tell what was found at all."""
    yield CANARIES
    CANARIES.search_files([tmp_path_factory.getbasetemp(), *CANARIES.folders])
    assert not CANARIES.found, "\n".join(CANARIES.found)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Search what the test printed and logged."""
    report = yield
    for name, text in report.sections:
        CANARIES.search(text, f"{name} of {item.nodeid}")
    return report


def _parts(command: Any) -> list[str]:  # noqa: ANN401 - what subprocess takes
    parts = [command] if isinstance(command, str | bytes | os.PathLike) else command
    return [os.fsdecode(part) for part in parts]


def _named(command: Any) -> str:  # noqa: ANN401 - what subprocess takes
    return " ".join(Path(part).name for part in _parts(command)[:3])


def forms(secret: str) -> set[bytes]:
    """Return the ways in which a secret may be written down, itself among them."""
    plain = secret.encode()
    texts = [secret, quote(secret, safe=""), quote(secret), quote_plus(secret)]
    texts += [json.dumps(secret)[1:-1], repr(secret)[1:-1]]
    return {text.encode() for text in texts} | _in_base64(plain)


def _in_base64(plain: bytes) -> set[bytes]:
    """Return what base64 makes of `plain`, wherever in a longer text it stands."""
    found = set()
    for offset in range(3):
        encoded = base64.b64encode(bytes(offset) + plain)
        # Only the characters that depend on nothing but `plain`: six bits each.
        first, last = -(-offset * 8 // 6), (offset + len(plain)) * 8 // 6
        core = encoded[first:last]
        found |= {core, core.replace(b"+", b"-").replace(b"/", b"_")}
    return found


def found_in(content: bytes, secrets: Mapping[str, str]) -> list[str]:
    """Return the names of those secrets that `content` shows in any form."""
    # Base64 is often broken into lines, and those may be in a JSON string.
    unbroken = content.replace(b"\\n", b"").replace(b"\r", b"").replace(b"\n", b"")
    return [
        name
        for name, secret in secrets.items()
        if any(form in content or form in unbroken for form in forms(secret))
    ]


def found_below(folders: Iterable[Path], secrets: Mapping[str, str]) -> list[str]:
    """Return `<name> in <file>` for every secret that a file below `folders` shows."""
    return [
        f"{name} in {path}"
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        for name in found_in(path.read_bytes(), secrets)
    ]
