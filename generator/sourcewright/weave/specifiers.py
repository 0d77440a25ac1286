"""Whether one requirement's versions are all among another's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.version import Version

if TYPE_CHECKING:
    from packaging.requirements import Requirement
    from packaging.specifiers import Specifier

_FROM = {">=", ">", "==", "~="}


def is_within(given: Requirement, wanted: Requirement) -> bool:
    """Return whether whatever `given` admits, `wanted` admits too.

    Told from bounds alone: where that takes more, the answer is no. The names are the
    caller's to compare.
    """
    if given.url or str(given.marker) != str(wanted.marker):
        return False
    if not given.extras >= wanted.extras:
        return False
    return all(
        any(_implies(each, bound) for each in given.specifier)
        for bound in wanted.specifier
    )


def _implies(given: Specifier, bound: Specifier) -> bool:
    """Return whether `given` alone keeps to a bound of the form `>=` or `<`."""
    if given.operator == "===":
        return False
    version = Version(given.version.removesuffix(".*"))
    limit = Version(bound.version)
    if bound.operator == ">=":
        return given.operator in _FROM and version >= limit
    if bound.operator != "<" or version.epoch:
        return False
    if given.operator in {"==", "<="} and not given.version.endswith(".*"):
        return version < limit
    end = _end(given.operator, version)
    return end is not None and end <= limit


def _end(operator: str, version: Version) -> Version | None:
    """Return the first version that is too high for `<`, `~=` or `==x.*`."""
    if operator == "<":
        return version
    release = {"~=": version.release[:-1], "==": version.release}.get(operator)
    if release is None:
        return None
    return Version(".".join(map(str, (*release[:-1], release[-1] + 1))))
