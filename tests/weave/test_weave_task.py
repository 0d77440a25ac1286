"""The weave as Copier's task: real `copier copy` and `copier update` runs."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

GENERATOR = Path(__file__).parents[2] / "generator"
TASK = GENERATOR / "weave_task.py"
INIT = "src/acme/sources/__init__.py"
GIVEN = '"""Sources."""\n\nfrom .base import Source\n\n__all__ = ["Source"]\n'
COPIER_YML = """\
_subdirectory: template
_answers_file: ".sourcewright/{{ application }}/answers.yml"
name: {type: str}
class_name: {type: str}
application: {type: str, default: "source-{{ name }}", when: false}
_tasks:
  - - "{{ _copier_python }}"
    - -B
    - "{{ _copier_conf.src_path }}/generator/weave_task.py"
    - --application
    - "{{ application }}"
    - --operation
    - "{{ _copier_operation }}"
"""
EDITS = """\
version: 1
edits:
  - edit: export
    file: src/acme/sources/__init__.py
    module: .{{ name }}
    name: {{ class_name }}
"""


def _run(*command, cwd):
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _git(folder, *arguments):
    who = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
    return _run("git", *who, *arguments, cwd=folder)


def _copier(project, *arguments):
    command = [sys.executable, "-m", "copier", *arguments]
    return _run(*command, "--trust", "--defaults", cwd=project)


@pytest.fixture
def template(tmp_path):
    folder = tmp_path / "template"
    ledger = folder / "template/.sourcewright/{{ application }}"
    ledger.mkdir(parents=True)
    (folder / "copier.yml").write_text(COPIER_YML)
    (ledger / "answers.yml.jinja").write_text("{{ _copier_answers|to_nice_yaml }}")
    (ledger / "edits.yml.jinja").write_text(EDITS)
    sources = folder / "template/src/acme/sources"
    sources.mkdir(parents=True)
    (sources / "{{ name }}.py.jinja").write_text("class {{ class_name }}: ...\n")
    ignore = shutil.ignore_patterns("__pycache__", "demo", "services")
    shutil.copytree(GENERATOR, folder / "generator", ignore=ignore)
    _git(folder, "init", "-q")
    _git(folder, "add", "-A")
    _git(folder, "commit", "-qm", "one")
    _git(folder, "tag", "v1.0.0")
    return folder


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    (folder / INIT).parent.mkdir(parents=True)
    (folder / INIT).write_text(GIVEN)
    _git(folder, "init", "-q")
    return folder


def _copy(template, project, name, class_name):
    answers = ["-d", f"name={name}", "-d", f"class_name={class_name}"]
    return _copier(project, "copy", *answers, str(template), ".")


def _answers(name):
    return f".sourcewright/source-{name}/answers.yml"


def test_copier_copy_weaves_and_a_second_time_says_identical(template, project):
    assert f"edit  {INIT}" in _copy(template, project, "postgresql", "PostgreSQL")
    woven = (project / INIT).read_text()
    assert '__all__ = ["PostgreSQL", "Source"]' in woven
    assert "identical" in _copy(template, project, "postgresql", "PostgreSQL")
    assert (project / INIT).read_text() == woven


def test_copier_update_follows_the_template_and_keeps_the_others(template, project):
    _copy(template, project, "postgresql", "PostgreSQL")
    _copy(template, project, "zendesk", "Zendesk")
    _git(project, "add", "-A")
    _git(project, "commit", "-qm", "one")
    edits = template / "template/.sourcewright/{{ application }}/edits.yml.jinja"
    edits.write_text(EDITS.replace("{{ class_name }}", "{{ class_name }}Two"))
    _git(template, "commit", "-qam", "two")
    _git(template, "tag", "v2.0.0")

    told = _copier(project, "update", "-a", _answers("postgresql"))

    # Once: the two temporary copies that Copier makes are left alone.
    assert told.count(f"edit  {INIT}") == 1
    woven = (project / ".sourcewright/source-postgresql/woven.yml").read_text()
    assert "name: PostgreSQLTwo" in woven
    assert (project / INIT).read_text() == (
        '"""Sources."""\n\nfrom .base import Source\n'
        "from .postgresql import PostgreSQLTwo\nfrom .zendesk import Zendesk\n\n"
        '__all__ = ["PostgreSQLTwo", "Source", "Zendesk"]\n'
    )
    changed = _git(project, "status", "--porcelain").split("\n")
    assert not [line for line in changed if "zendesk" in line or ".rej" in line]
    assert "?? " not in "\n".join(changed)


def test_an_update_with_nothing_new_says_identical(template, project):
    _copy(template, project, "postgresql", "PostgreSQL")
    _git(project, "add", "-A")
    _git(project, "commit", "-qm", "one")
    told = _copier(project, "update", "-a", _answers("postgresql"))
    assert "identical" in told
    assert _git(project, "status", "--porcelain") == ""


def test_a_missing_shared_file_is_told_and_copier_goes_on(template, project):
    (project / INIT).unlink()
    told = _copy(template, project, "postgresql", "PostgreSQL")
    assert f"pending  {INIT}: there is no such file" in told
    assert "from .postgresql import PostgreSQL" in told
    assert not (project / INIT).exists()


def test_a_broken_ledger_is_told_and_nothing_is_written(template, project):
    broken = project / ".sourcewright/other/edits.yml"
    broken.parent.mkdir(parents=True)
    broken.write_text("version: 9\n")
    told = _copy(template, project, "postgresql", "PostgreSQL")
    assert "error: this project was made by a newer Sourcewright" in told
    assert "run `sourcewright weave` later" in told
    assert (project / INIT).read_text() == GIVEN


def test_the_task_parses_on_python_3_8():
    ast.parse(TASK.read_text(), feature_version=(3, 8))


def test_an_older_python_is_told_so_and_nothing_fails(tmp_path):
    older = next((found for v in ("3.8", "3.9", "3.10") if (found := _python(v))), None)
    if older is None:
        pytest.skip("this machine has no Python older than 3.11")
    told = _run(older, "-B", str(TASK), "--application", "a", cwd=tmp_path)
    assert "this needs Python 3.11 or newer" in told
    assert "run `sourcewright weave` later" in told


def _python(version):
    pyenv = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    return str(pyenv[0]) if pyenv else shutil.which(f"python{version}")


def test_the_task_needs_only_what_copier_installs(project):
    """Click is not among it: block it, and all that Sourcewright alone depends on."""
    blocked = "import sys; sys.modules['click'] = None; sys.argv[1:] = []; "
    code = f"{blocked}import runpy; runpy.run_path({str(TASK)!r}, run_name='__main__')"
    assert "identical" in _run(sys.executable, "-B", "-c", code, cwd=project)
