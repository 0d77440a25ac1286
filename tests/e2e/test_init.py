"""`sourcewright init`: what it finds, what it asks, what it refuses."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
import pytest
from sourcewright import cli
from sourcewright.errors import SourcewrightError
from sourcewright.reading import adopting, checkers, project
from sourcewright.rendering.answers import Answers
from sourcewright.tree import Tree

from tests import json_output
from tests.e2e.terminal import CLEAR_LINE, ENTER, Terminal
from tests.sweeps import WHOLE

if TYPE_CHECKING:
    from tests.e2e.conftest import Shell

REPOSITORY = Path(__file__).resolve().parents[2]
TREES = REPOSITORY / "tests" / "hosts"
TOOLS = REPOSITORY / "template" / "tools"
PROJECT = '[project]\nname = "acme"\nversion = "1"\n'
POETRY = '[tool.poetry]\nname = "acme"\n[tool.poetry.dependencies]\npython = "^3.9"\n'
MKDOCS = "site_name: x\nplugins: [{mkdocstrings: {}}]\n"


def _look(root: Path, files: dict[str, str], **given: str) -> adopting.Found:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return adopting.look(Tree(root), Answers("project", tuple(given.items())))


def _told(lines: str) -> dict[str, str]:
    return {"pyproject.toml": PROJECT + lines}


def _pytest(paths: object) -> dict[str, str]:
    return _told(f"[tool.pytest.ini_options]\ntestpaths = {json.dumps(paths)}\n")


CODE = {"pyproject.toml": PROJECT, "src/acme/__init__.py": ""}
USUAL = {"package": "acme.connectors", "tests_folder": "tests/acme_connectors"}
PAGES = {"docs_folder": "docs"}
FOUND: list[tuple[dict[str, str], dict[str, Any]]] = [
    (CODE, {"package": "acme.connectors", "source_folder": "src", "tools": {}}),
    (CODE | {"acme/__init__.py": ""}, {"source_folder": "src"}),
    ({"pyproject.toml": POETRY, "acme/__init__.py": ""}, {"metadata": "poetry"}),
    (
        {"pyproject.toml": "[build-system]\n", "setup.cfg": "[options]\n"}
        | {"acme/__init__.py": ""},
        {"metadata": "setup.cfg", "source_folder": "."},
    ),
    (
        {"setup.py": "import setuptools\nsetuptools.setup(name='acme')\n"}
        | {"acme/__init__.py": "", "tests/__init__.py": "", "docs/__init__.py": ""},
        {"metadata": "setup.py", "distribution": "acme", "package": "acme.connectors"},
    ),
    (
        {"pyproject.toml": PROJECT + "[tool.uv.build-backend]\nmodule-root = 'code'\n"}
        | {"code/acme/__init__.py": ""},
        {"source_folder": "code"},
    ),
    (
        CODE | {"src/other/__init__.py": ""},
        {"package": "acme.connectors"},
    ),
    (
        {"pyproject.toml": PROJECT, "src/ns/acme/__init__.py": ""},
        {"package": "ns.acme.connectors", "tests_folder": "tests/ns_acme_connectors"},
    ),
    (
        CODE | {"tests/acme_connectors.py": ""},
        {"tests_folder": "tests/acme_connectors_tests"},
    ),
    (
        CODE | {"pytest.ini": "[pytest]\ntestpaths = checks\n", "checks/a.txt": ""},
        {"tests_folder": "checks/acme_connectors"},
    ),
    (CODE | {"mkdocs.yml": "site_name: x\nplugins: [search]\n"}, {"docs_folder": ""}),
    (CODE | {"mkdocs.yml": MKDOCS}, {"docs_folder": "docs", "navigation": []}),
    (
        CODE | {"mkdocs.yml": f"{MKDOCS}nav:\n  - Home: index.md\n"},
        {"navigation": ["nav"]},
    ),
    (
        CODE | {"mkdocs.yml": f"{MKDOCS}nav: [{{Reference: [a.md]}}]\n"},
        {"navigation": ["nav", "Reference"]},
    ),
    (
        CODE | {"mkdocs.yml": f"{MKDOCS}docs_dir: pages/\nx: !!python/name:a.b\n"},
        {"docs_folder": "pages"},
    ),
    (CODE | {"docs/conf.py": ""}, {"docs_folder": ""}),
    (
        CODE | {"tox.ini": "[flake8]\n", ".flake8": "[flake8]\n"},
        {"tools": {"flake8": "tox.ini"}},
    ),
    (
        CODE | {"mypy.ini": "[mypy]\n", "setup.cfg": "[mypy]\n[isort]\n"},
        {"tools": {"isort": "setup.cfg", "mypy": "mypy.ini"}},
    ),
    (
        CODE | {".pre-commit-config.yaml": "repos:\n- hooks:\n  - id: black\n"},
        {"tools": {"black": "pyproject.toml"}},
    ),
    (
        CODE | {"pyrightconfig.json": "{}", ".pylintrc": ""},
        {"tools": {}},
    ),
    (
        CODE
        | {"pyproject.toml": f"{PROJECT}[tool.sourcewright]\npackage = 'acme.io'\n"},
        {"package": "acme.io", "tests_folder": "tests/acme_io"},
    ),
    (
        CODE | _pytest(["."]) | {"tests/a.py": ""},
        {"tests_folder": "tests/acme_connectors"},
    ),
    (
        CODE | _pytest(["./checks/", "tests"]) | {"checks/a.py": "", "tests/a.py": ""},
        {"tests_folder": "checks/acme_connectors"},
    ),
    (
        CODE | _pytest(["../checks", "/checks", "a\\b"]) | {"checks/a.py": ""},
        {"tests_folder": "tests/acme_connectors"},
    ),
    (
        CODE | _pytest(["src", "src/acme", "tests"]) | {"tests/a.py": ""},
        {"tests_folder": "tests/acme_connectors"},
    ),
    (
        _pytest(["acme", "docs"]) | {"acme/__init__.py": "", "docs/a.md": ""},
        {"source_folder": ".", "tests_folder": "tests/acme_connectors"},
    ),
    (
        _pytest(["acme", "checks"])
        | {"acme/__init__.py": "", "checks/__init__.py": ""},
        {"source_folder": ".", "tests_folder": "checks/acme_connectors"},
    ),
    (
        CODE | _pytest(["spec"]) | {"spec/a.py": ""},
        {"tests_folder": "spec/acme_connectors"},
    ),
    (
        CODE | {"mkdocs.yml": f"{MKDOCS}docs_dir: ./handbook\n"},
        {"docs_folder": "handbook"},
    ),
    (CODE | {"mkdocs.yml": f"{MKDOCS}docs_dir: ../pages\n"}, {"docs_folder": ""}),
    (
        _told("[tool.setuptools.packages.find]\nwhere = ['./code']\n")
        | {"code/acme/__init__.py": ""},
        {"package": "acme.connectors", "source_folder": "code"},
    ),
    (
        _told("[tool.setuptools]\npackage-dir = {'' = 'code'}\n")
        | {"code/ns/acme/__init__.py": ""},
        {"package": "ns.acme.connectors", "source_folder": "code"},
    ),
    (
        {"setup.cfg": "[options]\npackage_dir =\n    = code\n"}
        | {"code/acme/__init__.py": ""},
        {"package": "acme.connectors", "source_folder": "code"},
    ),
    (
        _told("[tool.hatch.build.targets.wheel]\npackages = ['code/acme']\n")
        | {"code/acme/__init__.py": ""},
        {"package": "acme.connectors", "source_folder": "code"},
    ),
    (
        _told("[tool.maturin]\npython-source = 'py'\n") | {"py/acme/__init__.py": ""},
        {"package": "acme.connectors", "source_folder": "py"},
    ),
    (
        {"pyproject.toml": "[project]\nname = 'ns-acme'\n", "ns/acme/__init__.py": ""},
        {"package": "ns.acme.connectors", "source_folder": "."},
    ),
    ({"pyproject.toml": "tool = 'x'\n" + PROJECT, "src/acme/__init__.py": ""}, USUAL),
    (_told("dynamic = 3\n") | {"src/acme/__init__.py": ""}, USUAL),
    (CODE | {"pyproject.toml": "[project]\nname = ['a']\n"}, USUAL),
    (
        CODE | {"pyproject.toml": f"{PROJECT}[tool]\nruff = 3\npoetry.packages = 3\n"},
        USUAL,
    ),
    (CODE | _pytest(3), USUAL),
    (CODE | _pytest([3, ["tests"]]), USUAL),
    (CODE | {"mkdocs.yml": "plugins: [[], {}, x: {}, mkdocstrings]\n"}, PAGES),
    (CODE | {"mkdocs.yml": "plugins: {mkdocstrings: {}, [a]: 1}\n"}, PAGES),
    (CODE | {"mkdocs.yml": "plugins: mkdocstrings\n"}, {"docs_folder": ""}),
]


@pytest.mark.parametrize(("files", "expected"), FOUND)
def test_what_is_there_is_found(
    files: dict[str, str], expected: dict[str, Any], tmp_path: Path
) -> None:
    found = _look(tmp_path, files)
    assert {key: found.values.get(key) for key in expected} == expected
    assert {fact.question for fact in found.facts} == set(found.values)
    assert not found.unknown


UNKNOWN = [
    (CODE | {"pyproject.toml": "[project]\nname = 'x'\n", "src/b/__init__.py": ""}),
    (CODE | {"src/acme/connectors.py": ""}),
    (_told("") | {"code/acme/__init__.py": ""}),
    (_told("") | {"lib/code/acme/__init__.py": ""}),
]


@pytest.mark.parametrize("files", UNKNOWN)
def test_a_place_that_cannot_be_known_is_said_with_what_to_answer(
    files: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = _look(tmp_path, files)
    assert "package" not in found.values
    code = cli.run(["init", "--project", str(tmp_path), "--json"])
    told = json_output.read(capsys.readouterr().out)
    assert (code, told["exit_code"]) == (cli.FIXABLE, cli.FIXABLE)
    assert told["error"]["what"] == found.unknown
    assert f"--set package={found.example}" in told["error"]["next"]
    assert not (tmp_path / ".sourcewright").exists()


REFUSED = [
    ({"README.md": ""}, "no pyproject.toml, setup.cfg or setup.py"),
    ({"pyproject.toml": "[tool.uv.workspace]\nmembers = ['a']\n"}, "no package here"),
    ({"pyproject.toml": PROJECT}, "no folder with an __init__.py"),
    (
        {"pyproject.toml": '[project]\nname = "viadot2"\n'}
        | {"src/viadot/sources/base.py": "class Source: ...\nclass SQL: ...\n"},
        "needs no init",
    ),
    (
        CODE | {"pyproject.toml": f"{PROJECT}[tool.sourcewright]\nfolder = 'x'\n"},
        "a setting that can't be used: folder",
    ),
    (
        CODE | {"pyproject.toml": f"{PROJECT}[tool]\nsourcewright = 3\n"},
        "tool.sourcewright is not a table",
    ),
    (
        CODE | {"pyproject.toml": f"{PROJECT}dependencies = [\n  oops\n"},
        "pyproject.toml is not valid TOML: Invalid value (at line 5, column 3)",
    ),
    (
        {"pyproject.toml": "x =\n", "setup.cfg": "[options]\n", "acme/__init__.py": ""},
        "pyproject.toml is not valid TOML: Invalid value (at line 1, column 4)",
    ),
]


@pytest.mark.parametrize(("files", "why"), REFUSED)
def test_what_has_no_place_for_connectors_is_refused(
    files: dict[str, str], why: str, tmp_path: Path
) -> None:
    with pytest.raises(SourcewrightError, match=re.escape(why)) as caught:
        _look(tmp_path, files)
    assert caught.value.next_step


def test_what_is_answered_is_not_looked_for(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    root = tmp_path / "acme"
    root.mkdir()
    (root / "linked").symlink_to(tmp_path / "elsewhere")
    files = CODE | _pytest(["linked"]) | {"mkdocs.yml": MKDOCS}
    given = {"tests_folder": "checks/ours", "docs_folder": "pages"}
    found = _look(root, files, **given)
    assert given.items() <= found.values.items()
    assert _look(root, files).values["tests_folder"] == "tests/acme_connectors"


def test_a_folder_of_code_that_is_answered_is_no_namespace(tmp_path: Path) -> None:
    files = _told("") | {"code/acme/__init__.py": ""}
    found = _look(tmp_path, files)
    assert "--set source_folder=code" in found.unknown
    again = _look(tmp_path, files, source_folder="code")
    assert (again.values["package"], again.unknown) == ("acme.connectors", "")


@pytest.mark.parametrize(
    "text", ['tool = "x"\n', "[tool]\nruff = 3\n", "[tool.ruff]\nline-length = []\n"]
)
def test_a_line_width_that_is_no_number_says_nothing(text: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    assert project.line_width(Tree(tmp_path)) == 88


def test_a_file_that_is_not_utf_8_is_said(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(b'[project]\nname = "caf\xe9"\n')
    with pytest.raises(
        SourcewrightError, match=r"pyproject\.toml is not UTF-8"
    ) as caught:
        _look(tmp_path, {})
    assert caught.value.where == "pyproject.toml"


NOTED = [
    (CODE | {"pyproject.toml": POETRY, "acme/__init__.py": ""}, "this admits ^3.9"),
    (
        CODE | {"pyrightconfig.json": "{}"},
        (
            "pyrightconfig.json: tell pyright to leave src/acme/connectors and "
            "tests/acme_connectors alone:\n"
            '    "ignore": ["src/acme/connectors", "tests/acme_connectors"]'
        ),
    ),
    (
        CODE | {"../../pyproject.toml": "[tool.black]\n[tool.mypy]\n"},
        (
            "../../pyproject.toml: tell black to leave packages/core/src/acme/"
            "connectors and packages/core/tests/acme_connectors alone:\n"
            "    [tool.black]\n"
            "    force-exclude = '^/(packages/core/src/acme/connectors|"
            "packages/core/tests/acme_connectors)/'"
        ),
    ),
    (
        CODE
        | {"../../tox.ini": "[flake8]\n"}
        | {"pyproject.toml": f"{PROJECT}[tool.mypy]\n", "tox.ini": "[flake8]\n"},
        (
            "../../tox.ini: tell flake8 to leave packages/core/src/acme/connectors "
            "and packages/core/tests/acme_connectors alone"
        ),
    ),
    (
        CODE | {"../../mkdocs.yml": MKDOCS},
        "../../mkdocs.yml is left as it is: no pages are made for it",
    ),
]


@pytest.mark.parametrize(("files", "note"), NOTED)
def test_what_nothing_is_entered_for_is_said(
    files: dict[str, str], note: str, tmp_path: Path
) -> None:
    (tmp_path / "mono" / ".git").mkdir(parents=True)
    root = tmp_path / "mono" / "packages" / "core"
    root.mkdir(parents=True)
    (tmp_path / "setup.cfg").write_text("[mypy]\n", encoding="utf-8")
    notes = _look(root, files).notes
    assert any(note in each for each in notes)
    assert not any("../../../" in each for each in notes)


MYPY = """\
[mypy]
files = packages/core/src
mypy_path = packages/core/src
follow_imports = skip
disallow_any_expr = True
"""
MYPY_IN_TOML = """\
[tool.mypy]
files = ["packages/core/src"]
mypy_path = "packages/core/src"
follow_imports = "skip"
disallow_any_expr = true
"""
PASTED = [
    (".isort.cfg", "[settings]\nforce_single_line = true\n", ("isort", "--check", ".")),
    (
        ".pylintrc",
        "[MAIN]\ndisable = all\nenable = C0301\nmax-line-length = 60\n",
        ("pylint", "src", "tests"),
    ),
    (
        "pylintrc",
        "[MAIN]\ndisable = all\nenable = C0301\nmax-line-length = 60\n",
        ("pylint", "src", "tests"),
    ),
    # At the top of a monorepo, where the tools are run.
    (
        "../../pyproject.toml",
        "[tool.black]\nline-length = 60\n",
        ("black", "--check", "."),
    ),
    ("../../tox.ini", "[flake8]\nmax-line-length = 60\n", ("flake8",)),
    ("../../mypy.ini", MYPY, ("mypy",)),
    ("../../pyproject.toml", MYPY_IN_TOML, ("mypy",)),
]
QUICK = {"black", "flake8", "isort"}
TRIED = [each for each in PASTED if WHOLE or each[2][0] in QUICK]


@pytest.mark.parametrize(("file", "text", "command"), TRIED)
def test_lines_that_are_said_do_what_they_are_said_for(
    file: str,
    text: str,
    command: tuple[str, ...],
    *,
    tmp_path: Path,
    plain_template: Path,
    shell: Shell,
    capsys: pytest.CaptureFixture[str],
) -> None:
    root = tmp_path / "mono" / "packages" / "core"
    settings = (root / file).resolve()
    top = settings.parent
    for path, content in (CODE | {file: text, "tests/__init__.py": ""}).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content, encoding="utf-8")
    shell.said("git", "init", "--quiet", folder=top)
    tool = [str(Path(sys.executable).with_name(command[0])), *command[1:]]
    done = shell.run(*tool, folder=top)
    assert done.returncode == 0, done.stdout
    options = ["--template", str(plain_template), "--json"]
    assert cli.run(["init", "--project", str(root), *options]) == cli.DONE
    # What is found gives 1, and 16 where it is pylint that finds it.
    assert shell.run(*tool, folder=top).returncode in {1, 16}
    notes = json_output.read(capsys.readouterr().out)["notes"]
    said = next(each for each in notes if each.startswith(f"{file}: "))
    lines = [line.removeprefix("    ") for line in said.split("\n")[1:]]
    # Below the section that is there, or a section of their own.
    below = lines[1:] if text.startswith(f"{lines[0]}\n") else ["", *lines]
    settings.write_text("\n".join([text.rstrip(), *below, ""]), "utf-8")
    done = shell.run(*tool, folder=top)
    assert done.returncode == 0, done.stdout


PARTIALS = sorted({*TOOLS.glob("*.jinja")} - {TOOLS / "sourcewright.toml.jinja"})


@pytest.mark.parametrize("partial", PARTIALS, ids=lambda path: path.name)
def test_lines_that_are_said_are_those_that_the_template_enters(partial: Path) -> None:
    tool, suffix, _ = partial.name.split(".")
    answers = {"code": "src/a/b", "tests_folder": "tests/a_b", "package": "a.b"}
    entered = jinja2.Template(partial.read_text("utf-8")).render(answers)
    places = ["src/a/b", "tests/a_b"]
    said = checkers.lines_for(tool, f"settings.{suffix}", places, "a.b")
    assert said == entered.strip()


def test_black_beside_the_code_is_not_sought_further_up(tmp_path: Path) -> None:
    (tmp_path / "mono" / ".git").mkdir(parents=True)
    root = tmp_path / "mono" / "core"
    (root / "src").mkdir(parents=True)
    black = "[tool.black]\n"
    files = {"../pyproject.toml": black, "pyproject.toml": PROJECT + black}
    assert _look(root, CODE | files).notes == ()


def test_what_is_used_is_in_the_plan_and_nothing_is_written(
    tmp_path: Path, plain_template: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = shutil.copytree(TREES / "src_hatch_ruff_mypy", tmp_path / "tariff")
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    options = ["--template", str(plain_template), "--dry-run", "--json"]
    assert cli.run(["init", "--project", str(root), *options]) == cli.DONE
    told = json_output.read(capsys.readouterr().out)
    answers = {each["question"]: each["answer"] for each in told["facts"]}
    assert answers["package"] == "tariff_meter.connectors"
    assert answers["tools"] == "mypy in pyproject.toml"
    assert told["written"] is False
    assert "+++ b/src/tariff_meter/connectors/ruff.toml\n" in told["diff"]
    after = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    assert after == before


def test_a_second_time_everything_is_identical(
    tmp_path: Path, plain_template: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = shutil.copytree(TREES / "src_pdm_single_quotes_mkdocs", tmp_path / "ferry")
    words = ["init", "--project", str(root), "--template", str(plain_template)]
    assert cli.run(words) == cli.DONE
    capsys.readouterr()
    assert cli.run(words) == cli.DONE
    rows = capsys.readouterr().out.splitlines()
    assert {row.split()[0] for row in rows} == {"using", "identical"}
    assert {row.split()[-1] for row in rows if row.split()[0] == "using"} == {
        "answered"
    }


@pytest.mark.parametrize(
    "former",
    [None, b"", b"*.csv text\n", b"*.csv text", b"*.csv text\r\n\r\n"],
    ids=repr,
)
def test_copies_are_marked_as_generated_until_the_project_is_removed(
    tmp_path: Path, plain_template: Path, former: bytes | None
) -> None:
    root = shutil.copytree(TREES / "src_hatch_ruff_mypy", tmp_path / "tariff")
    if former is not None:
        (root / ".gitattributes").write_bytes(former)
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    at, template = ["--project", str(root)], ["--template", str(plain_template)]
    assert cli.run(["init", *at, *template]) == cli.DONE
    copies = {each.parent for each in root.rglob("source.py")}
    assert {each.name for each in copies} == {"runtime"}
    path = copies.pop().relative_to(root) / "sql" / "new.py"
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    ask = ["git", "check-attr", "linguist-generated", "text", "--", str(path), "a.csv"]
    told = subprocess.check_output(ask, cwd=root, text=True).splitlines()
    shutil.rmtree(root / ".git")
    expected = ["set", "unspecified", "unspecified", "set" if former else "unspecified"]
    assert [line.rpartition(": ")[2] for line in told] == expected
    assert cli.run(["remove", "project", *at]) == cli.DONE
    after = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    assert after == before


def test_on_a_terminal_the_place_is_asked_with_what_would_be_taken(
    tmp_path: Path, plain_template: Path, shell: Shell
) -> None:
    root = shutil.copytree(TREES / "several_packages_literate_nav", tmp_path / "quarry")
    program = Path(sys.executable).with_name("sourcewright")
    command: list[str | Path] = [program, "init", "--template", plain_template]
    with Terminal(command, root, shell.environment) as terminal:
        terminal.until("there is more than one package: quarry, quarry_cli.")
        terminal.until(
            "Which package should the connectors be in? [quarry.connectors]: "
        )
        terminal.type(f"{CLEAR_LINE}quarry_cli.feeds{ENTER}")
        assert terminal.ends() == cli.LEFT, terminal.shown
    assert (root / "quarry_cli/feeds/sources/base.py").is_file()
    assert (root / "tests/quarry_cli_feeds/unit").is_dir()


def test_the_files_of_the_project_are_all_in_its_ledger() -> None:
    template = REPOSITORY / "template" / "project"
    listed = (REPOSITORY / "template/kinds/project_files.yml.jinja").read_text("utf-8")
    names = set(
        re.findall(r"'([\w/.-]+\.(?:py|md|toml|yaml|example)(?:\.jinja)?)'", listed)
    )
    there = {
        path.relative_to(folder).as_posix()
        for folder in template.iterdir()
        if folder.name.startswith("{{ ") and folder.is_dir()
        for path in folder.rglob("*")
        if path.is_file()
    }
    only_in_a_new_project = {"py.typed", "index.md.jinja"}
    assert there - names == only_in_a_new_project
