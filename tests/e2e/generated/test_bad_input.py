"""Bad input to the golden's flow: the error, the retries, and what is left.

All cases run in one process, on real parts. Their secrets are canaries.
"""

import base64
import json
import secrets
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from pyarrow import fs, parquet
from sourcewright.services import Azurite, PostgreSQL, PrefectServer

from tests import canaries
from tests.e2e.generated.parts import (
    HERE,
    connection_string,
    environment,
    postgresql_credentials,
    run,
    write_config,
)

DATABASE = "bad_input"
USER = "bad_input_reader"
CONTAINER = "bad-input"
FORMER = b"the former file, whatever is in it"

GOOD = {
    "adls_path": f"{CONTAINER}/<case>/file.parquet",
    "sql_query": "SELECT number, text FROM orders",
    "postgresql_config_key": "warehouse",
    "adls_config_key": "lake",
}
# How often each function runs: a fatal error once, a retriable one as often as it may.
FATAL_SOURCE = {"flow": 1, "postgresql_to_df": 1}
FATAL_LAKE = {**FATAL_SOURCE, "df_to_adls": 1}
RETRIED_SOURCE = {"flow": 2, "postgresql_to_df": 8}
RETRIED_LAKE = {"flow": 2, "postgresql_to_df": 2, "df_to_adls": 8}


@dataclass(frozen=True)
class Case:
    """One bad input, and what has to be said of it.

    Braces in `where` are filled in with the ports and the paths of the test.
    """

    name: str
    arguments: Mapping[str, str | None]  # these differ from GOOD
    error: str
    what: str
    where: tuple[str, ...]
    next_step: str
    attempts: Mapping[str, int] = field(default_factory=lambda: FATAL_SOURCE)


CASES = [
    Case(
        "no credentials for the source",
        {"postgresql_config_key": None},
        "MissingSourceCredentialsError",
        what="No credentials",
        where=("postgresql_to_df",),
        next_step="`config_key` or `credentials_secret`",
    ),
    Case(
        "no credentials for the destination",
        {"adls_config_key": None},
        "MissingSourceCredentialsError",
        what="No credentials",
        where=("df_to_adls",),
        next_step="`config_key` or `credentials_secret`",
        attempts=FATAL_LAKE,
    ),
    Case(
        "both kinds of credentials for the source",
        {"postgresql_credentials_secret": "warehouse"},
        "CredentialError",
        what="Both are given",
        where=("PostgreSQL",),
        next_step="exactly one",
    ),
    Case(
        "both kinds of credentials for the destination",
        {"adls_credentials_secret": "lake"},
        "CredentialError",
        what="Both are given",
        where=("AzureDataLake",),
        next_step="exactly one",
        attempts=FATAL_LAKE,
    ),
    Case(
        "an unknown config key",
        {"postgresql_config_key": "werehouse"},
        "ConfigError",
        what="'werehouse'",
        where=("{config}", "warehouse"),
        next_step="ACME__WEREHOUSE__",
    ),
    Case(
        "a missing Prefect block",
        {"postgresql_config_key": None, "postgresql_credentials_secret": "no-such"},
        "MissingPrefectBlockError",
        what="no such Prefect block",
        where=("secret/no-such",),
        next_step="create it",
    ),
    Case(
        "a Prefect block without a JSON object",
        {"postgresql_config_key": None, "postgresql_credentials_secret": "no-json"},
        "MissingPrefectBlockError",
        what="no JSON object",
        where=("secret/no-json",),
        next_step="fields of the credentials",
    ),
    Case(
        "a misspelt field in the credentials",
        {"postgresql_config_key": "misspelt"},
        "CredentialError",
        what="pasword",
        where=("'misspelt'",),
        next_step="password",
    ),
    Case(
        "a database that is not there",
        {"postgresql_config_key": "no_database"},
        "FatalError",
        what='database "no_such_database" does not exist',
        where=("127.0.0.1:{port}/no_such_database", "'no_database'"),
        next_step="name of the database",
    ),
    Case(
        "a server that is not there",
        {"postgresql_config_key": "no_server"},
        "SourceUnavailableError",
        what="Connection refused",
        where=("127.0.0.1:{closed_port}/", "'no_server'"),
        next_step="host and port",
        attempts=RETRIED_SOURCE,
    ),
    Case(
        "a table that is not there",
        {"sql_query": "SELECT * FROM no_such_table"},
        "QueryRejectedError",
        what='relation "no_such_table" does not exist',
        where=("127.0.0.1:{port}/" + DATABASE, "'warehouse'"),
        next_step="correct the query",
    ),
    Case(
        "a table that may not be read",
        {"sql_query": "SELECT * FROM salaries"},
        "CredentialError",
        what="permission denied for table salaries",
        where=("127.0.0.1:{port}/" + DATABASE,),
        next_step="right to read",
    ),
    Case(
        "a wrong password",
        {"postgresql_config_key": "wrong_password"},
        "CredentialError",
        what=f'password authentication failed for user "{USER}"',
        where=("127.0.0.1:{port}/" + DATABASE, "'wrong_password'"),
        next_step="user and password",
    ),
    Case(
        "a wrong password in a Prefect block",
        {
            "postgresql_config_key": None,
            "postgresql_credentials_secret": "wrong-password",
        },
        "CredentialError",
        what=f'password authentication failed for user "{USER}"',
        where=("127.0.0.1:{port}/" + DATABASE,),
        next_step="user and password",
    ),
    Case(
        "a lake that is not there",
        {"adls_config_key": "no_lake"},
        "DestinationUnavailableError",
        what="127.0.0.1:{closed_port}",
        where=("{path}", "'no_lake'"),
        next_step="can be reached",
        attempts=RETRIED_LAKE,
    ),
    Case(
        "a container that is not there",
        {"adls_path": "no-such-container/file.parquet"},
        "DestinationRejectedError",
        what="no such container",
        where=("no-such-container/file.parquet", "'lake'"),
        next_step="create the container",
        attempts=FATAL_LAKE,
    ),
    Case(
        "a container's name that can not be",
        {"adls_path": "No_Container/file.parquet"},
        "DestinationRejectedError",
        what="InvalidResourceName",
        where=("No_Container/file.parquet", "'lake'"),
        next_step="error codes",
        attempts=FATAL_LAKE,
    ),
    Case(
        "a path without a container",
        {"adls_path": "file.parquet"},
        "DestinationRejectedError",
        what="no file in a container",
        where=("file.parquet",),
        next_step="<container>/",
        attempts=FATAL_LAKE,
    ),
    Case(
        "a malformed connection string",
        {"adls_config_key": "malformed"},
        "CredentialError",
        what="malformed",
        where=("'malformed'",),
        next_step="copy",
        attempts=FATAL_LAKE,
    ),
    Case(
        "an account key that is no key",
        {"adls_config_key": "no_key"},
        "CredentialError",
        what="refused the credentials",
        where=("{path}", "'no_key'"),
        next_step="check the key",
        attempts=FATAL_LAKE,
    ),
    Case(
        "a wrong account key",
        {"adls_config_key": "wrong_key"},
        "CredentialError",
        what="refused the credentials",
        where=("{path}", "'wrong_key'"),
        next_step="check the key",
        attempts=FATAL_LAKE,
    ),
    Case(
        "an existing file",
        {},
        "DestinationExistsError",
        what="file already exists",
        where=("{path}",),
        next_step="overwrite=True",
        attempts=FATAL_LAKE,
    ),
    Case(
        "an unknown file suffix",
        {"adls_path": f"{CONTAINER}/file.xlsx"},
        "UnsupportedFormatError",
        what="'.xlsx'",
        where=("file.xlsx",),
        next_step=".csv, .jsonl, .parquet",
        attempts=FATAL_LAKE,
    ),
    Case(
        "a value that no type holds",
        {"sql_query": "SELECT 1 AS number, date 'infinity' AS day"},
        "UnsupportedTypeError",
        what="'day' (date) holds infinity",
        where=("column 'day'",),
        next_step='"day"::text',
    ),
    Case(
        "two columns of one name",
        {"sql_query": "SELECT 1 AS number, 2 AS number"},
        "QueryRejectedError",
        what="two columns named 'number'",
        where=("127.0.0.1:{port}/" + DATABASE,),
        next_step="AS",
    ),
]
# These must load; they show that the cases fail for their own reason alone.
LOADED: dict[str, Mapping[str, str | None]] = {
    "good input": {},
    "an empty table": {"sql_query": "SELECT number, text FROM orders WHERE false"},
    "credentials in Prefect blocks": {
        "postgresql_config_key": None,
        "postgresql_credentials_secret": "warehouse",
        "adls_config_key": None,
        "adls_credentials_secret": "secret/lake",
    },
}


@dataclass(frozen=True)
class Outcome:
    """What is left when all cases have run."""

    results: Mapping[str, Mapping[str, Any]]
    names: Mapping[str, str]  # to fill in braces
    lake: Mapping[str, bytes]  # content by path, in all containers
    output: str
    folders: tuple[Path, ...]  # in which the process and the server could write
    secrets: Mapping[str, str]
    planted: str
    datum: str  # a value in the table


def path_of(name: str) -> str:
    return f"{CONTAINER}/{name.replace(' ', '-')}/file.parquet"


@pytest.fixture(scope="module")
def outcome(  # noqa: PLR0917 - fixtures are named, not ordered
    tmp_path_factory: pytest.TempPathFactory,
    golden: Path,
    postgres: PostgreSQL,
    azurite: Azurite,
    prefect_server: PrefectServer,
    closed_port: int,
) -> Outcome:
    # Characters that have to be quoted in an address, so that no quoting hides them.
    canary = {
        name: f"p@ss/{secrets.token_urlsafe(16)}:+%"
        for name in (
            *("password", "wrong password", "misspelt", "no JSON"),
            *("malformed", "no key"),
        )
    }
    canary["account key"] = azurite.account_key
    canary["wrong key"] = base64.b64encode(secrets.token_bytes(64)).decode()
    datum = f"datum-{secrets.token_urlsafe(16)}"
    planted = f"planted-{secrets.token_urlsafe(16)}"

    postgres.create_database(DATABASE)
    postgres.psql(
        f"CREATE ROLE {USER} LOGIN PASSWORD '{canary['password']}';"
        f"CREATE TABLE orders AS SELECT 1 AS number, '{datum}' AS text;"
        "CREATE TABLE salaries (amount int);"
        f"GRANT SELECT ON orders TO {USER}",
        database=DATABASE,
    )
    warehouse = postgresql_credentials(
        postgres, database=DATABASE, user=USER, password=canary["password"]
    )
    wrong = {**warehouse, "password": canary["wrong password"]}
    lake = connection_string(azurite)
    config = write_config(
        tmp_path_factory.mktemp("configuration") / "config.yaml",
        {
            "warehouse": warehouse,
            "wrong_password": wrong,
            "misspelt": {**warehouse, "pasword": canary["misspelt"]},
            "no_database": {**warehouse, "database": "no_such_database"},
            "no_server": {**warehouse, "port": closed_port},
            "lake": {"connection_string": lake},
            "no_lake": {
                "connection_string": connection_string(azurite, port=closed_port)
            },
            "malformed": {"connection_string": f"AccountKey={canary['malformed']}"},
            **{
                name.replace(" ", "_"): {
                    "connection_string": lake.replace(
                        canary["account key"], canary[name]
                    )
                }
                for name in ("wrong key", "no key")
            },
        },
    )
    blocks = {
        "warehouse": warehouse,
        "wrong-password": wrong,
        "lake": {"connection_string": lake},
        "no-json": canary["no JSON"],
    }
    azurite.create_container(CONTAINER)
    with azurite.filesystem.open_output_stream(path_of("an existing file")) as file:
        file.write(FORMER)

    arguments = LOADED | {case.name: case.arguments for case in CASES}
    cases: dict[str, dict[str, str | None]] = {
        name: {**GOOD, "adls_path": path_of(name), **changed}
        for name, changed in arguments.items()
    }
    cases["planted"] = {**GOOD, "adls_path": path_of(planted)}
    home, work = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("work")
    done = run(
        [sys.executable, HERE / "flow_driver.py"],
        env=environment(
            golden,
            config=config,
            **prefect_server.environment,
            HOME=str(home),
            TMPDIR=str(home),
            PREFECT_LOGGING_LEVEL="DEBUG",
        ),
        cwd=work,
        stdin=json.dumps({"blocks": blocks, "cases": cases}),
    )
    assert done.returncode == 0, done.stdout[-5000:]
    return Outcome(
        results=json.loads((work / "results.json").read_text("utf-8")),
        names={
            "port": str(postgres.port),
            "closed_port": str(closed_port),
            "config": str(config),
        },
        lake=everything_in(azurite),
        output=done.stdout,
        folders=(home, work, prefect_server.home),
        secrets=canary,
        planted=planted,
        datum=datum,
    )


def everything_in(azurite: Azurite) -> dict[str, bytes]:
    found = azurite.filesystem.get_file_info(fs.FileSelector("", recursive=True))
    contents = {}
    for info in found:
        if info.is_file:
            with azurite.filesystem.open_input_stream(info.path) as file:
                contents[info.path] = file.read()
    return contents


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_input_says_what_where_and_what_next(case: Case, outcome: Outcome) -> None:
    result = outcome.results[case.name]
    names = {**outcome.names, "path": path_of(case.name)}
    assert result["state"] == "FAILED"
    assert result["type"] == case.error
    assert case.what.format_map(names) in result["what"]
    for place in case.where:
        assert place.format_map(names) in result["where"]
    assert case.next_step in result["next_step"]
    assert result["text"] in result["log"]
    # Whoever reads only the log or Prefect's pages learns the same.
    for part in ("what", "where", "next_step"):
        assert result[part] in result["text"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_only_what_may_mend_itself_is_tried_again(case: Case, outcome: Outcome) -> None:
    assert outcome.results[case.name]["attempts"] == case.attempts


@pytest.mark.parametrize("name", LOADED)
def test_good_input_is_loaded_at_once(name: str, outcome: Outcome) -> None:
    assert outcome.results[name]["state"] == "COMPLETED"
    assert outcome.results[name]["attempts"] == FATAL_LAKE
    assert path_of(name) in outcome.lake


def test_nothing_is_half_written(outcome: Outcome) -> None:
    loaded = {path_of(name) for name in (*LOADED, outcome.planted)}
    present = {path for path in outcome.lake if path.startswith(f"{CONTAINER}/")}
    assert present == loaded | {path_of("an existing file")}


def test_no_container_is_made_by_the_way(outcome: Outcome, azurite: Azurite) -> None:
    for name in ("no-such-container", "No_Container"):
        assert not any(path.startswith(f"{name}/") for path in outcome.lake)
    containers = azurite.filesystem.get_file_info(fs.FileSelector(""))
    assert "no-such-container" not in {info.path for info in containers}


def test_an_existing_file_stays_byte_for_byte(outcome: Outcome) -> None:
    assert outcome.lake[path_of("an existing file")] == FORMER


def test_an_empty_table_gives_columns_and_no_rows(
    outcome: Outcome, azurite: Azurite
) -> None:
    assert outcome.results["an empty table"]["state"] == "COMPLETED"
    path = path_of("an empty table")
    empty = parquet.read_table(path, filesystem=azurite.filesystem)
    full = parquet.read_table(path_of("good input"), filesystem=azurite.filesystem)
    assert (empty.num_rows, full.num_rows) == (0, 1)
    assert empty.schema == full.schema
    assert "no rows" in outcome.results["an empty table"]["log"]


def test_no_secret_is_printed(outcome: Outcome) -> None:
    assert not canaries.found_in(outcome.output.encode(), outcome.secrets)


def test_no_secret_is_in_a_file_or_in_the_database_of_prefect(outcome: Outcome) -> None:
    assert not canaries.found_below(outcome.folders, outcome.secrets)


def test_no_file_is_written_by_the_way(outcome: Outcome) -> None:
    home, work, _ = outcome.folders
    written = {path.name for path in (*home.rglob("*"), *work.rglob("*"))}
    assert written <= {"results.json", "debug.log"}


def test_the_data_is_in_the_lake_and_nowhere_else(
    outcome: Outcome, azurite: Azurite
) -> None:
    """In its storage, Prefect keeps the errors of flows, and results if it is let."""
    path = path_of("good input")
    table = parquet.read_table(path, filesystem=azurite.filesystem)
    assert table.to_pylist() == [{"number": 1, "text": outcome.datum}]
    datum = {"a row": outcome.datum}
    assert not canaries.found_below(outcome.folders, datum)
    assert not canaries.found_in(outcome.output.encode(), datum)


def test_the_search_finds_what_was_planted(
    outcome: Outcome, prefect_server: PrefectServer
) -> None:
    """In a flow's parameter, which Prefect keeps and Azure's client logs as a path."""
    planted = {"planted": outcome.planted}
    database = prefect_server.database_path
    hits = canaries.found_below([prefect_server.home], planted)
    assert any(hit.startswith(f"planted in {database}") for hit in hits), hits
    _, work, _ = outcome.folders
    assert f"planted in {work / 'debug.log'}" in canaries.found_below([work], planted)
    assert canaries.found_in(outcome.output.encode(), planted)


@pytest.mark.parametrize(
    "written",
    [
        lambda secret: secret,
        lambda secret: f"postgresql://user:{quote(secret, safe='')}@host/db",
        lambda secret: base64.b64encode(f"user:{secret}".encode()).decode(),
        lambda secret: base64.urlsafe_b64encode(f"a:{secret}".encode()).decode(),
        lambda secret: json.dumps({"password": f'"{secret}"'}),
        lambda secret: base64.encodebytes(f"{'a' * 50}{secret}".encode()).decode(),
        lambda secret: json.dumps(
            base64.encodebytes(f"{'a' * 50}{secret}".encode()).decode()
        ),
    ],
    ids=[
        *("plain", "in an address", "basic auth", "url-safe", "quoted"),
        *("base64 in lines", "base64 in lines, in json"),
    ],
)
@pytest.mark.parametrize("secret", ["hunter2", "p@ss/wörd:+%", 'say "canary"'])
def test_the_search_finds_a_secret_however_it_is_written(
    written: Callable[[str], str], secret: str, tmp_path: Path
) -> None:
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "file").write_text(written(secret), encoding="utf-8")
    hits = canaries.found_below([tmp_path], {"it": secret, "another": "not-there"})
    assert hits == [f"it in {tmp_path / 'log' / 'file'}"]
