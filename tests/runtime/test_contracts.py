"""Every destination keeps in place the contract that its project gets.

That of the sources is kept in `sql/contract.py`.
"""

from types import SimpleNamespace
from typing import ClassVar

import pytest
from contracts.destination import LiveFileContract, LiveTableContract


class InPlace:
    """A destination among the fixtures, as the contracts' `live`."""

    place: ClassVar[str]

    @pytest.fixture(autouse=True)
    def at(self, request: pytest.FixtureRequest) -> None:
        place = request.getfixturevalue(self.place)
        self.live = SimpleNamespace(
            connect=lambda: place.destination, fresh_target=place.fresh, read=place.read
        )


class TestLake(InPlace, LiveFileContract):
    place = "lake"


class TestStore(InPlace, LiveFileContract):
    place = "store"


class TestFolder(InPlace, LiveFileContract):
    place = "folder"


class TestWarehouse(InPlace, LiveTableContract):
    place = "warehouse"


class TestDatabaseFile(InPlace, LiveTableContract):
    place = "database_file"
