from __future__ import annotations

import pytest
from packaging.requirements import Requirement
from packaging.version import Version
from sourcewright.weave.specifiers import is_within

WITHIN = {
    "a>=3,<4": [
        "a>=3,<4",
        "a>=3.1,<4",
        "a>=3,<3.5",
        "a==3.2",
        "a==3.*",
        "a~=3.1",
        "a>3,<4",
    ],
    "a>=3": ["a>=3", "a>=4", "a==3", "a~=3.0", "a>3,!=5", "a[x]>=3"],
    "a[x]>=3": ["a[x]>=3", "a[x,y]>=3"],
    "a<0.151": ["a<0.151", "a==0.150.*", "a~=0.150.0", "a<=0.150", "a>=0.1,<0.2,<0.15"],
}
BEYOND = {
    "a>=3,<4": ["a", "a>=3", "a<4", "a>=2,<4", "a>=3,<=4", "a==4", "a~=2.9", "a===3.1"],
    "a>=3": [
        "a",
        "a>=2",
        "a<4",
        "a!=2",
        "a==2.*",
        "a @ file:///b",
        "a>=3; python_version<'4'",
    ],
    "a[x]>=3": ["a>=3", "a[y]>=3"],
    "a<0.151": ["a", "a~=0.150", "a<=0.151", "a==0.*", "a==1!0.*"],
}
VERSIONS = [
    "0.1",
    "0.149.9",
    "0.150.3",
    "0.151",
    "0.999",
    "1",
    "2",
    "2.9",
    "3",
    "3.0.1",
]
VERSIONS += ["3.1", "3.2", "3.9.9", "4", "4.1", "5", "2026.1"]


@pytest.mark.parametrize(
    ("wanted", "given"), [(w, g) for w in WITHIN for g in WITHIN[w]]
)
def test_versions_that_are_all_among_others_are_known(wanted: str, given: str) -> None:
    one, other = Requirement(given), Requirement(wanted)
    assert is_within(one, other)
    admitted = [Version(each) for each in VERSIONS if one.specifier.contains(each)]
    assert [each for each in admitted if not other.specifier.contains(each)] == []


@pytest.mark.parametrize(
    ("wanted", "given"), [(w, g) for w in BEYOND for g in BEYOND[w]]
)
def test_what_admits_more_is_not_taken_for_less(wanted: str, given: str) -> None:
    assert not is_within(Requirement(given), Requirement(wanted))
