"""Certificates: files of trusted authorities, and why a server's is not trusted."""

import re
import ssl
from typing import Annotated

from pydantic import AfterValidator

# OpenSSL's reason as Python words it, whatever a library puts around it.
DISTRUST = re.compile(r"CERTIFICATE_VERIFY_FAILED\] [^:]*: (.+?) \(_")


def _usable(path: str) -> str:
    """Return the path of a usable file: libraries hardly explain why one isn't."""
    try:
        ssl.create_default_context(cafile=path)
    except OSError as err:
        malformed = isinstance(err, ssl.SSLError)
        reason = "no certificates in PEM" if malformed else err.strerror
        msg = f"the file can't be used ({reason})"
        raise ValueError(msg) from err
    return path


def _usable_or_system(path: str) -> str:
    """Return the path of a usable file, or `system`: what the machine trusts."""
    return path if path == "system" else _usable(path)


CaFile = Annotated[str, AfterValidator(_usable)]
# PostgreSQL's library ignores a file that doesn't exist, except to verify.
RootCertificates = Annotated[str, AfterValidator(_usable_or_system)]


def reason_for_distrust(error: BaseException) -> str:
    """Return why a certificate isn't trusted; "" for any other error."""
    found = DISTRUST.search(str(error))
    return found[1].rstrip(".") if found else ""
