"""The demo's results are replaced as a whole, or stay as they were."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sourcewright.demo.folder import replaced
from sourcewright.errors import SourcewrightError

KILLED = """
import os, sys
from pathlib import Path
from sourcewright.demo.folder import replaced
with replaced(Path(sys.argv[1])) as staging:
    (staging / "half").write_text("")
    os.kill(os.getpid(), 9)
"""


def content(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def seen(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.suffix != ".lock"]


@pytest.fixture
def former(tmp_path: Path) -> Path:
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "former").write_text("whole")
    return folder


def test_the_new_content_takes_the_place_of_the_former(former: Path) -> None:
    with replaced(former) as staging:
        (staging / "new").write_text("")
        assert content(former) == {"former": "whole"}
    assert content(former) == {"new": ""}
    assert seen(former.parent) == ["demo"]


def test_a_first_time_makes_the_folders_above(tmp_path: Path) -> None:
    with replaced(tmp_path / "build" / "demo") as staging:
        (staging / "new").write_text("")
    assert content(tmp_path / "build" / "demo") == {"new": ""}


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_exception_leaves_the_former_whole(
    former: Path, error: type[BaseException]
) -> None:
    with pytest.raises(error), replaced(former) as staging:  # noqa: PT012 - the middle
        (staging / "half").write_text("")
        raise error
    assert content(former) == {"former": "whole"}
    assert seen(former.parent) == ["demo"]


def test_a_kill_leaves_the_former_whole_and_nothing_beside_it(former: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, former], check=False)
    assert killed.returncode == -signal.SIGKILL
    deadline = time.monotonic() + 20
    while seen(former.parent) != ["demo"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert content(former) == {"former": "whole"}


def test_what_an_older_kill_left_is_gone_after_the_next_time(former: Path) -> None:
    former.with_name(".demo.1.new").mkdir()
    with replaced(former) as staging:
        assert content(staging) == {}
    assert seen(former.parent) == ["demo"]


def test_a_kill_between_the_two_renames_is_mended(former: Path) -> None:
    former.rename(former.with_name(".demo.old"))
    with pytest.raises(RuntimeError), replaced(former):
        raise RuntimeError
    assert content(former) == {"former": "whole"}


def test_two_at_a_time_are_refused(former: Path) -> None:
    with (
        replaced(former),
        pytest.raises(SourcewrightError, match="another process is writing"),
        replaced(former),
    ):
        pass
