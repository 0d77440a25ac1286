"""Copier for less: YAML is read by libyaml, and templates are compiled once a session.

Of a run's processor time two thirds are Jinja compiling the same few hundred texts, and
of the rest a quarter is PyYAML's own parser at copier.yml. `sitecustomize` beside it
installs it in the commands that tests start.
"""

import hashlib
import marshal
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

FOLDER = "SOURCEWRIGHT_COMPILED_TEMPLATES"


def install() -> None:
    """Keep what Jinja compiles in the folder that the environment names, if any."""
    folder = os.environ.get(FOLDER)
    if not folder:
        return
    _read_by_libyaml()
    import jinja2  # noqa: PLC0415  # slow, for a process that renders nothing

    plain: Any = jinja2.Environment.compile
    known: dict[tuple[Any, ...], Any] = {}

    def kept(what: tuple[Any, ...], compiled: Callable[[], Any]) -> Any:  # noqa: ANN401
        place = Path(folder, hashlib.sha256(repr(what).encode()).hexdigest())
        try:
            return marshal.loads(place.read_bytes())  # noqa: S302  # our own
        except OSError:
            found = compiled()
            mine = place.with_suffix(f".{os.getpid()}")
            mine.write_bytes(marshal.dumps(found))
            mine.replace(place)
            return found

    def compile_once(
        self: Any,  # noqa: ANN401  # as all that follow: what Jinja gives
        source: Any,  # noqa: ANN401
        name: str | None = None,
        filename: str | None = None,
        **options: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        # Copier's tag for one file of many leaves a mark in the environment.
        if "yield" in str(source):
            return plain(self, source, name, filename, **options)
        self.preprocess(source)  # takes that mark away
        flags = (self.trim_blocks, self.lstrip_blocks, self.keep_trailing_newline)
        kind = (type(self).__qualname__, *flags, *sorted(self.extensions))
        what = (str(source), name, *options.items(), *kind)
        if what not in known:
            known[what] = kept(
                what, lambda: plain(self, source, name, filename, **options)
            )
        return known[what]

    jinja2.Environment.compile = compile_once  # type: ignore[assignment, method-assign]


def _read_by_libyaml() -> None:
    plain = yaml.load_all

    def load_all(stream: Any, Loader: Any) -> Any:  # noqa: ANN401, N803  # PyYAML's
        if Loader.__module__ == "copier._template":
            known = {"yaml_constructors": Loader.yaml_constructors}
            Loader = type("Loader", (yaml.CSafeLoader,), known)  # noqa: N806
        return plain(stream, Loader)

    yaml.load_all = load_all
