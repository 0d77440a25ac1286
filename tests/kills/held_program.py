"""Run `python -m sourcewright` to the moment before its first write below a folder.

There the process is held: each request on stdin, the name of a file for what it says,
forks it, stops the fork and tells its id, and tells its wait status when it has ended.
A fork that is continued is the command itself, going on with its first write.
"""

from __future__ import annotations

import ctypes
import os
import runpy
import signal
import sys
from pathlib import Path
from typing import Any

CHANGES = {"chmod", "link", "mkdir", "remove", "rename", "rmdir", "symlink", "truncate"}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
ANYBODY_MAY_TRACE = (0x59616D61, -1)  # PR_SET_PTRACER, PR_SET_PTRACER_ANY

root = Path(sys.argv[1])
libc = ctypes.CDLL(None)
held = False


def hold(event: str, arguments: tuple[Any, ...]) -> None:
    """Hold the process before the first change below `root`, as an audit hook."""
    global held  # noqa: PLW0603  # a hook can't be taken away again
    if held or not _changes(event, arguments):
        return
    if any(_is_below(each) for each in arguments[:2]):
        held = True
        _serve()


def _changes(event: str, arguments: tuple[Any, ...]) -> bool:
    if event == "open":
        return bool(arguments[2] & WRITING)
    return event.startswith("os.") and event.removeprefix("os.") in CHANGES


def _is_below(argument: object) -> bool:
    # A relative name belongs to a folder that was opened before, or is no path at all.
    if not isinstance(argument, str | os.PathLike) or not Path(argument).is_absolute():
        return False
    return Path(argument).is_relative_to(root)


def _serve() -> None:
    """Answer requests; come back in each fork, never in the process itself."""
    while said := os.read(0, 4096).decode().strip():
        child = os.fork()
        if child == 0:
            libc.prctl(*ANYBODY_MAY_TRACE)
            nothing = os.open(os.devnull, os.O_RDONLY)
            output = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            for handle, number in ((nothing, 0), (output, 1), (output, 2)):
                os.dup2(handle, number)
            os.kill(os.getpid(), signal.SIGSTOP)
            return
        os.waitpid(child, os.WUNTRACED)
        os.write(1, f"{child}\n".encode())
        _, status = os.waitpid(child, 0)
        os.write(1, f"{status}\n".encode())
    os._exit(0)


sys.argv = ["sourcewright", *sys.argv[2:]]
sys.addaudithook(hold)
runpy.run_module("sourcewright", run_name="__main__", alter_sys=True)
