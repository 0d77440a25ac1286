"""Rules of the dialects, each broken in one place."""

from tests.e2e.generated.mutations import Mutation

SOURCES = "src/acme/sources"

MARIADB = f"{SOURCES}/mariadb.py"
MARIADB_UNIT = "tests/unit/test_mariadb.py"
MARIADB_LIVE = "tests/integration/test_mariadb.py"
OF_SERVER = "test_a_type_follows_from_what_the_server_tells"
MARIADB_RULES = [
    Mutation(
        "mysql: an unsigned number has room",
        MARIADB,
        "            return INTEGERS[code][unsigned]\n",
        "            return INTEGERS[code][0]\n",
        MARIADB_UNIT,
        OF_SERVER,
    ),
    Mutation(
        "mysql: a length has the sign in it",
        MARIADB,
        "(field.scale > 0) - (not unsigned))",
        "(field.scale > 0))",
        MARIADB_UNIT,
        OF_SERVER,
    ),
    Mutation(
        "mysql: bytes are no text",
        MARIADB,
        "is_text = field.charsetnr != BINARY_CHARSET",
        "is_text = True",
        MARIADB_UNIT,
        OF_SERVER,
    ),
    Mutation(
        "mysql: a FLOAT is refused",
        MARIADB,
        "        if code in OTHERS:\n",
        "        if code == FLOAT:\n            return pa.float32()\n"
        "        if code in OTHERS:\n",
        MARIADB_UNIT,
        "test_a_type_that_does_not_arrive_names_its_column_and_the_cast",
    ),
    Mutation(
        "mysql: an authority's certificate is wanted",
        MARIADB,
        '            connect_args["ssl_verify_cert"] = True\n',
        "",
        MARIADB_UNIT,
        "test_a_certificate_is_asked_for_where_its_authority_is_known",
    ),
    Mutation(
        "mysql: a password is UTF-8",
        MARIADB,
        '            connect_args["password"] = password.encode()\n',
        '            connect_args["password"] = password\n',
        MARIADB_UNIT,
        "test_a_password_of_any_letters_is_sent",
    ),
    Mutation(
        "mysql: a lost connection is worth a retry",
        MARIADB,
        "            lost = not connected or number in CLIENT_ERRORS\n",
        "            lost = not connected\n",
        MARIADB_UNIT,
        "test_an_error_is_told_apart_by_its_number",
    ),
    Mutation(
        "mysql: a session writes nothing",
        MARIADB,
        "tx_read_only = 1, max_statement_time",
        "max_statement_time",
        MARIADB_LIVE,
        "test_the_session_can_not_write",
    ),
    Mutation(
        "mysql: the rest of a result is left unread",
        MARIADB,
        "            cursor._result.unbuffered_active = False\n        "
        "connection.invalidate()\n",
        "            pass\n",
        MARIADB_LIVE,
        "test_who_stops_reading_does_not_read_the_rest",
    ),
]

SQLITE = f"{SOURCES}/sqlite.py"
SQLITE_UNIT = "tests/unit/test_sqlite.py"
SQLITE_LIVE = "tests/integration/test_sqlite.py"
KEEPS = "test_a_value_keeps_its_type"
OF_TWO = "test_values_of_two_kinds_name_their_column_and_the_cast"
SQLITE_RULES = [
    Mutation(
        "sqlite: a file is opened to be read",
        SQLITE,
        '            query={"mode": "ro", "uri": "true"},\n',
        '            query={"mode": "rwc", "uri": "true"},\n',
        SQLITE_UNIT,
        "test_the_address_opens_a_file_to_be_read_only",
    ),
    Mutation(
        "sqlite: a value has its column's class",
        SQLITE,
        "        if not fits:\n",
        "        if name is None:\n",
        SQLITE_LIVE,
        OF_TWO,
    ),
    Mutation(
        "sqlite: a truth is 0 or 1",
        SQLITE,
        "            fits = set(values) <= {0, 1, None}\n",
        "",
        SQLITE_LIVE,
        OF_TWO,
    ),
    Mutation(
        "sqlite: an expression's type is that of all rows",
        SQLITE,
        "            found[name] = CLASSES[classes[0]] if classes else pa.string()\n",
        "            found[name] = pa.string()\n",
        SQLITE_LIVE,
        "test_what_an_expression_holds_is_asked_of_all_rows",
    ),
    Mutation(
        "sqlite: a declared type counts",
        SQLITE,
        '    ("DATE|TIME", pa.string()),\n',
        '    ("DATE|TIME", pa.int64()),\n',
        SQLITE_LIVE,
        KEEPS,
    ),
    Mutation(
        "sqlite: text that is none is refused by its column",
        SQLITE,
        "        if no_text := NO_TEXT.match(str(error)):\n",
        '        if no_text := NO_TEXT.match("never"):\n',
        SQLITE_LIVE,
        "test_text_that_is_none_names_its_column_and_the_cast",
    ),
    Mutation(
        "sqlite: a slow query is given up",
        SQLITE,
        '        event.listen(engine, "connect", self._limit)\n',
        "",
        SQLITE_LIVE,
        "test_a_slow_query_is_given_up",
    ),
    Mutation(
        "sqlite: a locked file is worth a retry",
        SQLITE,
        '    5: (SourceUnavailableError, "try again when nobody writes."),\n',
        "",
        SQLITE_LIVE,
        "test_a_file_that_somebody_writes_is_worth_a_retry",
    ),
]

DUCKDB = f"{SOURCES}/duckdb.py"
DUCKDB_UNIT = "tests/unit/test_duckdb.py"
DUCKDB_LIVE = "tests/integration/test_duckdb.py"
NOT_HELD = "test_what_arrow_does_not_hold_names_its_column_and_the_cast"
DUCKDB_RULES = [
    Mutation(
        "duckdb: infinity is refused",
        DUCKDB,
        "            if infinite is not None and pc.any(infinite).as_py():\n",
        "            if infinite is None and name is None:\n",
        DUCKDB_LIVE,
        NOT_HELD,
    ),
    Mutation(
        "duckdb: a value of no Arrow type is refused",
        DUCKDB,
        "                column.validate(full=True)\n",
        "                column.validate()\n",
        DUCKDB_LIVE,
        NOT_HELD,
    ),
    Mutation(
        "duckdb: a nested type is refused",
        DUCKDB,
        'if kind.partition("(")[0] not in EXACT or NESTED.search(_outer(kind)):',
        "if not kind:",
        DUCKDB_LIVE,
        NOT_HELD,
    ),
    Mutation(
        "duckdb: no other file is read or written",
        DUCKDB,
        "; SET enable_external_access = false",
        "",
        DUCKDB_LIVE,
        "test_only_one_query_is_taken_that_writes_nothing",
    ),
    Mutation(
        "duckdb: there is one statement",
        DUCKDB,
        "        if len(connection.extract_statements(query)) != 1:\n",
        "        if not query:\n",
        DUCKDB_LIVE,
        "test_only_one_query_is_taken_that_writes_nothing",
    ),
    Mutation(
        "duckdb: a column's name is there once",
        DUCKDB,
        "        if len(described) < len(result.description or ()):\n",
        "        if result is None:\n",
        DUCKDB_LIVE,
        "test_only_one_query_is_taken_that_writes_nothing",
    ),
    Mutation(
        "duckdb: a file is opened to be read",
        DUCKDB,
        "read_only=True",
        "read_only=False",
        DUCKDB_LIVE,
        "test_only_one_query_is_taken_that_writes_nothing",
    ),
    Mutation(
        "duckdb: a slow query is given up",
        DUCKDB,
        "                deadline.start()\n",
        "                deadline.daemon = True\n",
        DUCKDB_LIVE,
        "test_a_slow_query_is_given_up",
    ),
    Mutation(
        "duckdb: a locked file is worth a retry",
        DUCKDB,
        '    ("[Ll]ock", SourceUnavailableError, "try again when nobody writes."),\n',
        "",
        DUCKDB_UNIT,
        "test_an_error_is_told_apart_by_its_text",
    ),
]
