"""What is asked of every dialect's types, on a real database."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, ClassVar, Protocol

import pytest
from runtime.exceptions import UnsupportedTypeError
from runtime.sql.database import Database


@dataclass(frozen=True)
class Case:
    """A column of one type, and a value in it.

    Attributes:
        type_name: As in CREATE TABLE.
        value: As in SQL.
        arrow: As PyArrow names the type.
        said: An expression for the text that the database itself writes.
        empty: The Arrow type without rows, if it is another.
    """

    type_name: str
    value: str
    arrow: str
    said: str = "{}"
    empty: str = ""


@dataclass(frozen=True)
class Refused:
    """A value that is refused, and a cast by which it arrives.

    Attributes:
        told: The cast that the message proposes, if it is another.
    """

    type_name: str
    value: str
    cast: str
    told: str = ""


# The texts that databases write, too.
TEXTS: dict[type, Callable[[Any], str]] = {
    Decimal: lambda value: f"{value:f}",
    bool: lambda value: str(int(value)),
    bytes: lambda value: value.hex().upper(),
    date: lambda value: value.isoformat(),
    datetime: lambda value: f"{value:%Y-%m-%d %H:%M:%S.%f}",
    str: lambda value: value.encode().hex().upper(),
    time: lambda value: f"{value:%H:%M:%S.%f}",
}


class Tables(Protocol):
    """A database with the tables of `TypeContract.script`."""

    @property
    def source(self) -> Database:
        """The connector."""

    def said(self, query: str) -> str:
        """Return the one text that a query returns, by another way than ours."""


class TypeContract:
    """A value is what the database itself says, or it is refused."""

    cases: ClassVar[Sequence[Case]]
    refused: ClassVar[Sequence[Refused]]
    text: ClassVar[str] = "CAST({} AS TEXT)"  # of any expression
    quoted: ClassVar[str] = '"value"'

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        tables: dict[str, Sequence[Case | Refused]]
        tables = {"case": self.cases, "refusal": self.refused}
        for name in tables.keys() & {*metafunc.fixturenames}:
            ids = [f"{each.type_name} {each.value:.20}" for each in tables[name]]
            metafunc.parametrize(name, tables[name], ids=ids)

    @classmethod
    def tried(cls) -> list[Case | Refused]:
        """Return the cases that have a table."""
        return [*cls.cases, *cls.refused]

    @classmethod
    def table(cls, case: Case | Refused) -> str:
        """Return the name of a case's table: two rows, with NULL and its value."""
        return f"t{cls.tried().index(case)}"

    @classmethod
    def script(cls) -> str:
        """Return the statements that make the tables."""
        return "\n".join(
            f"CREATE TABLE {cls.table(case)} (id INTEGER, value {case.type_name});\n"
            f"INSERT INTO {cls.table(case)} VALUES (0, NULL), (1, {case.value});"
            for case in cls.tried()
        )

    def test_a_value_is_what_the_database_says_it_is(
        self, database: Tables, case: Case
    ) -> None:
        table = self.table(case)
        found = database.source.to_arrow(f"SELECT value FROM {table} ORDER BY id")
        assert str(found.schema.field("value").type) == case.arrow
        null, value = found.column("value").to_pylist()
        assert null is None
        expression = self.text.format(case.said.format("value"))
        said = database.said(f"SELECT {expression} FROM {table} WHERE id = 1")
        if case.arrow in {"float", "double"}:
            assert repr(value) == repr(float(said))
        else:
            assert TEXTS.get(type(value), repr)(value) == said
        empty = database.source.to_arrow(f"SELECT value FROM {table} WHERE 1 = 0")
        kind = str(empty.schema.field("value").type)
        assert kind == (case.empty or case.arrow)

    def test_an_unsupported_value_names_its_column_and_a_cast(
        self, database: Tables, refusal: Refused
    ) -> None:
        table = self.table(refusal)
        with pytest.raises(UnsupportedTypeError, match="'value'") as caught:
            database.source.to_arrow(f"SELECT value FROM {table}")
        told = (refusal.told or refusal.cast).format(self.quoted)
        assert told in str(caught.value)
        cast = refusal.cast.format("value")
        found = database.source.to_arrow(f"SELECT {cast} AS value FROM {table}")
        assert found.num_rows == 2
