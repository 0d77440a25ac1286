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
from typing import TYPE_CHECKING

from sourcewright.changes import Export, Import
from sourcewright.errors import EditRefused
from sourcewright.weave import brackets, imports, order
from sourcewright.weave.brackets import Bracketed
from sourcewright.weave.python_source import PythonSource
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

INDENT = "    "


def needs(edit: Export) -> list[Import]:
    """Give the imports that the entry leans on."""
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


def _block(edit: Export, extend: str | None) -> str:
    block = (
        f'if find_spec("{edit.requires}"):\n'
        f"{INDENT}from {edit.module} import {edit.name}  # noqa: F401"
    )
    return f"{block}\n\n{INDENT}{extend.format(edit.name)}" if extend else block


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield what runs when the module is imported, also within if, try and with."""
    for node in body:
        yield node
        for field in ("body", "orelse", "finalbody"):
            if isinstance(node, ast.If | ast.Try | ast.With):
                yield from _statements(getattr(node, field, []))
        if isinstance(node, ast.Try):
            for handler in node.handlers:
                yield from _statements(handler.body)


def _is_all(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "__all__"


def _all_value(node: ast.stmt) -> ast.expr | None:
    """Give what this statement assigns or adds to `__all__`."""
    match node:
        case ast.Assign(targets=[target], value=value) if _is_all(target):
            return value
        case ast.AnnAssign(target=target, value=value) if _is_all(target):
            return value
        case ast.AugAssign(target=target, op=ast.Add(), value=value) if _is_all(target):
            return value
        case ast.Expr(
            value=ast.Call(
                func=ast.Attribute(value=target, attr="extend" | "append"),
                args=[value],
            )
        ) if _is_all(target):
            return value
    return None


def _names_all(tree: ast.Module) -> bool:
    return any(_is_all(node) for node in ast.walk(tree) if isinstance(node, ast.expr))


def _listed(tree: ast.Module) -> set[str]:
    """Give every string in what is assigned or added to `__all__`."""
    return {
        node.value
        for statement in _statements(tree.body)
        for value in [_all_value(statement)]
        if value is not None
        for node in ast.walk(value)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def _display(value: ast.expr | None) -> ast.List | ast.Tuple | None:
    """Give the list in `[...]`, in `(...)` and in `other.__all__ + [...]`."""
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
        return _display(value.right) or _display(value.left)
    return value if isinstance(value, ast.List | ast.Tuple) else None


def _all_list(tree: ast.Module) -> tuple[ast.stmt, ast.List | ast.Tuple]:
    """Find the one list that `__all__` is made of, at the top level.

    Raises:
        EditRefused: there is none, or more than one assignment.
    """
    assigned: list[tuple[ast.stmt, ast.List | ast.Tuple | None]] = []
    added: list[tuple[ast.stmt, ast.List | ast.Tuple | None]] = []
    for node in tree.body:
        value = _all_value(node)
        if value is not None:
            kind = assigned if isinstance(node, ast.Assign | ast.AnnAssign) else added
            kind.append((node, _display(value)))
    if len(assigned) > 1:
        what = "__all__ is assigned more than once"
        raise EditRefused(what)
    for node, display in [*assigned, *added]:
        if display is not None:
            return node, display
    what = "__all__ is not a list or a tuple at the top level"
    raise EditRefused(what)


def _bracketed(source: PythonSource, display: ast.List | ast.Tuple) -> Bracketed:
    start, end = source.span(display)
    entries = tuple(source.span(each) for each in display.elts)
    if isinstance(display, ast.Tuple) and not source.text[start] == "(":
        return Bracketed(start, end, entries, "", "")
    pair = ("(", ")") if isinstance(display, ast.Tuple) else ("[", "]")
    return Bracketed(start, end, entries, *pair)


def container(text: str, edit: Export | Import) -> str | None:
    """Give the text of the `__all__` that holds the entry."""
    source = PythonSource(text)
    if isinstance(edit, Import) or edit.requires or not _names_all(source.tree):
        return None
    return _bracketed(source, _all_list(source.tree)[1]).text(text)


def _form(source: PythonSource) -> str:
    """Choose how to mark a re-export: as the file's other re-exports are marked."""
    if _names_all(source.tree):
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
    """Tell whether the name is exported, and whether just as we write it.

    Raises:
        EditRefused: the name is bound to something else, or half of the entry is there.
    """
    source = PythonSource(text)
    if isinstance(edit, Import):
        node = imports.find(source, edit.module, edit.name)
        if node is None:
            return "absent"
        return "exact" if imports.is_exact(source, node, edit.name) else "equal"
    bound = _bound(source.tree, edit.name)
    listed = edit.name in _listed(source.tree)
    if not bound and not listed:
        return "absent"
    if not bound:
        what = f'"{edit.name}" is in __all__ but not imported'
        raise EditRefused(what)
    last = edit.module.rpartition(".")[2]
    if any(module is None or module.rpartition(".")[2] != last for module in bound):
        what = f"{edit.name} is bound to something else already"
        raise EditRefused(what)
    if not listed and _names_all(source.tree):
        what = f'{edit.name} is imported but "{edit.name}" is not in __all__'
        raise EditRefused(what)
    return "exact" if _is_exact(source, edit) else "equal"


def _bound(tree: ast.Module, name: str) -> list[str | None]:
    """Give the modules that `name` is imported from; None for anything but an import."""
    bound: list[str | None] = []
    for node in _statements(tree.body):
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
    if not _names_all(source.tree):
        return True
    try:
        display = _all_list(source.tree)[1]
    except EditRefused:
        return False
    return _index_of(display, edit.name) is not None


def _index_of(display: ast.List | ast.Tuple, name: str) -> int | None:
    for index, each in enumerate(display.elts):
        if isinstance(each, ast.Constant) and each.value == name:
            return index
    return None


def insert(text: str, edit: Export | Import, width: int) -> str:
    """Give the text with the entry in its place.

    Raises:
        EditRefused: `__all__` has a shape that we don't know.
    """
    source = PythonSource(text)
    if isinstance(edit, Import):
        return imports.insert(source, imports.Wanted(edit.module, edit.name), width)
    if edit.requires is not None:
        return _insert_block(source, edit)
    wanted = imports.Wanted(edit.module, edit.name, _form(source))
    if not _names_all(source.tree):
        return imports.insert(source, wanted, width)
    source = PythonSource(_list_name(source, edit.name, width))
    return imports.insert(source, wanted, width)


def _list_name(source: PythonSource, name: str, width: int) -> str:
    display = _all_list(source.tree)[1]
    array = _bracketed(source, display)
    names = [
        each.value
        for each in display.elts
        if isinstance(each, ast.Constant) and isinstance(each.value, str)
    ]
    index = len(display.elts)
    if len(names) == len(display.elts):
        orders = [order.isort_style, order.plain, order.casefold]
        index = order.position(names, name, orders)
    quoted = [source.text[start : start + 1] for start, _ in array.entries]
    quote = "'" if quoted and all(each == "'" for each in quoted) else '"'
    entry = f"{quote}{name}{quote}"
    return brackets.insert(source.text, array, index, entry, width=width, indent=INDENT)


def _extend(source: PythonSource) -> str | None:
    """Give the statement that adds a name to this module's `__all__`."""
    if not _names_all(source.tree):
        return None
    display = _all_list(source.tree)[1]
    return (
        '__all__ += ("{}",)'
        if isinstance(display, ast.Tuple)
        else ('__all__.extend(["{}"])')
    )


def _guards(source: PythonSource) -> list[tuple[str, ast.If]]:
    """Give the blocks `if find_spec("x"):` at the top level, by their module."""
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


def _insert_block(source: PythonSource, edit: Export) -> str:
    block = _block(edit, _extend(source))
    guards = _guards(source)
    if not guards:
        body = source.tree.body
        heads = [n for n in body if isinstance(n, ast.Import | ast.ImportFrom)]
        after = _all_list(source.tree)[0] if _names_all(source.tree) else None
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
        if name == edit.requires and own in {_block(edit, each) for each in known}:
            return start, end
    return None


def removals(text: str, edit: Export | Import, former: str | None) -> Iterator[str]:
    """Yield the texts without the entry, the likeliest first."""
    source = PythonSource(text)
    if isinstance(edit, Import):
        yield from imports.removals(source, edit.module, edit.name)
        return
    if edit.requires is not None:
        block = _find_block(source, edit)
        if block:
            yield from without_lines(text, *block)
        return
    if _names_all(source.tree):
        source = PythonSource(_unlist_name(source, edit.name, former))
    yield from imports.removals(source, edit.module, edit.name)


def _unlist_name(source: PythonSource, name: str, former: str | None) -> str:
    display = _all_list(source.tree)[1]
    array = _bracketed(source, display)
    index = _index_of(display, name)
    if index is None:
        what = f'"{name}" is not in __all__'
        raise EditRefused(what)
    rest = [source.text[start:end] for start, end in array.entries]
    del rest[index]
    if former is not None and _is_list_of(former, rest):
        return source.text[: array.start] + former + source.text[array.end :]
    return brackets.remove(source.text, array, index)


def _is_list_of(former: str, rest: list[str]) -> bool:
    source = PythonSource(former)
    match source.tree.body:
        case [ast.Expr(value=ast.List() | ast.Tuple() as display)]:
            spans = map(source.span, display.elts)
            return [source.text[start:end] for start, end in spans] == rest
    return False


def adds(before: str, after: str, edit: Export | Import) -> bool:
    """Prove that `after` means what `before` means, and the entry, and nothing more."""
    old, new = PythonSource(before), PythonSource(after)
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
    if isinstance(edit, Export) and _names_all(new.tree):
        display = _all_list(new.tree)[1]
        index = _index_of(display, name)
        if index is None:
            return False
        del display.elts[index]
    return ast.dump(old.tree) == ast.dump(new.tree)
