import pickle

import pytest
from runtime import exceptions
from runtime.exceptions import (
    ConnectorError,
    DestinationExistsError,
    FatalError,
    MissingExtraError,
    RetriableError,
)

ERRORS = [
    error
    for error in vars(exceptions).values()
    if isinstance(error, type) and issubclass(error, ConnectorError)
]


def test_an_error_says_what_where_and_what_next() -> None:
    error = ConnectorError("It broke.", "row 3", "fix it.")
    assert str(error) == "It broke. Where: row 3. Next: fix it."
    assert str(ConnectorError("It broke.")) == "It broke."


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_survives_the_way_to_another_process(
    error: type[ConnectorError],
) -> None:
    made = error("It broke.", "row 3", "fix it.")
    again = pickle.loads(pickle.dumps(made))
    assert (type(again), str(again), again.where) == (error, str(made), "row 3")


def test_every_error_but_their_base_is_either_retriable_or_fatal() -> None:
    assert [
        error
        for error in ERRORS
        if issubclass(error, RetriableError) == issubclass(error, FatalError)
    ] == [ConnectorError]


def test_every_error_is_in_the_drawing() -> None:
    drawing = exceptions.__doc__ or ""
    assert [error.__name__ for error in ERRORS if error.__name__ not in drawing] == []


def test_a_missing_extra_is_an_import_error() -> None:
    assert issubclass(MissingExtraError, ImportError)


def test_an_existing_file_is_named() -> None:
    assert "Where: lake/file.csv." in str(DestinationExistsError.at("lake/file.csv"))
