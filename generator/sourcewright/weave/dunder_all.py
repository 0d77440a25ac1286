"""The list `__all__` of a Python module: find it, put a name in, take a name out.

Text in, text out: nothing here touches the file system.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from sourcewright.errors import EditRefused
from sourcewright.weave import brackets, order
from sourcewright.weave.brackets import Bracketed
from sourcewright.weave.python_source import PythonSource, read

if TYPE_CHECKING:
    from collections.abc import Iterator

INDENT = "    "


def statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield what runs when the module is imported, also within if, try and with."""
    for node in body:
        yield node
        for field in ("body", "orelse", "finalbody"):
            if isinstance(node, ast.If | ast.Try | ast.With):
                yield from statements(getattr(node, field, []))
        if isinstance(node, ast.Try):
            for handler in node.handlers:
                yield from statements(handler.body)


def _is_all(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "__all__"


def _all_value(node: ast.stmt) -> ast.expr | None:
    """Return what this statement assigns or adds to `__all__`."""
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


def is_used(tree: ast.Module) -> bool:
    """Return whether the module has to do with `__all__` at all."""
    return any(_is_all(node) for node in ast.walk(tree) if isinstance(node, ast.expr))


def listed(tree: ast.Module) -> set[str]:
    """Return every string in what is assigned or added to `__all__`."""
    return {
        node.value
        for statement in statements(tree.body)
        for value in [_all_value(statement)]
        if value is not None
        for node in ast.walk(value)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def _display(value: ast.expr | None) -> ast.List | ast.Tuple | None:
    """Return the list in `[...]`, in `(...)` and in `other.__all__ + [...]`."""
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
        return _display(value.right) or _display(value.left)
    return value if isinstance(value, ast.List | ast.Tuple) else None


def find(tree: ast.Module) -> tuple[ast.stmt, ast.List | ast.Tuple]:
    """Find the one list that `__all__` is made of, at the top level.

    Raises:
        EditRefused: there is none, or more than one assignment.
    """
    assigned: list[tuple[ast.stmt, ast.List | ast.Tuple | None]] = []
    added: list[tuple[ast.stmt, ast.List | ast.Tuple | None]] = []
    for node in tree.body:
        value = _all_value(node)
        if value is not None:
            places = assigned if isinstance(node, ast.Assign | ast.AnnAssign) else added
            places.append((node, _display(value)))
    if len(assigned) > 1:
        what = "__all__ is assigned more than once"
        raise EditRefused(what)
    for node, display in [*assigned, *added]:
        if display is not None:
            return node, display
    what = "__all__ is not a list or a tuple at the top level"
    raise EditRefused(what)


def bracketed(source: PythonSource, display: ast.List | ast.Tuple) -> Bracketed:
    """Return the list's offsets and those of its entries."""
    start, end = source.span(display)
    entries = tuple(source.span(each) for each in display.elts)
    if isinstance(display, ast.Tuple) and source.text[start] != "(":
        return Bracketed(start, end, entries, "", "", is_tuple=True)
    if isinstance(display, ast.Tuple):
        return Bracketed(start, end, entries, "(", ")", is_tuple=True)
    return Bracketed(start, end, entries)


def index_of(display: ast.List | ast.Tuple, name: str) -> int | None:
    """Return the place of `name` in the list; None where it is not in it."""
    for index, each in enumerate(display.elts):
        if isinstance(each, ast.Constant) and each.value == name:
            return index
    return None


def insert(source: PythonSource, name: str, width: int) -> str:
    """Return the text with `name` in the list."""
    display = find(source.tree)[1]
    array = bracketed(source, display)
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


def remove(source: PythonSource, name: str, former: str | None) -> str:
    """Return the text without `name`; with `former` when that is what is left.

    Raises:
        EditRefused: it isn't in the list, or there is a comment beside it.
    """
    display = find(source.tree)[1]
    array = bracketed(source, display)
    index = index_of(display, name)
    if index is None:
        what = f'"{name}" is not in __all__'
        raise EditRefused(what)
    rest = [source.text[start:end] for start, end in array.entries]
    del rest[index]
    if former is not None and _is_list_of(former, rest):
        return source.text[: array.start] + former + source.text[array.end :]
    return brackets.remove(source.text, array, index)


def _is_list_of(former: str, rest: list[str]) -> bool:
    source = read(former)
    match source.tree.body:
        case [ast.Expr(value=ast.List() | ast.Tuple() as display)]:
            spans = map(source.span, display.elts)
            return [source.text[start:end] for start, end in spans] == rest
    return False
