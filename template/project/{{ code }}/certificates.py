"""Whose certificates are trusted, and why a server's isn't."""

import re
import ssl
from typing import Annotated

from pydantic import AfterValidator

# How Python tells OpenSSL's reason, whatever a library puts around it.
DISTRUST = re.compile(r"CERTIFICATE_VERIFY_FAILED\] [^:]*: (.+?) \(_")


def _with_certificates(path: str) -> str:
    """Make sure that a file can be used: libraries say little where it can't."""
    try:
        ssl.create_default_context(cafile=path)
    except OSError as err:
        foreign = isinstance(err, ssl.SSLError)
        reason = "no certificates in PEM" if foreign else err.strerror
        msg = f"the file can't be used ({reason})"
        raise ValueError(msg) from err
    return path


CaFile = Annotated[str, AfterValidator(_with_certificates)]


def reason_for_distrust(error: BaseException) -> str:
    """Return why a certificate isn't trusted; "" for any other error."""
    found = DISTRUST.search(str(error))
    return found[1].rstrip(".") if found else ""
