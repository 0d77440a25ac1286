"""Place import statements as ruff's isort would, and take them out.

Text in, text out: nothing here touches the file system.
"""

from __future__ import annotations

import ast
import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sourcewright.errors import EditRefused
from sourcewright.weave import brackets, order
from sourcewright.weave.brackets import Bracketed
from sourcewright.weave.splice import (
    content_end,
    insert_lines,
    line_end,
    line_start,
    normalized,
    without_lines,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sourcewright.weave.python_source import PythonSource

FUTURE, STANDARD, OTHER, RELATIVE = range(4)


@dataclass(frozen=True)
class Wanted:
    """An import statement to place: `from <module> import <name>`, and its form."""

    module: str
    name: str
    form: str = "plain"  # or "as": `X as X`; or "noqa": it ends with that comment

    def lines(self, width: int) -> str:
        r"""Write the statement, in parentheses where it would pass `width`."""
        name = f"{self.name} as {self.name}" if self.form == "as" else self.name
        note = "  # noqa: F401" if self.form == "noqa" else ""
        line = f"from {self.module} import {name}"
        if len(line) <= width:
            return line + note
        return f"from {self.module} import ({note}\n    {name},\n)"


def module_of(node: ast.ImportFrom) -> str:
    """Write the module as the statement does, with its leading dots."""
    return "." * node.level + (node.module or "")


def _section(module: str) -> int:
    if module.startswith("."):
        return RELATIVE
    root = module.partition(".")[0]
    if root == "__future__":
        return FUTURE
    return STANDARD if root in sys.stdlib_module_names else OTHER


def _key(module: str, names: list[str]) -> order.Key:
    bare = module.lstrip(".")
    return (
        len(bare) - len(module),  # the furthest first
        order.natural(bare.lower()),
        order.natural(bare),
        [order.member_style(name) for name in names],
    )


def _described(node: ast.Import | ast.ImportFrom) -> tuple[int, bool, order.Key]:
    """Return section, whether it is a from-import, and the key within those."""
    if isinstance(node, ast.ImportFrom):
        module, is_from = module_of(node), True
        as_only = [each.name for each in node.names] if len(node.names) == 1 else []
    else:
        module, is_from, as_only = node.names[0].name, False, []
    return _section(module), is_from, _key(module, as_only)


def _runs(tree: ast.Module) -> list[list[ast.Import | ast.ImportFrom]]:
    """Return the imports at the top level, in unbroken runs."""
    runs: list[list[ast.Import | ast.ImportFrom]] = [[]]
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            runs[-1].append(node)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def find(source: PythonSource, module: str, name: str) -> ast.ImportFrom | None:
    """Find the statement at the top level that imports `name` from `module`."""
    for node in source.tree.body:
        if isinstance(node, ast.ImportFrom) and module_of(node) == module:
            for alias in node.names:
                if alias.name == name and alias.asname in {None, name}:
                    return node
    return None


def _bracketed(source: PythonSource, node: ast.ImportFrom) -> Bracketed:
    entries = tuple(source.span(alias) for alias in node.names)
    start, end = source.span(node)
    keyword = re.compile(r"\bimport\b").search(source.text, start)
    opening = source.text.find("(", keyword.end() if keyword else start, entries[0][0])
    if opening == -1:
        return Bracketed(entries[0][0], entries[-1][1], entries, "", "")
    return Bracketed(opening, end, entries, "(", ")")


def _alone(source: PythonSource, node: ast.stmt) -> bool:
    """Return whether no other statement shares the lines of `node`."""
    start, end = source.span(node)
    before = source.text[line_start(source.text, start) : start]
    after = source.text[end : content_end(source.text, end)].strip()
    return not before.strip() and (not after or after.startswith("#"))


def insert(source: PythonSource, wanted: Wanted, width: int) -> str:
    """Return the text with the import in its place.

    Raises:
        EditRefused: the place shares its line with another statement.
    """
    merged = _merged(source, wanted, width)
    if merged is not None:
        return merged
    text, section = source.text, _section(wanted.module)
    runs = _runs(source.tree)
    if not runs:
        return insert_first(source, wanted.lines(width))
    run = next(
        (run for run in runs if any(_described(each)[0] == section for each in run)),
        runs[0],
    )
    block = wanted.lines(width)
    same = [each for each in run if _described(each)[0] == section]
    earlier = [each for each in run if _described(each)[0] < section]
    if same:
        index = _index(same, wanted)
        if index:
            return insert_lines(text, _below(source, same[index - 1]), block)
        at = _above(source, same[0])
        # ruff sets a comment between two imports apart.
        apart = "\n" if text.startswith("#", at) else ""
        return insert_lines(text, at, f"{block}{apart}")
    if earlier:
        return insert_lines(text, _below(source, earlier[-1]), f"\n{block}")
    return insert_lines(text, _above(source, run[0]), f"{block}\n")


def _merged(source: PythonSource, wanted: Wanted, width: int) -> str | None:
    """Add the name to a statement that imports from the same module already."""
    if wanted.form == "as":
        return None
    for node in source.tree.body:
        if not isinstance(node, ast.ImportFrom) or module_of(node) != wanted.module:
            continue
        if any(alias.asname or alias.name == "*" for alias in node.names):
            continue
        names = [alias.name for alias in node.names]
        index = order.position(names, wanted.name, [order.member_style, order.plain])
        array = _bracketed(source, node)
        # Without a width: a statement of its own is better than one that is too long.
        text = brackets.insert(
            source.text, array, index, wanted.name, width=10**9, indent="    "
        )
        start = line_start(text, array.start)
        if content_end(text, start) - start <= width or "\n" in array.text(source.text):
            return text
    return None


def _index(same: list[ast.Import | ast.ImportFrom], wanted: Wanted) -> int:
    """Return the place of `wanted` among the statements of its section."""
    described = [_described(each) for each in same]
    key = _key(wanted.module, [wanted.name])
    for keys, own in (
        ([(is_from, key) for _, is_from, key in described], (True, key)),
        ([(False, key) for _, _, key in described], (False, key)),
    ):
        if keys == sorted(keys):
            return sum(each <= own for each in keys)
    return len(same)


def _below(source: PythonSource, node: ast.stmt) -> int:
    if not _alone(source, node):
        what = f"line {node.lineno} holds several statements"
        raise EditRefused(what)
    return line_end(source.text, source.span(node)[1])


def _above(source: PythonSource, node: ast.stmt) -> int:
    """Return the start of the node's line, or of the comments that belong to it."""
    if not _alone(source, node):
        what = f"line {node.lineno} holds several statements"
        raise EditRefused(what)
    own = at = line_start(source.text, source.span(node)[0])
    while at:
        above = line_start(source.text, at - 1)
        if not source.text[above:at].lstrip().startswith("#"):
            return at
        at = above
    # Comments from the very first line on are the file's, not the statement's.
    return own


def insert_first(source: PythonSource, block: str) -> str:
    """Place the first import: below the docstring, else below the first comments."""
    text = source.text
    body = source.tree.body
    if body and ast.get_docstring(source.tree, clean=False) is not None:
        return insert_lines(text, _below(source, body[0]), f"\n{block}")
    at = 0
    while text[at:].startswith("#"):
        at = line_end(text, at)
    if at:
        return insert_lines(text, at, f"\n{block}")
    return insert_lines(text, 0, f"{block}\n" if text.strip() else block)


def is_exact(source: PythonSource, node: ast.ImportFrom, name: str) -> bool:
    """Return whether the statement is as we write it, or one of several names."""
    if len(node.names) > 1:
        return True
    start, end = source.span(node)
    text = normalized(source.text[line_start(source.text, start) :])
    stop = node.lineno + len(normalized(source.text[start:end]).split("\n")) - 1
    rows = text.split("\n")[: stop - node.lineno + 1]
    return "\n".join(rows) in {
        Wanted(module_of(node), name, form).lines(width)
        for form in ("plain", "as", "noqa")
        for width in (0, 10**9)
    }


def removals(source: PythonSource, module: str, name: str) -> Iterator[str]:
    """Yield the texts without the import, the likeliest first."""
    node = find(source, module, name)
    if node is None:
        return
    if len(node.names) > 1:
        index = [alias.name for alias in node.names].index(name)
        yield brackets.remove(source.text, _bracketed(source, node), index)
        return
    start, end = source.span(node)
    yield from without_lines(
        source.text, line_start(source.text, start), line_end(source.text, end)
    )
