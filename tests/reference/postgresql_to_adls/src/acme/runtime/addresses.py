"""The fields of an address: each takes only what it can be, never a pasted URL.

What is refused is not shown, since it may hold a password.
"""

from ipaddress import ip_address
from pathlib import Path
import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

ACCOUNT = re.compile(r"[a-z0-9]{1,24}(-secondary)?")  # of Azure Storage
HOST = re.compile(r"[\w.-]+")
# `user:password@`, a URL, or a setting of a connection string.
PASTED = re.compile(r"://|:.*@|\b(password|pwd)\s*=", re.DOTALL | re.IGNORECASE)
SECRET_IN_PATH = re.compile(
    r"^[^/\\]*:[^/\\]*@|://[^/]*@|[?&;](sig|password|pwd)=", re.IGNORECASE
)
INSTANCE = re.compile(r"\\[\w$]+")  # of SQL Server, after its host


def check_path(path: str) -> str:
    """Return a path that a message may show.

    Raises:
        ValueError: It is an address with a user, or has a signature in it.
    """
    if SECRET_IN_PATH.search(path):
        msg = "give a path alone, without user, password and signature"
        raise ValueError(msg)
    return path


def _path(path: Path) -> Path:
    check_path(str(path).replace(":/", "://", 1))  # a path has no double slashes
    return path


def _is_host(text: str) -> bool:
    try:
        ip_address(text.strip("[]"))
    except ValueError:
        return bool(HOST.fullmatch(text))
    return True


def _host(text: str) -> str:
    if not _is_host(text):
        msg = "give the name or number of a host, without user, port and path"
        raise ValueError(msg)
    return text


def _host_of_mssql(text: str) -> str:
    """Allow an instance too, behind a backslash."""
    host, slash, instance = text.partition("\\")
    if slash and not INSTANCE.fullmatch(slash + instance):
        return _host(text)
    _host(host)
    return text


def _host_of_postgresql(text: str) -> str:
    """Allow what libpq allows too: the folder of a socket, and several hosts."""
    is_folder = text.startswith("/") and not PASTED.search(text)
    if not is_folder and not all(map(_is_host, text.split(","))):
        return _host(text)
    return text


def _account(text: str) -> str:
    if not ACCOUNT.fullmatch(text):
        msg = "give the account's name alone: small letters and digits"
        raise ValueError(msg)
    return text


def _name(text: str) -> str:
    if PASTED.search(text):
        msg = "give a name alone, without address, user and password"
        raise ValueError(msg)
    return text


def address(text: str) -> str:
    """Return an address of HTTP that a message may show.

    Raises:
        ValueError: It leads to no server, or has a user, parameters or a fragment.
    """
    try:
        parts = urlsplit(text)
        leads = parts.scheme in {"http", "https"} and bool(parts.hostname)
        leads = leads and parts.port != 0
    except ValueError:  # an impossible port, or impossible brackets
        leads = False
    if not leads or "@" in parts.netloc or set(text) & set("?# \\"):
        msg = (
            "give http:// or https://, a host and perhaps a path, "
            "without user, parameters and fragment"
        )
        raise ValueError(msg)
    return text


Account = Annotated[str, AfterValidator(_account)]
Host = Annotated[str, AfterValidator(_host)]
HostOfMSSQL = Annotated[str, AfterValidator(_host_of_mssql)]
HostOfPostgreSQL = Annotated[str, AfterValidator(_host_of_postgresql)]
LocalPath = Annotated[Path, AfterValidator(_path)]
Port = Annotated[int, Field(ge=1, le=65535)]
Name = Annotated[str, AfterValidator(_name)]
Address = Annotated[str, AfterValidator(address)]
