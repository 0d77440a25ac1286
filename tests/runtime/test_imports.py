"""Which modules each part of the runtime may load when it is imported.

Every module is imported in a process of its own, in which an import of anything else on
the list of optional packages fails, as it would if the package weren't installed.
"""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest
import runtime

RUNTIME = Path(runtime.__path__[0])
MODULES = sorted(
    ".".join(path.relative_to(RUNTIME.parent).with_suffix("").parts)
    for path in RUNTIME.rglob("*.py")
    if path.name != "__init__.py"
)

DRIVERS = {
    "adlfs",
    "azure",
    "boto3",
    "botocore",
    "duckdb",
    "fsspec",
    "httpx",
    "mssql_python",
    "oracledb",
    "polars",
    "psycopg2",
    "pymysql",
    "pytest",
}
OPTIONAL = {*DRIVERS, "prefect", "sqlalchemy"}

# Folder -> the optional packages that its modules may load.
MAY_LOAD: dict[str, set[str]] = {
    "": set(),
    "files": set(),
    "prefect": {"prefect", "sqlalchemy", "httpx", "fsspec"},
    "rest": set(),
    "sql": {"sqlalchemy"},
    "tables": set(),
}
# Module -> what it may load of other folders. Its own and the core are allowed anyway.
ACROSS = {"runtime.tables.postgresql": {"runtime.sql", "runtime.sql.copy_binary"}}

# Forks for each module, so that what all of them may load is loaded once.
PROGRAM = """
import importlib, json, multiprocessing, sys

import pandas, pyarrow.parquet, pydantic, yaml

optional, modules = json.load(sys.stdin)


class Refusing:
    def __init__(self, allowed):
        self.refused, self.tried = set(optional) - set(allowed), set()

    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in self.refused:
            self.tried.add(top)
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def load(module, allowed):
    refusing = Refusing(allowed)
    sys.meta_path.insert(0, refusing)
    error = None
    try:
        importlib.import_module(module)
    except ImportError as err:
        error = str(err)
    loaded = [name for name in sys.modules if name.startswith("runtime.")]
    return error, sorted(refusing.tried), loaded


if early := set(optional) & set(sys.modules):
    sys.exit(f"loaded too early: {early}")
with multiprocessing.get_context("fork").Pool(1, maxtasksperchild=1) as pool:
    found = pool.starmap(load, modules.items(), chunksize=1)
json.dump(dict(zip(modules, found)), sys.stdout)
"""


Loaded = dict[str, tuple[str | None, list[str], list[str]]]


def folder(module: str) -> str:
    name = module.split(".")[1:2]
    return name[0] if name and (RUNTIME / name[0]).is_dir() else ""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """Return of each module its error, the optional packages that it tried to load,
    and the modules of the runtime that it loaded.
    """
    modules = {module: sorted(MAY_LOAD[folder(module)]) for module in MODULES}
    home = str(tmp_path_factory.mktemp("home"))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps([sorted(OPTIONAL), modules]),
        env={"HOME": home, "PYTHONPATH": str(RUNTIME.parent)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: Loaded = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("module", MODULES)
def test_importing_a_module_loads_nothing_optional_and_no_other_folder(
    loaded: Loaded, module: str
) -> None:
    error, tried, others = loaded[module]
    assert error is None
    assert tried == []
    elsewhere = {other for other in others if folder(other) not in {"", folder(module)}}
    assert elsewhere <= ACROSS.get(module, set())


def test_every_folder_has_its_row() -> None:
    assert set(MAY_LOAD) == {folder(module) for module in MODULES}


@pytest.mark.parametrize("path", sorted(RUNTIME.rglob("__init__.py")), ids=str)
def test_a_folder_itself_has_only_a_docstring(path: Path) -> None:
    (statement,) = ast.parse(path.read_text(encoding="utf-8")).body
    assert isinstance(statement, ast.Expr)
