"""Rules of the dialects and of what they share, each broken in one place."""

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
        "duckdb: a query that is given up is worth a retry",
        DUCKDB,
        '"INTERRUPT", SourceUnavailableError,',
        '"INTERRUPT", QueryRejectedError,',
        DUCKDB_LIVE,
        "test_a_slow_query_is_given_up",
    ),
    Mutation(
        "duckdb: a locked file is worth a retry",
        DUCKDB,
        '"IO Error: .*lock"',
        '"no such text"',
        DUCKDB_UNIT,
        "test_an_error_is_told_apart_by_its_text",
    ),
]

GENERIC = f"{SOURCES}/generic.py"
GENERIC_UNIT = "tests/unit/test_generic.py"
GENERIC_LIVE = "tests/integration/test_generic.py"
NOWHERE = "test_an_address_that_leads_nowhere_says_what_to_do"
BY_TEXT = "test_an_error_is_told_apart_by_its_text"
GENERIC_RULES = [
    Mutation(
        "generic: what the driver tells of a decimal counts",
        GENERIC,
        "        digits = precision\n",
        "        digits = DECIMAL128_DIGITS\n",
        GENERIC_UNIT,
        "test_a_decimal_has_the_digits_that_the_driver_tells",
    ),
    Mutation(
        "generic: a secret is not shown in the form of an address",
        GENERIC,
        '{secret, quote(secret), quote(secret, ""), quote_plus(secret)}',
        "{secret, quote(secret)}",
        GENERIC_UNIT,
        "test_what_is_secret_has_stars_in_its_place_wherever_a_driver_says_it",
    ),
    Mutation(
        "generic: a URL is refused",
        GENERIC,
        "        if not DRIVERNAME.fullmatch(value):\n",
        "        if not DRIVERNAME.match(value):\n",
        GENERIC_UNIT,
        NOWHERE,
    ),
    Mutation(
        "generic: a driver for asyncio is refused",
        GENERIC,
        "        if engine.dialect.is_async:\n",
        "        if engine.dialect is None:\n",
        GENERIC_UNIT,
        "test_a_driver_for_asyncio_is_refused",
    ),
    Mutation(
        "generic: a missing driver is named with its package",
        GENERIC,
        "{PACKAGES.get(module, module)}",
        "{module}",
        GENERIC_UNIT,
        "test_a_driver_that_is_missing_is_named_with_its_package",
    ),
    Mutation(
        "generic: a locked database is worth a retry",
        GENERIC,
        r"\b([Dd]ead)?[Ll]ock(ed)?\b|",
        "",
        GENERIC_UNIT,
        BY_TEXT,
    ),
    Mutation(
        "generic: a first value is looked for in more rows",
        GENERIC,
        "        while fetched and _has_empty_column(rows):\n",
        "        while fetched < 0:\n",
        GENERIC_LIVE,
        "test_a_column_without_a_first_value_is_looked_for_further_on",
    ),
]

MSSQL = f"{SOURCES}/mssql.py"
MSSQL_UNIT = "tests/unit/test_mssql.py"
NO_ARRIVAL = "test_a_type_that_does_not_arrive_names_its_column_and_the_cast"
MSSQL_RULES = [
    Mutation(
        "mssql: a password ends where it should",
        MSSQL,
        """    doubled = value.replace("}", "}}")\n""",
        "    doubled = value\n",
        MSSQL_UNIT,
        "test_a_setting_ends_where_it_should",
    ),
    Mutation(
        "mssql: a server shows its certificate",
        MSSQL,
        "trust_certificate: bool = False",
        "trust_certificate: bool = True",
        MSSQL_UNIT,
        "test_a_setting_ends_where_it_should",
    ),
    Mutation(
        "mssql: seven digits of a second are refused",
        MSSQL,
        "        if code in TIMES and scale <= MICROSECOND_DIGITS:\n",
        "        if code in TIMES:\n",
        MSSQL_UNIT,
        NO_ARRIVAL,
    ),
    Mutation(
        "mssql: a decimal has its digits",
        MSSQL,
        "pa.decimal128(precision, scale)",
        "pa.decimal128(38, scale)",
        MSSQL_UNIT,
        OF_SERVER,
    ),
    Mutation(
        "mssql: a TINYINT has no sign",
        MSSQL,
        "    -6: pa.uint8(),  # TINYINT\n",
        "    -6: pa.int16(),  # TINYINT\n",
        MSSQL_UNIT,
        OF_SERVER,
    ),
    Mutation(
        "mssql: a column's name is there once",
        MSSQL,
        "            if not name or names.count(name) > 1:\n",
        "            if not name:\n",
        MSSQL_UNIT,
        "test_a_column_needs_a_name_of_its_own",
    ),
    Mutation(
        "mssql: a deadlock is worth a retry",
        MSSQL,
        "[Tt]imeout|deadlock|",
        "[Tt]imeout|",
        MSSQL_UNIT,
        BY_TEXT,
    ),
]

ORACLE = f"{SOURCES}/oracle.py"
ORACLE_UNIT = "tests/unit/test_oracle.py"
ORACLE_RULES = [
    Mutation(
        "oracle: a FLOAT has no scale",
        ORACLE,
        "    if not precision or scale is None or scale == UNSCALED:\n",
        "    if not precision or scale is None:\n",
        ORACLE_UNIT,
        OF_SERVER,
    ),
    Mutation(
        "oracle: nineteen digits are no integer of 64 bits",
        ORACLE,
        "INTEGER_DIGITS = 18",
        "INTEGER_DIGITS = 19",
        ORACLE_UNIT,
        OF_SERVER,
    ),
    Mutation(
        "oracle: zeros before the point have room",
        ORACLE,
        "max(precision - min(scale, 0), scale)",
        "max(precision, scale)",
        ORACLE_UNIT,
        OF_SERVER,
    ),
    Mutation(
        "oracle: nine digits of a second are refused",
        ORACLE,
        'called == "DB_TYPE_TIMESTAMP" and (field.scale or 0) <= MICROSECOND_DIGITS:',
        'called == "DB_TYPE_TIMESTAMP":',
        ORACLE_UNIT,
        NO_ARRIVAL,
    ),
    Mutation(
        "oracle: a whole number fits among decimals",
        ORACLE,
        "[Decimal(v) if isinstance(v, int) else v for v in values]",
        "list(values)",
        ORACLE_UNIT,
        KEEPS,
    ),
    Mutation(
        "oracle: a column's name is there once",
        ORACLE,
        "            if names.count(name) > 1:\n",
        "            if not name:\n",
        ORACLE_UNIT,
        "test_two_columns_of_one_name_are_refused",
    ),
    Mutation(
        "oracle: an error is told apart by its code",
        ORACLE,
        "        kind = ERRORS_BY_CODE.get(code, other)\n",
        "        kind = other\n",
        ORACLE_UNIT,
        "test_an_error_is_told_apart_by_its_code",
    ),
]

VALUES = "src/acme/python_values.py"
VALUES_UNIT = "tests/unit/test_python_values.py"
WOULD_CHANGE = "test_a_value_that_would_change_is_refused"
VALUE_RULES = [
    Mutation(
        "values: a value is not converted",
        VALUES,
        "    if not types <= held or not _fit_zone(types, kind, values):\n",
        "    if not _fit_zone(types, kind, values):\n",
        VALUES_UNIT,
        WOULD_CHANGE,
    ),
    Mutation(
        "values: a moment keeps its zone, or has none",
        VALUES,
        "        return naive == {kind.tz is None}\n",
        "        return len(naive) == 1\n",
        VALUES_UNIT,
        WOULD_CHANGE,
    ),
    Mutation(
        "values: a time has no zone",
        VALUES,
        "value is None or value.tzinfo is None for value in values",
        "value is None or value.hour < 24 for value in values",
        VALUES_UNIT,
        WOULD_CHANGE,
    ),
    Mutation(
        "values: NULL beside a UUID is no text",
        VALUES,
        "[value if value is None else str(value) for value in values]",
        "[str(value) for value in values]",
        VALUES_UNIT,
        "test_a_value_stays_what_it_is",
    ),
    Mutation(
        "values: a number beyond its type is refused",
        VALUES,
        "    except (pa.ArrowException, TypeError, OverflowError) as err:\n",
        "    except TypeError as err:\n",
        VALUES_UNIT,
        WOULD_CHANGE,
    ),
    Mutation(
        "values: NULL has no type",
        VALUES,
        "    return set(map(type, values)) - {type(None)}\n",
        "    return set(map(type, values))\n",
        VALUES_UNIT,
        "test_the_types_of_values_leave_null_out",
    ),
]

QUERIES = "src/acme/queries.py"
QUERIES_UNIT = "tests/unit/test_queries.py"
OF_ITS_DIALECT = "test_a_literal_is_of_its_dialect"
ONLY_A_PARAMETER = "test_only_a_parameter_is_replaced"
NOT_BOUND = "test_what_can_not_be_bound_is_named_and_not_shown"
QUERY_RULES = [
    Mutation(
        "queries: a quote in a text is doubled",
        QUERIES,
        """    doubled = value.replace("'", "''")\n    return f"'{doubled}'"\n""",
        """    return f"'{value}'"\n""",
        QUERIES_UNIT,
        OF_ITS_DIALECT,
    ),
    Mutation(
        "queries: PostgreSQL's backslash is doubled",
        QUERIES,
        r"""value.replace("\\", "\\\\").replace("'", """,
        """value.replace("'", """,
        QUERIES_UNIT,
        OF_ITS_DIALECT,
    ),
    Mutation(
        "queries: SQL Server joins no lines of a text",
        QUERIES,
        "    whole = divided == literal\n",
        "    whole = True\n",
        QUERIES_UNIT,
        OF_ITS_DIALECT,
    ),
    Mutation(
        "queries: a backslash is refused where it may mean something",
        QUERIES,
        r"""STANDARD = Notation(refused="\0\\")""",
        "STANDARD = Notation()",
        QUERIES_UNIT,
        NOT_BOUND,
    ),
    Mutation(
        "queries: a text that ends by a setting is refused",
        QUERIES,
        "        skipped=(LINE, ESCAPED_TEXT, EITHER_TEXT, IDENTIFIER, DOLLARS),\n",
        "        skipped=(LINE, ESCAPED_TEXT, TEXT, IDENTIFIER, DOLLARS),\n",
        QUERIES_UNIT,
        "test_a_backslash_that_a_setting_gives_a_meaning_is_refused",
    ),
    Mutation(
        "queries: a negative number is in parentheses",
        QUERIES,
        '    return f"({number})" if number.startswith("-") else number\n',
        "    return number\n",
        QUERIES_UNIT,
        "test_what_all_dialects_write_alike",
    ),
    Mutation(
        "queries: a colon in a comment begins no parameter",
        QUERIES,
        "                place = self._end_of_comment(query, place)\n",
        "                continue\n",
        QUERIES_UNIT,
        ONLY_A_PARAMETER,
    ),
    Mutation(
        "queries: a cast begins no parameter",
        QUERIES,
        r"""(?<![\w:$'\"`\])]):""",
        r"""(?<![\w$'\"`\])]):""",
        QUERIES_UNIT,
        ONLY_A_PARAMETER,
    ),
    Mutation(
        "queries: a value of a subclass is refused",
        QUERIES,
        "WRITERS.get(type(value))\n",
        "next((WRITERS[c] for c in type(value).mro() if c in WRITERS), None)\n",
        QUERIES_UNIT,
        NOT_BOUND,
    ),
    Mutation(
        "queries: a value without a parameter is refused",
        QUERIES,
        "if name not in met]:",
        "if name in ()]:",
        QUERIES_UNIT,
        NOT_BOUND,
    ),
    Mutation(
        "queries: the quote in a name is doubled",
        QUERIES,
        "{name.replace(after, after * 2)}",
        "{name}",
        QUERIES_UNIT,
        "test_the_quote_in_a_name_is_doubled",
    ),
]
