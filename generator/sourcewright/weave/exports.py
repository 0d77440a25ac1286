"""Weave re-exports into a package's `__init__.py`: the import and its `__all__` entry.

Text in, text out: nothing here touches the file system. A name that needs an optional
module is exported in viadot's way, by a block after `__all__`:

    if find_spec("psycopg2"):
        from .postgresql import PostgreSQL  # noqa: F401

        __all__.extend(["PostgreSQL"])
"""

from __future__ import annotations

import ast
import re
import sys
from typing import TYPE_CHECKING

from sourcewright.changes import Export, Import
from sourcewright.errors import EditRefused
from sourcewright.weave import dunder_all, imports, order
from sourcewright.weave.python_source import PythonSource, read
from sourcewright.weave.splice import (
    insert_lines,
    line_end,
    line_start,
    normalized,
    without_lines,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sourcewright.weave.presence import Presence


def needs(edit: Export) -> list[Import]:
    """Return the imports that the entry leans on."""
    if edit.requires is None:
        return []
    return [Import(edit.file, "importlib.util", "find_spec")]


def by_hand(edit: Export | Import) -> str:
    """Write the lines that a person would add."""
    if isinstance(edit, Import):
        return f"from {edit.module} import {edit.name}"
    if edit.requires is not None:
        return _block(edit, '__all__.extend(["{}"])')
    return f'from {edit.module} import {edit.name}\n"{edit.name}" in __all__'


def _block(edit: Export, extend: str | None, width: int = sys.maxsize) -> str:
    line = f"    from {edit.module} import {edit.name}"
    # A formatter doesn't count the comment, and the linter wants it beside the name.
    if len(line) <= width:
        line = f"{line}  # noqa: F401"
    else:
        head = line.removesuffix(edit.name)
        line = f"{head}(\n        {edit.name},  # noqa: F401\n    )"
    block = f'if find_spec("{edit.requires}"):\n{line}'
    return f"{block}\n\n    {extend.format(edit.name)}" if extend else block


def container(text: str, edit: Export | Import) -> str | None:
    """Return the text of the `__all__` that holds the entry."""
    source = read(text)
    if isinstance(edit, Import) or edit.requires or not dunder_all.is_used(source.tree):
        return None
    return dunder_all.bracketed(source, dunder_all.find(source.tree)[1]).text(text)


def _form(source: PythonSource) -> str:
    """Choose how to mark a re-export: as the file's other re-exports are marked."""
    if dunder_all.is_used(source.tree):
        return "plain"
    nearby = [
        node
        for node in source.tree.body
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    aliases = [alias for node in nearby for alias in node.names]
    if any(alias.asname == alias.name for alias in aliases):
        return "as"
    if re.search(r"^\s*# (?:ruff|flake8): noqa", source.text, re.MULTILINE):
        return "plain"
    noted = [
        "# noqa" in source.text[start : line_end(source.text, end)]
        for start, end in map(source.span, nearby)
    ]
    return "noqa" if any(noted) or not noted else "plain"


def presence(text: str, edit: Export | Import) -> Presence:
    """Return whether the name is exported, and whether just as we write it.

    Raises:
        EditRefused: the name is bound to something else, or half of the entry is there.
    """
    source = read(text)
    if isinstance(edit, Import):
        node = imports.find(source, edit.module, edit.name)
        if node is None:
            return "absent"
        return "exact" if imports.is_exact(source, node, edit.name) else "equal"
    bound = _bound(source.tree, edit.name)
    listed = edit.name in dunder_all.listed(source.tree)
    if not bound and not listed:
        return "absent"
    if not bound:
        what = f'"{edit.name}" is in __all__ but not imported'
        raise EditRefused(what)
    last = edit.module.rpartition(".")[2]
    if any(module is None or module.rpartition(".")[2] != last for module in bound):
        what = f"{edit.name} is bound to something else already"
        raise EditRefused(what)
    if not listed and dunder_all.is_used(source.tree):
        what = f'{edit.name} is imported but "{edit.name}" is not in __all__'
        raise EditRefused(what)
    return "exact" if _is_exact(source, edit) else "equal"


def _bound(tree: ast.Module, name: str) -> list[str | None]:
    """Return the modules that `name` is imported from; None for another binding."""
    bound: list[str | None] = []
    for node in dunder_all.statements(tree.body):
        match node:
            case ast.ImportFrom():
                for alias in node.names:
                    if (alias.asname or alias.name) == name:
                        same = alias.name == name
                        bound.append(imports.module_of(node) if same else None)
            case ast.Import():
                roots = [each.asname or each.name.split(".")[0] for each in node.names]
                bound.extend(None for root in roots if root == name)
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                bound.extend([None] if node.name == name else [])
            case ast.Assign() | ast.AnnAssign():
                targets = (
                    node.targets if isinstance(node, ast.Assign) else [node.target]
                )
                bound.extend(
                    None
                    for target in targets
                    for each in ast.walk(target)
                    if isinstance(each, ast.Name) and each.id == name
                )
    return bound


def _is_exact(source: PythonSource, edit: Export) -> bool:
    if edit.requires is not None:
        return _find_block(source, edit) is not None
    node = imports.find(source, edit.module, edit.name)
    if node is None or not imports.is_exact(source, node, edit.name):
        return False
    if not dunder_all.is_used(source.tree):
        return True
    try:
        display = dunder_all.find(source.tree)[1]
    except EditRefused:
        return False
    return dunder_all.index_of(display, edit.name) is not None


def insert(text: str, edit: Export | Import, width: int) -> str:
    """Return the text with the entry in its place.

    Raises:
        EditRefused: `__all__` has a shape that we don't know.
    """
    source = read(text)
    if isinstance(edit, Import):
        return imports.insert(source, imports.Wanted(edit.module, edit.name), width)
    if edit.requires is not None:
        return _insert_block(source, edit, width)
    wanted = imports.Wanted(edit.module, edit.name, _form(source))
    if not dunder_all.is_used(source.tree):
        return imports.insert(source, wanted, width)
    source = read(dunder_all.insert(source, edit.name, width))
    return imports.insert(source, wanted, width)


def _extend(source: PythonSource) -> str | None:
    """Return the statement that adds a name to this module's `__all__`."""
    if not dunder_all.is_used(source.tree):
        return None
    display = dunder_all.find(source.tree)[1]
    return (
        '__all__ += ("{}",)'
        if isinstance(display, ast.Tuple)
        else ('__all__.extend(["{}"])')
    )


def _guards(source: PythonSource) -> list[tuple[str, ast.If]]:
    """Return the blocks `if find_spec("x"):` at the top level, by their module."""
    found = []
    for node in source.tree.body:
        match node:
            case ast.If(
                test=ast.Call(
                    func=ast.Name(id="find_spec"), args=[ast.Constant(value=str(name))]
                )
            ):
                found.append((name, node))
    return found


def _insert_block(source: PythonSource, edit: Export, width: int) -> str:
    block = _block(edit, _extend(source), width)
    guards = _guards(source)
    if not guards:
        body = source.tree.body
        heads = [n for n in body if isinstance(n, ast.Import | ast.ImportFrom)]
        after = (
            dunder_all.find(source.tree)[0] if dunder_all.is_used(source.tree) else None
        )
        if after is None and not heads:
            return imports.insert_first(source, block)
        node: ast.stmt = after or heads[-1]
    else:
        names = [name for name, _ in guards]
        index = order.position(names, edit.requires or "", [order.plain])
        if index == 0:
            at = line_start(source.text, source.span(guards[0][1])[0])
            return insert_lines(source.text, at, f"{block}\n")
        node = guards[index - 1][1]
    at = line_end(source.text, source.span(node)[1])
    return insert_lines(source.text, at, f"\n{block}")


def _find_block(source: PythonSource, edit: Export) -> tuple[int, int] | None:
    """Find the block as we write it; its lines' offsets."""
    for name, node in _guards(source):
        start, end = source.span(node)
        start, end = line_start(source.text, start), line_end(source.text, end)
        own = normalized(source.text[start:end]).rstrip("\n")
        known = (None, '__all__.extend(["{}"])', '__all__ += ("{}",)')
        if name == edit.requires and own in {
            _block(edit, each, width) for each in known for width in (0, sys.maxsize)
        }:
            return start, end
    return None


def removals(text: str, edit: Export | Import, former: str | None) -> Iterator[str]:
    """Yield the texts without the entry, the likeliest first."""
    source = read(text)
    if isinstance(edit, Import):
        yield from imports.removals(source, edit.module, edit.name)
        return
    if edit.requires is not None:
        block = _find_block(source, edit)
        if block:
            yield from without_lines(text, *block)
        return
    if dunder_all.is_used(source.tree):
        source = read(dunder_all.remove(source, edit.name, former))
    yield from imports.removals(source, edit.module, edit.name)


def adds(before: str, after: str, edit: Export | Import) -> bool:
    """Prove that `after` means what `before` means, and the entry, and nothing more."""
    old, new = read(before), PythonSource(after)
    module, name = edit.module, edit.name
    if isinstance(edit, Export) and edit.requires is not None:
        spans = [new.span(node)[0] for _, node in _guards(new)]
        block = _find_block(new, edit)
        if block is None or block[0] not in spans:
            return False
        new.tree.body = [
            node for node in new.tree.body if new.span(node)[0] != block[0]
        ]
        return ast.dump(old.tree) == ast.dump(new.tree)
    node = imports.find(new, module, name)
    if node is None:
        return False
    node.names = [alias for alias in node.names if alias.name != name]
    if not node.names:
        new.tree.body.remove(node)
    if isinstance(edit, Export) and dunder_all.is_used(new.tree):
        display = dunder_all.find(new.tree)[1]
        index = dunder_all.index_of(display, name)
        if index is None:
            return False
        del display.elts[index]
    return ast.dump(old.tree) == ast.dump(new.tree)
