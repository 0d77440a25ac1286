"""The system calls of a process that change a project, as strace sees them.

A point is one such call; a run can be killed before it, or have it fail.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# Every call of Linux that can change a file or a folder; those with a question mark are
# older names, which only some architectures have.
CALLS = (
    "?open,openat,?openat2,?creat,write,pwrite64,writev,pwritev,pwritev2,"
    "?rename,?renameat,renameat2,?link,linkat,?symlink,symlinkat,?unlink,unlinkat,"
    "?mkdir,mkdirat,?rmdir,?mknod,mknodat,truncate,ftruncate,fallocate,"
    "?chmod,fchmod,fchmodat,?chown,?lchown,fchown,fchownat,"
    "?utime,?utimes,?futimesat,utimensat,setxattr,lsetxattr,fsetxattr,"
    "removexattr,lremovexattr,fremovexattr,"
    "fsync,fdatasync,sync_file_range,copy_file_range,sendfile,splice"
)
_CALL = re.compile(r"^(\w+)\((.*)$")
_WRITING = re.compile(r"O_(?:WRONLY|RDWR|CREAT|TRUNC)")
_OPEN = {"open", "openat", "openat2"}


@dataclass(frozen=True)
class Point:
    """One call: its name, its number among the calls of that name, and its place.

    `path` is relative to the project, "" the project's own folder, None elsewhere.
    """

    call: str
    number: int
    path: str | None

    def killed(self) -> tuple[str, ...]:
        """Give strace's options that kill the process in the place of this call."""
        return ("-e", f"inject={self.call}:signal=KILL:when={self.number}")

    def failing(self, error: str, *, ever_after: bool = False) -> tuple[str, ...]:
        """Give strace's options that make it fail, or all of its name from it on."""
        when = f"{self.number}+" if ever_after else f"{self.number}"
        return ("-e", f"inject={self.call}:error={error}:when={when}")


def calls(trace: Path, root: Path) -> list[Point]:
    """Return the writing calls of a run in their order, those elsewhere too."""
    return [point for _, point in _read(trace, root)]


def hit(trace: Path, root: Path) -> Point | None:
    """Return the call that a run was killed at, or the first that failed."""
    found = _read(trace, root)
    failed = [point for line, point in found if "(INJECTED)" in line]
    if failed:
        return failed[0]
    killed = trace.read_text("utf-8", "replace").endswith("+++ killed by SIGKILL +++\n")
    return found[-1][1] if killed and found else None


def _read(trace: Path, root: Path) -> list[tuple[str, Point]]:
    found = []
    numbers = Counter[str]()
    for line in trace.read_text("utf-8", "replace").splitlines():
        matched = _CALL.match(line)
        if not matched:
            continue
        call, rest = matched.groups()
        numbers[call] += 1
        if call not in _OPEN or _WRITING.search(rest):
            found.append((line, Point(call, numbers[call], _path(rest, root))))
    return found


def _path(rest: str, root: Path) -> str | None:
    """Return the first place in `root` that a call's arguments name, relative to it."""
    # The current folder says nothing where the path is absolute.
    rest = re.sub(r'AT_FDCWD<[^>]*>, "/', '"/', rest)
    found = re.search(rf'[<"]{re.escape(str(root))}(?:/([^>"]*))?[>"]', rest)
    if not found:
        return None
    # A folder's descriptor, and a name in it.
    name = re.match(r'\d+<[^>]*>, "([^"/]+)"', rest)
    return "/".join(filter(None, (found[1], name[1] if name else None)))
