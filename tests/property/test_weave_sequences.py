"""Any sequence of adds and removes of several applications gives the bytes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sourcewright.changes import (
    Dependency,
    Edit,
    Export,
    Item,
    Lines,
    Reference,
    Settings,
)

from tests.sweeps import WHOLE

if TYPE_CHECKING:
    from collections.abc import Callable

INIT = "src/acme/sources/__init__.py"
NAMES = ("postgresql", "azure_data_lake", "mysql", "zendesk", "s3")

INITS = (
    "",
    "\n",
    '"""Sources."""\n',
    '"""Sources."""',
    "# The licence.\n\n",
    "#!/usr/bin/env python\n# -*- coding: utf-8 -*-\n",
    'from .base import Source\n\n__all__ = ["Source"]\n',
    "from .base import Source\n\n__all__ = ('Source',)\n",
    "from .base import Source as Source\nfrom .sql import SQL as SQL\n",
    "from .base import Source  # noqa: F401\n\nX = 1\n",
    "__all__: list[str] = []\n",
    "__all__ = [ ]\n",
    "__all__ = [\n]\n",
    "__all__ = [\n    # none yet\n]\n",
    "__all__ = ()\n",
    "import os\n__all__ = []\n__all__ += ['x']\n",
    "import os\nfrom .b import B\nfrom .a import A\n\n__all__ = ['B', 'A']\n",
    (
        "from __future__ import annotations\n\nfrom typing import TYPE_CHECKING\n\n"
        "if TYPE_CHECKING:\n    from .x import X\n\n"
        '__all__ = ["A_LONG_NAME_OF_A_CONSTANT", "AnotherLongNameOfAClass", "a_name"]\n'
    ),
    (
        "from importlib.util import find_spec\n\nfrom .base import Source\n\n"
        '__all__ = ["Source"]\n\nif find_spec("adlfs"):\n'
        "    from .lake import Lake  # noqa: F401\n\n"
        '    __all__.extend(["Lake"])\n'
    ),
    "X = 1\n__all__ = [\n\t'A',  # first\n\t'Z'  # last\n]\n",
    '__all__ = [\n    "A", "B",\n    "C"]\n',
    "try:\n    from .x import X\nexcept ImportError:\n    X = None\n__all__ = ['X']",
)
TOMLS = (
    '[project]\nname = "acme"\ndependencies = []\n',
    '[project]\nname = "acme"\ndependencies = [ ]',
    '[project]\nname = "acme"\ndependencies = ["a>=1", "z"]\n\n[tool.x]\ny = 1\n',
    (
        '[project]\ndependencies = [\n  # first\n  "a",\n  "z", # last\n]\n'
        "[project.optional-dependencies]\n"
    ),
    (
        "[project]\ndependencies = ['a',\n 'z']\n[project.optional-dependencies]\n"
        "# none\nadls = []\nzz = ['q']\n"
    ),
    '[project]\ndependencies = []\noptional-dependencies.a = ["b"]\n# end\n',
    '[project]\ndependencies = []\n\n[project.scripts]\nx = "y"\n\n\n[build-system]\n',
    '[project]\ndependencies = [\n    "a-distribution-with-a-name>=1",\n    "b"\n]\n',
    '[project]\ndependencies = ["a-distribution-with-a-name>=1", "another-one>2"]\n',
)
YAMLS = (
    "nav:\n  - Home: index.md\n",
    "nav: []\n",
    "nav:\n",
    "nav: ~  # nothing yet\n# end",
    "site_name: x\nnav: [ ]  # none\nplugins:\n- search\n",
    "nav:\n- Z: z.md\n\n- A: a.md\n\n# the end\n",
    "nav:\n  -   B:\n        x: !!python/name:a.b\n  # - C: c.md\n",
    "nav:\n    - B: b.md # why\n    - Y: y.md",
)
PAGES = (
    "",
    "# Tasks\n",
    "# Tasks",
    "# Tasks\n\n::: acme.a\n    options:\n      x: 1\n\n::: acme.z\n",
    "::: b\n::: a\n",
    "```\n::: not.me\n```\n\n::: acme.s3\n\ntext",
)
INIS = (
    "",
    "[flake8]\nignore =\n    E1\n    # why\n    E2\n",
    "[metadata]\nname = acme\n\n[flake8]",
    "[flake8]\n# none yet\n\n[x]\ny: 1\n; end\n\n[options]",
    "[options]\ninstall_requires =\n  aa>=1\n  # why\n  zz\npython_requires = >=3\n",
    "[options]\ninstall_requires =\n\n[x]\n",
)
ENVS = ("", "A=1", "A=1\n", "# head\n\nA=1\n\n\n", "\n")


def _edits(name: str) -> tuple[Edit, ...]:
    cls = name.title().replace("_", "")
    requires = {"s3": "boto3", "mysql": "pymysql", "azure_data_lake": "adlfs"}.get(name)
    return (
        Export(INIT, f".{name}", cls, requires),
        Export(INIT, f".tasks_{name}", f"{name}_to_df"),
        Export(INIT, ".base", f"{name}_base"),
        Dependency("pyproject.toml", f"{name}-driver>=2.1,<3"),
        Dependency("pyproject.toml", f"{name}-extra>=1", name[:5]),
        Dependency("pyproject.toml", f"{name}-sdk>=1", "adls"),
        Dependency("pyproject.toml", "shared>=1"),
        Item("mkdocs.yml", ("nav",), f"{cls}: {name}.md"),
        Item(
            "mkdocs.yml",
            ("nav",),
            f"name: {name}\n\nmore:\n  - 1\n  - text: |\n      x",
        ),
        Reference("page.md", f"acme.{name}"),
        Lines(".env.example", f"# {name}\nACME__{name.upper()}="),
        Settings("pyproject.toml", f'[tool.x]\n{name} = ["{name}"]'),
        Settings("pyproject.toml", f'[[tool.z.list]]\nname = "{name}"\nof = 1'),
        Settings("pyproject.toml", f"[tool.{name}]\na = 1\nb = 'c'"),
        Settings("setup.cfg", f"[flake8]\n{name} = a,b"),
        Settings("setup.cfg", f"[{name}]\na = b"),
        Dependency("setup.cfg", f"{name}-driver>=2.1,<3"),
    )


def _dressed(text: str, dress: str) -> str:
    if "crlf" in dress:
        text = text.replace("\n", "\r\n")
    return "\ufeff" + text if "bom" in dress else text


@settings(
    max_examples=400 if WHOLE else 30,
    derandomize=True,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # shrinking takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    init=st.sampled_from(INITS),
    toml=st.sampled_from(TOMLS),
    nav=st.sampled_from(YAMLS),
    page=st.sampled_from(PAGES),
    env=st.sampled_from(ENVS),
    ini=st.sampled_from(INIS),
    dress=st.sampled_from(["", "crlf", "bom", "bom crlf"]),
    steps=st.lists(st.sampled_from(NAMES), min_size=1, max_size=8),
    last=st.permutations(NAMES),
    partly=st.sets(st.integers(0, 16), max_size=5),
)
def test_any_sequence_of_adds_and_removes_gives_the_bytes_back(
    *,
    project_of: Callable[..., Any],
    init: str,
    toml: str,
    nav: str,
    page: str,
    env: str,
    ini: str,
    dress: str,
    steps: list[str],
    last: list[str],
    partly: set[int],
) -> None:
    given = {
        INIT: _dressed(init, dress),
        "pyproject.toml": _dressed(toml, dress.replace("bom", "")),
        "mkdocs.yml": _dressed(nav, dress),
        "page.md": _dressed(page, dress),
        ".env.example": _dressed(env, dress),
        "setup.cfg": _dressed(ini, dress),
    }
    project = project_of(dict(given))
    for name in steps:
        if name in project.asked:
            project.leave(name)
        else:
            kept = [e for i, e in enumerate(_edits(name)) if i not in partly]
            project.ask(name, *kept)
        assert project.weave().changes == ()
    for name in last:
        if name in project.asked:
            project.leave(name)
    assert project.texts == given
    assert project.woven == {}
