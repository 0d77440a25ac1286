import ssl
from pathlib import Path

import pytest
import trustme
from pydantic import TypeAdapter, ValidationError
from runtime.tls import CaFile, reason_for_distrust

FILE = TypeAdapter(CaFile)


def test_a_file_of_certificates_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(path)
    assert FILE.validate_python(str(path)) == str(path)


def test_a_missing_file_of_certificates_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="No such file"):
        FILE.validate_python(str(tmp_path / "ca.pem"))


def test_a_file_without_certificates_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_text("no certificate\n", encoding="utf-8")
    with pytest.raises(ValidationError, match="no certificates in PEM"):
        FILE.validate_python(str(path))


def test_the_reason_for_distrust_is_that_of_openssl() -> None:
    client, server = (
        ssl.create_default_context(),
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER),
    )
    trustme.CA().issue_cert("localhost").configure_cert(server)
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    asking = client.wrap_bio(to_client, to_server, server_hostname="localhost")
    answering = server.wrap_bio(to_server, to_client, server_side=True)
    for end in (asking, answering):
        with pytest.raises(ssl.SSLWantReadError):
            end.do_handshake()
    with pytest.raises(ssl.SSLCertVerificationError) as caught:
        asking.do_handshake()
    reason = reason_for_distrust(OSError(f"Cannot connect: {caught.value}"))
    assert reason == "unable to get local issuer certificate"


@pytest.mark.parametrize("error", [OSError("refused"), ssl.SSLEOFError(8, "EOF")])
def test_another_error_is_no_distrust(error: Exception) -> None:
    assert reason_for_distrust(error) == ""
