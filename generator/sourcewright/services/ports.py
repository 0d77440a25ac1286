"""Find a free TCP port on this machine, or say who holds the one that was asked for."""

import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

from sourcewright.errors import SourcewrightError

HOST = "127.0.0.1"


def choose_port(wanted: int | None, *, service: str) -> int:
    """Return `wanted`, or any free port where None is wanted.

    Another process may still take the port before the service does; the service then
    fails to start, and its log says so.

    Raises:
        SourcewrightError: somebody listens on `wanted` already.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted or 0))
        except (OSError, OverflowError) as err:
            reason = holder(wanted) if wanted and wanted < 2**16 else str(err)
            message = f"cannot start {service}: port {wanted} is taken"
            raise SourcewrightError(
                message,
                where=f"{HOST}:{wanted}, held by {reason}",
                next_step="stop that process, or choose another port",
            ) from err
        port: int = probe.getsockname()[1]
        return port


def holder(port: int) -> str:
    """Name the process that listens on `port`, as far as we may know it."""
    if Path("/proc/net/tcp").exists():
        pid = _listener_from_proc(port)
        return _describe(pid) if pid else "a process of another user"
    if lsof := shutil.which("lsof"):
        found = subprocess.run(
            [lsof, "-nP", "-t", f"-iTCP:{port}", "-sTCP:LISTEN"],
            capture_output=True,
            text=True,
            check=False,
        ).stdout.split()
        return f"process {found[0]}" if found else "a process of another user"
    return "an unknown process"


def _listener_from_proc(port: int) -> str | None:
    sockets = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        if not table.exists():
            continue
        for line in table.read_text().splitlines()[1:]:
            fields = line.split()
            local, state, inode = fields[1], fields[3], fields[9]
            if state == "0A" and int(local.rpartition(":")[2], 16) == port:
                sockets.add(f"socket:[{inode}]")
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if os.readlink(link) in sockets:  # noqa: PTH115 - no path, a socket's name
                return link.parts[2]
        except OSError:
            continue  # it ended meanwhile, or it isn't ours to look at
    return None


def _describe(pid: str) -> str:
    try:
        # The program alone: its arguments may hold what nobody should print.
        program = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0]
    except OSError:
        return f"process {pid}"
    name = Path(os.fsdecode(program)).name
    return f"process {pid} ({re.sub(r'[^ -~]', '?', name)})"
