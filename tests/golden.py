"""The golden: a whole generated project, rendered now and as it is committed.

`python tests/golden.py` writes it afresh; review it by `git diff tests/reference`.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
GOLDEN = REPOSITORY / "tests" / "reference" / "postgresql_to_adls"

# Each application of the template, in order: the commands that a user would type.
APPLICATIONS = [
    ["component=project", "project_name=Acme Pipelines", "package=acme"],
    ["component=destination", "name=adls"],
    ["component=source", "name=postgresql", "destinations=[adls]"],
]


def copier_copy(
    answers: list[str],
    project: Path,
    *options: str,
    template: Path | str = REPOSITORY,
) -> subprocess.CompletedProcess[str]:
    """Run `copier copy --trust` with the defaults for what isn't answered."""
    data = [part for answer in answers for part in ("--data", answer)]
    command = [sys.executable, "-m", "copier", "copy", "--trust", "--defaults"]
    return subprocess.run(
        [*command, "--vcs-ref", "HEAD", *options, *data, str(template), str(project)],
        capture_output=True,
        text=True,
        check=False,
    )


def render(project: Path, applications: list[list[str]] = APPLICATIONS) -> None:
    """Make a project in an empty folder, by stock Copier, one application at a time."""
    for answers in applications:
        done = copier_copy(answers, project)
        if done.returncode or "pending" in done.stderr + done.stdout:
            msg = f"{answers} gave {done.returncode}:\n{done.stdout}{done.stderr}"
            raise RuntimeError(msg)


def pin_template(project: Path) -> None:
    """Set what names the template's checkout to fixed values."""
    for path in project.glob(".sourcewright/*/answers.yml"):
        text = re.sub("(?m)^_commit: .*$", "_commit: v0.0.0", path.read_text("utf-8"))
        text = re.sub("(?m)^_src_path: .*$", "_src_path: sourcewright", text)
        path.write_text(text, encoding="utf-8")


def files(folder: Path) -> dict[str, bytes]:
    """Return the content of every file below a folder, by its relative path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def main() -> None:
    """Replace the golden by a fresh render."""
    with tempfile.TemporaryDirectory() as temporary:
        project = Path(temporary) / "project"
        render(project)
        pin_template(project)
        shutil.rmtree(GOLDEN, ignore_errors=True)
        shutil.copytree(project, GOLDEN)
    place = GOLDEN.relative_to(REPOSITORY)
    sys.stdout.write(f"Wrote {len(files(GOLDEN))} files to {place}.\n")


if __name__ == "__main__":
    main()
