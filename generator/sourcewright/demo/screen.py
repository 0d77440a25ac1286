"""Show what the demo does: steps with their times, on a terminal or in a log."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.status import Status
from rich.table import Table
from rich.text import Text
from rich.tree import Tree


class Step:
    """A step that is under way."""

    def __init__(self, screen: "Screen", title: str, status: Status | None) -> None:
        """Remember where to show it."""
        self.result = ""
        self._screen = screen
        self._title = title
        self._status = status

    def progress(self, text: str) -> None:
        """Show how far the step is."""
        if self._status is not None:
            self._status.update(Text(f"{self._title}: {text}"))
        else:
            self._screen.line(f"    {text}")


class Screen:
    """The demo's output. Times are kept for the table at the end."""

    def __init__(self, console: Console) -> None:
        """Write to `console`; a spinner is shown only where it is a terminal."""
        self._console = console
        self._times: list[tuple[str, float]] = []

    def line(self, text: str = "", style: str = "") -> None:
        """Show a line as it is."""
        self._console.print(Text(text, style=style), soft_wrap=True)

    def command(self, words: str) -> None:
        """Show a command as somebody would type it."""
        self.line(f"    $ {words}", style="cyan")

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Time a step and show its end, with what the block puts into `result`."""
        begun = time.perf_counter()
        if self._console.is_terminal:
            with self._console.status(Text(title)) as status:
                step = Step(self, title, status)
                yield step
        else:
            self.line(f"... {title}")
            step = Step(self, title, None)
            yield step
        seconds = time.perf_counter() - begun
        self._times.append((title, seconds))
        result = f": {step.result}" if step.result else ""
        self.line(f" ok {title}{result} ({seconds:.1f} s)", style="green")

    def tree(self, folder: Path, name: str) -> None:
        """Show every file below `folder`."""
        root = Tree(Text(name + "/"), guide_style="dim")
        branches = {folder: root}
        for path in sorted(folder.rglob("*"), key=_folders_first):
            text = Text(path.name + "/" if path.is_dir() else path.name)
            branches[path] = branches[path.parent].add(text)
        self._console.print(root)

    def table(self, *headings: str, rows: Sequence[tuple[str, ...]]) -> None:
        """Show rows below headings; what follows the first column stands right."""
        table = Table(*headings, box=None, pad_edge=False, header_style="bold")
        for column in table.columns[1:]:
            column.justify = "right"
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        self._console.print(table)

    def times(self) -> None:
        """Show how long each step took."""
        rows = [(title, f"{seconds:.1f}") for title, seconds in self._times]
        total = sum(seconds for _, seconds in self._times)
        self.table("step", "seconds", rows=[*rows, ("all", f"{total:.1f}")])


def _folders_first(path: Path) -> list[tuple[bool, str]]:
    return [
        *((False, part) for part in path.parts[:-1]),
        (not path.is_dir(), path.name),
    ]
