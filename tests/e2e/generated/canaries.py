"""Search files and texts for secrets, also where they were encoded."""

import base64
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus


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
