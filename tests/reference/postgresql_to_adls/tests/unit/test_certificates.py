from pathlib import Path
import ssl

import pytest

from acme.certificates import (
    reason_for_distrust,
)
from acme.exceptions import (
    CredentialError,
)
from acme.sources.authentication import (
    NoAuthentication,
)
from acme.sources.rest_api import REST


class Api(REST):
    credentials_model = NoAuthentication


def test_a_file_of_certificates_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CredentialError, match=r"ca_file: .*No such file"):
        Api(credentials={"ca_file": str(tmp_path / "ca.pem")})


def test_a_file_without_certificates_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_text("no certificate\n", encoding="utf-8")
    with pytest.raises(CredentialError, match=r"ca_file: .*no certificates in PEM"):
        Api(credentials={"ca_file": str(path)})


@pytest.mark.parametrize("error", [OSError("refused"), ssl.SSLEOFError(8, "EOF")])
def test_what_says_nothing_of_a_certificate_is_no_distrust(error: Exception) -> None:
    assert reason_for_distrust(error) == ""
