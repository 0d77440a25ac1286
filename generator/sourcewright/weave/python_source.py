"""A Python module's text together with its tree, and offsets instead of columns."""

from __future__ import annotations

import ast
import re
import warnings
from functools import lru_cache

from sourcewright.errors import EditRefused

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")


class PythonSource:
    """A parsed module. `tree` is its syntax tree, `text` what it was parsed from."""

    def __init__(self, text: str) -> None:
        """Parse `text`.

        Raises:
            EditRefused: it isn't valid Python.
        """
        self.text = text
        try:
            with warnings.catch_warnings():
                # An invalid escape in the user's file is no concern of ours.
                warnings.simplefilter("ignore")
                self.tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as err:
            what = f"it is not valid Python: {err}"
            raise EditRefused(what) from err
        self._starts = [found.start() for found in _LINE.finditer(text)]

    def _offset(self, line: int, column: int) -> int:
        start = self._starts[line - 1]
        if self.text.isascii():
            return start + column
        # ast counts the bytes of UTF-8.
        end = self._starts[line] if line < len(self._starts) else len(self.text)
        return start + len(self.text[start:end].encode()[:column].decode())

    def span(self, node: ast.stmt | ast.expr | ast.alias) -> tuple[int, int]:
        """Return the offsets of the node's first character and after its last one."""
        if node.end_lineno is None or node.end_col_offset is None:
            message = "a parsed node has an end"
            raise AssertionError(message)
        return (
            self._offset(node.lineno, node.col_offset),
            self._offset(node.end_lineno, node.end_col_offset),
        )


def binds(text: str, name: str) -> bool:
    """Return whether the module has a name of its own, by an import or a definition.

    Raises:
        EditRefused: it isn't valid Python.
    """
    for node in ast.walk(read(text.removeprefix("\ufeff")).tree):
        match node:
            case ast.alias(name=imported, asname=alias) if (alias or imported) == name:
                return True
            case ast.FunctionDef(name=defined) | ast.ClassDef(name=defined) if (
                defined == name
            ):
                return True
            case ast.Name(id=assigned, ctx=ast.Store()) if assigned == name:
                return True
    return False


@lru_cache(maxsize=32)
def read(text: str) -> PythonSource:
    """Parse `text` once, however often it is asked for. Not to be altered."""
    return PythonSource(text)
