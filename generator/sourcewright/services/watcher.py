"""Run one command, and stop it as soon as the process that asked for it is gone.

A script for `leash.py`, run with `python -I -S`, so only the standard library is here.
Our standard input is a pipe that nobody writes to: it ends when `leash.py` closes it,
or when that process ends, however it ends. See `leash.py` for why.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from typing import Any

# Less than `leash.py` waits for us beyond the grace of the command.
REMOVAL_SECONDS = 5


def main() -> int:
    """Run the command that the first argument describes; return back its exit code."""
    order: dict[str, Any] = json.loads(sys.argv[1])
    try:
        child = subprocess.Popen(
            order["command"],
            stdin=subprocess.DEVNULL,
            process_group=0,
            **_identity(order["user"]),
        )
    except OSError as err:
        sys.stderr.write(f"cannot run {order['command'][0]}: {err.strerror}\n")
        return 127

    deserted, ended = threading.Event(), threading.Event()

    def stop_when_deserted() -> None:
        os.read(0, 1)  # gives nothing, at the end of the pipe
        deserted.set()
        _signal_group(child.pid, order["stop_signal"])
        if not ended.wait(order["grace"]):
            _signal_group(child.pid, signal.SIGKILL)

    threading.Thread(target=stop_when_deserted, daemon=True).start()
    code = child.wait()
    ended.set()
    # The command has ended; what it started and forgot must end too.
    _signal_group(child.pid, signal.SIGKILL)
    if deserted.is_set():
        _remove(order["folders"])
    return code if code >= 0 else 128 - code


def _remove(folders: list[str]) -> None:
    # A process that was just killed may still finish what it is writing in there.
    deadline = time.monotonic() + REMOVAL_SECONDS
    while folders := [folder for folder in folders if os.path.lexists(folder)]:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
        if time.monotonic() > deadline:
            return
        time.sleep(0.05)


def _identity(user: str | None) -> dict[str, Any]:
    if user is None:
        return {}
    import pwd  # noqa: PLC0415 - only Unix has it, and only root comes here

    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


def _signal_group(group: int, number: int) -> None:
    # macOS says "not permitted" where Linux says "no such process".
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


if __name__ == "__main__":
    # Only the end of the pipe ends us. A handler, not SIG_IGN: what is ignored here
    # would be ignored by the command too.
    for unwanted in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(unwanted, lambda *_: None)
    sys.exit(main())
