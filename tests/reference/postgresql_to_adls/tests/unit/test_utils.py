import pytest

from acme.exceptions import (
    ConnectorError,
    FatalError,
    MissingExtraError,
)
from acme.orchestration.prefect.exceptions import (
    MissingSourceCredentialsError,
)
from acme.utils import (
    require_extra,
    skip_test_on_missing_extra,
)


def test_a_missing_dependency_is_an_import_error_that_names_the_extra() -> None:
    with pytest.raises(ImportError, match=r"pip install .*\[lake\]") as caught:
        require_extra("Lake", module="no_such_module_anywhere", extra="lake")
    assert isinstance(caught.value, MissingExtraError)
    assert isinstance(caught.value, FatalError)


def test_an_installed_dependency_is_no_error() -> None:
    require_extra("Lake", module="json", extra="lake")


def test_a_test_module_without_its_extra_is_skipped() -> None:
    with pytest.raises(pytest.skip.Exception, match="'lake' for source 'Lake'"):
        skip_test_on_missing_extra("Lake", extra="lake")


def test_an_error_says_what_where_and_what_next() -> None:
    error = ConnectorError("It broke.", "row 3", "mend it.")
    assert str(error) == "It broke. Where: row 3. Next: mend it."
    assert str(ConnectorError("It broke.")) == "It broke."


def test_missing_credentials_are_fatal_and_say_what_to_pass() -> None:
    error = MissingSourceCredentialsError(where="lake_to_df")
    assert isinstance(error, FatalError)
    assert "Where: lake_to_df. Next: pass either `config_key` or" in str(error)
