"""Rules of destinations, tables and rows, each broken in one place."""

from tests.e2e.generated.mutations import Mutation

RUNTIME = "src/acme"
SOURCES = "src/acme/sources"

S3_FILE = f"{SOURCES}/s3.py"
S3_UNIT, S3_LIVE = "tests/unit/test_s3.py", "tests/integration/test_s3.py"
S3_CONTRACT = "tests/contracts/test_s3.py"
S3_RULES = [
    Mutation(
        "s3: an object that is there is not replaced",
        S3_FILE,
        'condition = former.is_still if former else {"IfNoneMatch": "*"}',
        "condition = former.is_still if former else {}",
        S3_LIVE,
        "test_a_file_that_appears_meanwhile_is_refused_and_stays",
    ),
    Mutation(
        "s3: a retry knows its own object",
        S3_FILE,
        "if former and not overwrite and former.load_id != load_id:",
        "if former and not overwrite:",
        S3_LIVE,
        "test_a_retry_replaces_what_its_own_load_wrote",
    ),
    Mutation(
        "s3: a retry replaces only the version that it looked at",
        S3_FILE,
        'self.is_still = {"IfMatch": version}',
        "self.is_still: dict[str, str] = {}",
        S3_LIVE,
        "test_a_retry_does_not_replace_what_came_in_its_place",
    ),
    Mutation(
        "s3: a failed load ends its upload",
        S3_FILE,
        'self.place.call("abort_multipart_upload", **self._upload)',
        "pass",
        S3_LIVE,
        "test_an_error_after_several_parts_leaves_the_former_file_and_no_upload",
    ),
    Mutation(
        "s3: a broken-off load commits nothing",
        S3_FILE,
        "                    written = write_batches(batches, upload, path)\n",
        "                    try:\n"
        "                        written = write_batches(batches, upload, path)\n"
        "                    finally:\n"
        "                        self._commit(upload, {}, path)\n",
        S3_LIVE,
        "test_an_error_in_the_middle_leaves_the_former_file",
    ),
    Mutation(
        "s3: parts keep their order",
        S3_FILE,
        'self._parts.append({"PartNumber": number, "ETag": sent["ETag"]})',
        'self._parts.insert(0, {"PartNumber": number, "ETag": sent["ETag"]})',
        S3_LIVE,
        "test_a_file_of_several_parts_arrives_whole",
    ),
    Mutation(
        "s3: a load waits for the part that is on its way",
        S3_FILE,
        "            sending.result()\n",
        "            pass\n",
        S3_LIVE,
        "test_a_part_that_does_not_arrive_stops_the_load",
    ),
    Mutation(
        "s3: bytes that did not arrive are noticed",
        S3_FILE,
        "        if arrived != self._position:\n",
        "        if arrived < 0:\n",
        S3_LIVE,
        "test_a_part_that_the_store_does_not_have_stops_the_load",
    ),
    Mutation(
        "s3: a part carries its checksum",
        S3_FILE,
        "        if not self._validate:\n            return {}\n",
        "        if True:\n            return {}\n",
        S3_LIVE,
        "test_each_request_with_bytes_carries_their_checksum",
    ),
    Mutation(
        "s3: the hidden object goes",
        S3_FILE,
        '                hidden.call("delete_object")\n',
        "                pass\n",
        S3_LIVE,
        "test_a_checked_load_leaves_nothing_beside_its_file",
    ),
    Mutation(
        "s3: a secret is not in a repr",
        S3_FILE,
        "    secret_access_key: SecretStr | None = None\n",
        "    secret_access_key: str | None = None\n",
        S3_CONTRACT,
        "test_its_repr_shows_no_secret",
    ),
    Mutation(
        "s3: a refusal is not quoted",
        S3_FILE,
        "raise error from (None if isinstance(error, CredentialError) else err)",
        "raise error from err",
        S3_UNIT,
        "test_a_refusal_is_not_quoted_since_it_may_hold_what_was_signed",
    ),
    Mutation(
        "s3: a variable leads nowhere else",
        S3_FILE,
        "            ignore_configured_endpoint_urls=True,\n",
        "",
        S3_UNIT,
        "test_a_variable_of_amazon_s_tools_leads_nowhere_else",
    ),
]

TABLES = f"{SOURCES}/tables.py"
TABLES_UNIT = "tests/unit/test_tables.py"
POSTGRESQL = f"{SOURCES}/postgresql_tables.py"
POSTGRESQL_UNIT = "tests/unit/test_postgresql.py"
POSTGRESQL_LIVE = "tests/integration/test_postgresql.py"
POSTGRESQL_CONTRACT = "tests/contracts/test_postgresql.py"
TABLE_RULES = [
    Mutation(
        "tables: a column unlike the table's is refused",
        TABLES,
        "        if given.get(name) != there.get(name):\n",
        "        if name not in there:\n",
        TABLES_UNIT,
        "test_the_first_other_column_is_named",
    ),
    Mutation(
        "tables: batches are looked at as they pass",
        TABLES,
        "            check_schema(first.schema, batch.schema, table)\n",
        "",
        TABLES_UNIT,
        "test_a_batch_of_other_columns_is_refused",
    ),
    Mutation(
        "tables: the number of rows is verified",
        TABLES,
        "        if found != written.rows:\n",
        "        if found < 0:\n",
        TABLES_UNIT,
        "test_a_table_is_verified_by_the_number_of_its_rows",
    ),
    Mutation(
        "tables: a key belongs to one mode",
        TABLES,
        '        if bool(key) != (mode == "upsert"):\n',
        '        if key is None and mode == "never":\n',
        TABLES_UNIT,
        "test_errors_say_what_next",
    ),
    Mutation(
        "tables: there is a first batch",
        TABLES,
        "    if first is None:\n",
        "    if first is remaining:\n",
        TABLES_UNIT,
        "test_no_batch_at_all_is_a_mistake_of_the_caller",
    ),
    Mutation(
        "postgresql: readers see the former rows",
        POSTGRESQL,
        "            stage.check_count(self.address)\n",
        "            stage.check_count(self.address)\n"
        "            cursor.connection.commit()\n",
        POSTGRESQL_LIVE,
        "test_what_is_written_is_read_back",
    ),
    Mutation(
        "postgresql: a failure takes everything back",
        POSTGRESQL,
        'sql.SQL("DELETE FROM {}").format(self.name))\n',
        'sql.SQL("DELETE FROM {}").format(self.name))\n'
        "            self._cursor.connection.commit()\n",
        POSTGRESQL_LIVE,
        "test_a_failure_at_the_end_takes_everything_back",
    ),
    Mutation(
        "postgresql: a retry appends nothing twice",
        POSTGRESQL,
        "                raise self._destination.appended_before(self._table)\n"
        "            return\n",
        "                raise self._destination.appended_before(self._table)\n",
        POSTGRESQL_LIVE,
        "test_a_retry_appends_nothing_twice",
    ),
    Mutation(
        "postgresql: other rows of a load are not taken for its own",
        POSTGRESQL,
        "            if known != ours:\n",
        "            if known is None:\n",
        POSTGRESQL_LIVE,
        "test_other_rows_of_a_load_that_appended_before_are_refused",
    ),
    Mutation(
        "postgresql: a retry replaces nothing of others",
        POSTGRESQL,
        "            if known is None or known != self.fingerprint(self.name):\n",
        "            if known is None:\n",
        POSTGRESQL_LIVE,
        "test_a_retry_replaces_what_its_own_load_wrote_and_nothing_else",
    ),
    Mutation(
        "postgresql: rows that are there are refused at the end, too",
        POSTGRESQL,
        '        if mode == "fail" and self._has_rows():\n',
        '        if mode == "never" and self._has_rows():\n',
        POSTGRESQL_LIVE,
        "test_a_file_that_appears_meanwhile_is_refused_and_stays",
    ),
    Mutation(
        "postgresql: rows that are there are refused",
        POSTGRESQL,
        "        if self.there and self._has_rows() and not self._known(load_id):\n",
        "        if load_id == self._plain:\n",
        POSTGRESQL_LIVE,
        "test_rows_that_are_there_are_refused_before_the_others_are_read",
    ),
    Mutation(
        "postgresql: a key needs a unique index",
        POSTGRESQL,
        "        if sorted(key) not in [sorted(index) for (index,) in indexes]:\n",
        "        if not indexes and not key:\n",
        POSTGRESQL_LIVE,
        "test_a_key_that_is_not_unique_is_refused",
    ),
    Mutation(
        "postgresql: a key tells the load's rows apart",
        POSTGRESQL,
        "        if _fetch(self._cursor, statement):\n",
        "        if not _fetch(self._cursor, statement) and not key:\n",
        POSTGRESQL_LIVE,
        "test_a_key_that_is_not_unique_is_refused",
    ),
    Mutation(
        "postgresql: a check sees the rows",
        POSTGRESQL,
        "                check(stage.read(schema))\n",
        "                pass\n",
        POSTGRESQL_LIVE,
        "test_a_check_sees_the_rows_before_the_file_appears",
    ),
    Mutation(
        "postgresql: a wrong user is no reason for a retry",
        POSTGRESQL,
        '    ("password|authentication|pg_hba", CredentialError, '
        '"check user and password."),\n',
        "",
        POSTGRESQL_UNIT,
        "test_errors_while_connecting_are_told_apart",
    ),
    Mutation(
        "postgresql: a password is not in a repr",
        POSTGRESQL,
        "    password: SecretStr | None = None\n",
        "    password: str | None = None\n",
        POSTGRESQL_CONTRACT,
        "test_its_repr_shows_no_secret",
    ),
]

DUCKDB = f"{SOURCES}/warehouse.py"
DUCKDB_UNIT = "tests/unit/test_warehouse.py"
DUCKDB_LIVE = "tests/integration/test_warehouse.py"
DUCKDB_CONTRACT = "tests/contracts/test_warehouse.py"
DUCKDB_TABLE_RULES = [
    Mutation(
        "duckdb tables: a failure takes everything back",
        DUCKDB,
        "            self._connection.execute(DELETE.format(table=self.name))\n",
        "            self._connection.execute(DELETE.format(table=self.name))\n"
        "            self._connection.commit()\n"
        "            self._connection.begin()\n",
        DUCKDB_LIVE,
        "test_a_failure_at_the_end_takes_everything_back",
    ),
    Mutation(
        "duckdb tables: the file is closed while batches come",
        DUCKDB,
        "            stage = _Stage(connection, columns)\n",
        "            stage = _Stage(connection, columns)\n"
        "            self._make_file(folder)\n"
        '            self._attach(connection, "READ_WRITE")\n'
        "            self._attach = lambda *_: None  # type: ignore[method-assign]\n",
        DUCKDB_LIVE,
        "test_others_have_the_file_until_the_end",
    ),
    Mutation(
        "duckdb tables: a new file is whole",
        DUCKDB,
        "            os.link(fresh, self.credentials.path)\n",
        "            self.credentials.path.touch(exist_ok=False)\n",
        DUCKDB_LIVE,
        "test_a_file_is_made_and_nothing_else_is_left_beside_it",
    ),
    Mutation(
        "duckdb tables: nothing is left beside the file",
        DUCKDB,
        "            shutil.rmtree(folder, ignore_errors=True)\n",
        "            pass\n",
        DUCKDB_LIVE,
        "test_a_file_is_made_and_nothing_else_is_left_beside_it",
    ),
    Mutation(
        "duckdb tables: what a load may be at work with stays",
        DUCKDB,
        "                if stale.stat().st_mtime < last:\n",
        "                if stale.stat().st_mtime:\n",
        DUCKDB_LIVE,
        "test_what_a_killed_load_left_a_day_ago_is_deleted",
    ),
    Mutation(
        "duckdb tables: a locked file is worth a retry",
        DUCKDB,
        '"set lock on file|file handle conflict"',
        '"no such text"',
        DUCKDB_LIVE,
        "test_a_file_that_another_process_has_open_is_worth_a_retry",
    ),
    Mutation(
        "duckdb tables: a retry appends nothing twice",
        DUCKDB,
        "                raise self._destination.appended_before(self._table)\n"
        "            return\n",
        "                raise self._destination.appended_before(self._table)\n",
        DUCKDB_LIVE,
        "test_a_retry_appends_nothing_twice",
    ),
    Mutation(
        "duckdb tables: the entry of a load knows no upper case",
        DUCKDB,
        '        self._plain = f"{schema}.{name}".lower()\n',
        '        self._plain = f"{schema}.{name}"\n',
        DUCKDB_LIVE,
        "test_a_name_in_other_letters_is_the_same_table_to_a_retry",
    ),
    Mutation(
        "duckdb tables: other rows of a load are not taken for its own",
        DUCKDB,
        "            if known != ours:\n",
        "            if known is None:\n",
        DUCKDB_LIVE,
        "test_other_rows_of_a_load_that_appended_before_are_refused",
    ),
    Mutation(
        "duckdb tables: a retry replaces nothing of others",
        DUCKDB,
        "            if known is None or known != self.fingerprint(self.name):\n",
        "            if known is None:\n",
        DUCKDB_LIVE,
        "test_a_retry_replaces_what_its_own_load_wrote_and_nothing_else",
    ),
    Mutation(
        "duckdb tables: rows that are there are refused",
        DUCKDB,
        "            if target and target.has_rows() and not target.known(load_id):\n",
        "            if target and load_id == table:\n",
        DUCKDB_LIVE,
        "test_rows_that_are_there_are_refused_before_the_others_are_read",
    ),
    Mutation(
        "duckdb tables: a key tells the load's rows apart",
        DUCKDB,
        "        if _fetch(self._connection, statement):\n",
        "        if not _fetch(self._connection, statement) and not key:\n",
        DUCKDB_LIVE,
        "test_a_key_that_is_not_unique_is_refused",
    ),
    Mutation(
        "duckdb tables: infinity passes for no day",
        DUCKDB,
        "        if pc.any(far).as_py():\n",
        "        if far is None:\n",
        DUCKDB_UNIT,
        "test_a_value_of_no_exact_counterpart_is_refused_by_its_column",
    ),
    Mutation(
        "duckdb tables: a text is UTF-8",
        DUCKDB,
        "        array.validate(full=True)\n",
        "",
        DUCKDB_UNIT,
        "test_a_value_of_no_exact_counterpart_is_refused_by_its_column",
    ),
    Mutation(
        "duckdb tables: names differ in more than case",
        DUCKDB,
        "        if lower.count(field.name.lower()) > 1:\n",
        "        if schema.names.count(field.name) > 1:\n",
        DUCKDB_UNIT,
        "test_names_that_differ_in_case_alone_are_refused",
    ),
    Mutation(
        "duckdb tables: names are quoted",
        DUCKDB,
        """    doubled = name.replace('"', '""')\n""",
        "    doubled = name\n",
        DUCKDB_LIVE,
        "test_names_and_texts_mean_nothing_in_sql",
    ),
    Mutation(
        "duckdb tables: no message has a row's values",
        DUCKDB,
        """re.sub('key ".*', "key", first_line(error))""",
        "first_line(error)",
        DUCKDB_UNIT,
        "test_an_error_is_told_apart_by_its_text",
    ),
    Mutation(
        "duckdb tables: an optional import is guarded",
        DUCKDB,
        "with contextlib.suppress(ImportError):\n",
        "with contextlib.nullcontext():\n",
        DUCKDB_CONTRACT,
        "Extra::test_its_module_can_be_imported",
    ),
]

COPY_IN = f"{RUNTIME}/copy_in.py"
COPY_IN_UNIT = "tests/unit/test_copy_in.py"
SENT = "test_what_is_sent_is_what_would_be_received"
NO_COUNTERPART = "test_what_has_no_exact_counterpart_is_refused_by_its_column"
COPY_IN_RULES = [
    Mutation(
        "copy_in: NULL is no value",
        COPY_IN,
        'np.where(nulls, -1, lengths).astype(">i4")',
        'lengths.astype(">i4")',
        COPY_IN_UNIT,
        SENT,
    ),
    Mutation(
        "copy_in: days are counted from 2000",
        COPY_IN,
        "        epoch = EPOCH_DAYS\n",
        "        epoch = 0\n",
        COPY_IN_UNIT,
        SENT,
    ),
    Mutation(
        "copy_in: the lowest day is not minus infinity",
        COPY_IN,
        "lowest = np.iinfo(native).min + epoch + 1",
        "lowest = np.iinfo(native).min",
        COPY_IN_UNIT,
        NO_COUNTERPART,
    ),
    Mutation(
        "copy_in: a text has no character 0",
        COPY_IN,
        'if column.type_name == "text" and not data.all():',
        'if column.type_name == "never" and not data.all():',
        COPY_IN_UNIT,
        NO_COUNTERPART,
    ),
    Mutation(
        "copy_in: a decimal has its weight",
        COPY_IN,
        "weight = len(digits) - 1 - groups_after",
        "weight = len(digits) - 1",
        COPY_IN_UNIT,
        "test_a_decimal_is_sent_in_digits_of_ten_thousand",
    ),
    Mutation(
        "copy_in: a decimal has its sign",
        COPY_IN,
        "sign = NEGATIVE if value < 0 else 0",
        "sign = 0",
        COPY_IN_UNIT,
        "test_a_decimal_is_sent_in_digits_of_ten_thousand",
    ),
    Mutation(
        "copy_in: an unsigned number has room",
        COPY_IN,
        'pa.uint32(): ("bigint", pa.int64(), ">i8")',
        'pa.uint32(): ("integer", pa.int32(), ">i4")',
        COPY_IN_UNIT,
        "test_each_type_has_a_type_of_postgresql",
    ),
    Mutation(
        "copy_in: a name is not cut",
        COPY_IN,
        "    if len(name.encode()) > NAME_BYTES:\n",
        "    if len(name) > NAME_BYTES:\n",
        COPY_IN_UNIT,
        "test_a_name_that_would_be_cut_is_refused",
    ),
]

ROWS = f"{SOURCES}/row_source.py"
ROWS_UNIT = "tests/unit/test_row_source.py"
ROW_RULES = [
    Mutation(
        "rows: a row has every column",
        ROWS,
        "            if row.keys() != names:\n",
        "            if row.keys() - names:\n",
        ROWS_UNIT,
        "test_a_row_with_other_columns_is_refused",
    ),
    Mutation(
        "rows: a row has no other column",
        ROWS,
        "            if row.keys() != names:\n",
        "            if names - row.keys():\n",
        ROWS_UNIT,
        "test_a_row_with_other_columns_is_refused",
    ),
    Mutation(
        "rows: a value is not quoted",
        ROWS,
        "                f\"The column '{field.name}' holds a value that the type "
        '{field.type} "\n',
        "                f\"The column '{field.name}' holds a value, {values}, that "
        'the type {field.type} "\n',
        ROWS_UNIT,
        "test_a_value_of_another_type_names_its_column_and_is_not_shown",
    ),
    Mutation(
        "rows: who stops early ends them",
        ROWS,
        "            if close:\n",
        "            if close is rows:\n",
        ROWS_UNIT,
        "test_who_stops_early_ends_the_rows",
    ),
    Mutation(
        "rows: batches grow to their size",
        ROWS,
        "                most = fitting_rows(batch, batch_bytes)\n",
        "",
        ROWS_UNIT,
        "test_rows_become_batches_that_grow_to_their_size",
    ),
    Mutation(
        "rows: no row is one empty batch",
        ROWS,
        "        if not count:\n",
        "        if count < 0:\n",
        ROWS_UNIT,
        "test_no_row_is_one_empty_batch",
    ),
]
