"""Where the sections and values of an INI text stand, as configparser reads it.

Text in, text out: nothing here touches the file system.
"""

from __future__ import annotations

import configparser
import re
from dataclasses import dataclass

from sourcewright.errors import EditRefused
from sourcewright.weave.splice import line_end, lines

_HEADER = re.compile(r"\[(?P<name>.+)\]")
_COMMENT = ("#", ";")


@dataclass(frozen=True)
class Section:
    """A section: the offsets of its header, and of the line below its last value."""

    name: str
    start: int
    end: int


def loads(text: str) -> dict[str, dict[str, str | None]]:
    """Load INI, as data: the values by section and key.

    Raises:
        EditRefused: it isn't valid INI.
    """
    parser = configparser.RawConfigParser(allow_no_value=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # keys as they are
    try:
        parser.read_string(text)
    except (configparser.Error, AttributeError) as err:
        what = f"it is not valid INI: {str(err).splitlines()[0]}"
        raise EditRefused(what) from err
    return {name: dict(parser.items(name)) for name in parser.sections()}


def sections(text: str) -> list[Section]:
    """Return the sections in their order."""
    found: list[Section] = []
    for start, line in lines(text):
        header = _HEADER.match(line)
        if header:
            found.append(Section(header["name"], start, line_end(text, start)))
        elif found and line.strip() and not line.startswith(_COMMENT):
            last = found[-1]
            found[-1] = Section(last.name, last.start, line_end(text, start))
    return found
