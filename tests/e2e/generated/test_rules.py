"""Every rule that generated connectors keep to is held by a test: break it, and see.

Each mutation breaks one rule in a copy of the golden, whose own tests must then fail.
The rules are those under "What every generated connector keeps to" in the design.
`make test` tries some, drawn with a fixed seed; with SOURCEWRIGHT_EVERY_POINT=1 all are
tried, and the counts are kept in tests/matrix/rules_of_the_golden.md.
"""

import os
import random
from collections import Counter
from pathlib import Path

import pytest
from sourcewright.services import Azurite, PostgreSQL, PrefectServer

from tests.e2e.generated.mutations import Mutation, Results, run_mutations
from tests.e2e.generated.parts import (
    connection_string,
    postgresql_credentials,
    write_config,
)
from tests.golden import GOLDEN
from tests.results import Keep

SAMPLE = 18
EVERY_POINT = bool(os.environ.get("SOURCEWRIGHT_EVERY_POINT"))
SOUND, SOUND_WITH_LOCAL = "sound", "sound-with-local"

SOURCE = "src/acme/sources/postgresql.py"
LAKE = "src/acme/sources/azure_data_lake.py"
FOLDER = "src/acme/sources/local_folder.py"
BASE = "src/acme/sources/base.py"
CONFIG = "src/acme/config.py"
FORMATS = "src/acme/formats.py"
COPY = "src/acme/copy_binary.py"
AHEAD = "src/acme/read_ahead.py"
LOADING = "src/acme/loading.py"
CHECKSUMS = "src/acme/checksums.py"
STREAM = "src/acme/orchestration/prefect/tasks/postgresql_batches_to_adls.py"
READ = "src/acme/orchestration/prefect/tasks/postgresql.py"
WRITE = "src/acme/orchestration/prefect/tasks/adls.py"
TASKS = "src/acme/orchestration/prefect/tasks/__init__.py"
FLOW = "src/acme/orchestration/prefect/flows/postgresql_to_adls.py"
FLOWS = "src/acme/orchestration/prefect/flows/__init__.py"
SOURCES = "src/acme/sources/__init__.py"
PREFECT = "src/acme/orchestration/prefect/utils.py"

# The golden's modules of tests, and what of them a mutation needs.
SOURCE_CONTRACT = "tests/contracts/test_postgresql.py"
LAKE_CONTRACT = "tests/contracts/test_adls.py"
FLOW_CONTRACT = "tests/contracts/test_postgresql_to_adls.py"
BASE_UNIT = "tests/unit/test_base.py"
FORMATS_UNIT = "tests/unit/test_formats.py"
STREAM_CONTRACT = "tests/contracts/test_postgresql_to_adls_in_batches.py"
LOADING_UNIT = "tests/unit/test_loading.py"
CHECKSUMS_UNIT = "tests/unit/test_checksums.py"
COPY_UNIT = "tests/unit/test_copy_binary.py"
LAKE_UNIT = "tests/unit/test_adls.py"
FOLDER_UNIT = "tests/unit/test_local.py"
SOURCE_LIVE = "tests/integration/test_postgresql.py"
LAKE_LIVE = "tests/integration/test_adls.py"
PREFECT_LIVE = "tests/integration/test_prefect_utils.py"


MISSING_CHECK = """\
    if not (config_key or credentials_secret):
        raise MissingSourceCredentialsError(
            where="{task}",
        )

"""
CONNECTING = """\
    credentials = get_credentials(credentials_secret) if credentials_secret else None
    {name} = {connector}(
        config_key=config_key,
        credentials=credentials,
    )
"""
READ_CHECK = MISSING_CHECK.format(task="postgresql_to_df")
WRITE_CHECK = MISSING_CHECK.format(task="df_to_adls")
WRITE_CONNECTING = CONNECTING.format(name="destination", connector="AzureDataLake")

TASK_RULES = [
    Mutation(
        "a task takes no credentials",
        READ,
        '    if_empty: IfEmpty = "warn",\n',
        '    if_empty: IfEmpty = "warn",\n    password: str | None = None,\n',
        SOURCE_CONTRACT,
        "Task::test_it_takes_no_credentials",
    ),
    Mutation(
        "a task without credentials says so",
        READ,
        READ_CHECK,
        "",
        SOURCE_CONTRACT,
        "test_without_credentials_it_does_nothing_else",
    ),
    Mutation(
        "a task asks for credentials before anything else",
        WRITE,
        WRITE_CHECK + WRITE_CONNECTING,
        WRITE_CONNECTING + WRITE_CHECK,
        LAKE_CONTRACT,
        "test_without_credentials_it_does_nothing_else",
    ),
    Mutation(
        "a task is retried",
        READ,
        "    retries=3,\n",
        "",
        SOURCE_CONTRACT,
        "Task::test_it_is_retried_and_ends_some_time",
    ),
    Mutation(
        "a task ends some time",
        WRITE,
        "    timeout_seconds=60 * 60,\n",
        "",
        LAKE_CONTRACT,
        "Task::test_it_is_retried_and_ends_some_time",
    ),
    Mutation(
        "a task that reads is exported",
        TASKS,
        '"postgresql_to_df"]',
        "]",
        SOURCE_CONTRACT,
        "Task::test_it_is_exported",
    ),
    Mutation(
        "a task that writes is exported",
        TASKS,
        '["df_to_adls", ',
        "[",
        LAKE_CONTRACT,
        "Task::test_it_is_exported",
    ),
    Mutation(
        "a class is exported",
        SOURCES,
        '"PostgreSQL", ',
        "",
        SOURCE_CONTRACT,
        "TestPostgreSQL::test_it_is_exported",
    ),
    Mutation(
        "a task keeps no copy of what it read",
        READ,
        "    persist_result=False,\n",
        "    persist_result=True,\n",
        SOURCE_CONTRACT,
        "test_it_leaves_no_copy_of_the_data",
    ),
    Mutation(
        "a task tries a fatal error once",
        WRITE,
        "    retry_condition_fn=retry_if_retriable,\n",
        "",
        LAKE_CONTRACT,
        "test_only_a_retriable_error_is_retried",
    ),
    Mutation(
        "a task stops its flow's retries",
        READ,
        "    on_failure=[cancel_flow_retries],\n",
        "",
        SOURCE_CONTRACT,
        "test_only_a_retriable_error_is_retried",
    ),
    Mutation(
        "a fatal error is not tried again by its task",
        PREFECT,
        "    return not isinstance(state.data, FatalError)\n",
        "    return True\n",
        PREFECT_LIVE,
        "test_a_fatal_error_is_not_retried_at_all",
    ),
    Mutation(
        "a fatal error is not tried again by its flow",
        PREFECT,
        "FlowRunPolicy(retries=0)",
        "FlowRunPolicy(retries=1)",
        PREFECT_LIVE,
        "test_a_fatal_error_is_not_retried_at_all",
    ),
    Mutation(
        "a retriable error is tried again",
        PREFECT,
        "    return not isinstance(state.data, FatalError)\n",
        "    return False\n",
        PREFECT_LIVE,
        "test_a_retriable_error_is_retried_by_task_and_flow",
    ),
    Mutation(
        "a public docstring tells every argument",
        WRITE,
        "        overwrite: Whether to replace a file that is there.\n",
        "",
        LAKE_CONTRACT,
        "test_its_docstring_tells_arguments_and_errors",
    ),
]

FLOW_RULES = [
    Mutation(
        "required arguments come first",
        FLOW,
        "    adls_path: str,\n    sql_query: str,\n"
        "    postgresql_config_key: str | None = None,\n",
        "    *,\n    postgresql_config_key: str | None = None,\n"
        "    adls_path: str,\n    sql_query: str,\n",
        FLOW_CONTRACT,
        "test_required_arguments_come_first",
    ),
    Mutation(
        "a flow takes no credentials",
        FLOW,
        "    overwrite: bool = False,\n",
        "    overwrite: bool = False,\n    adls_account_key: str | None = None,\n",
        FLOW_CONTRACT,
        "test_it_takes_no_credentials",
    ),
    Mutation(
        "arguments have the prefix of their end",
        FLOW,
        "    adls_config_key: str | None = None,\n",
        "    config_key: str | None = None,\n",
        FLOW_CONTRACT,
        "test_it_takes_no_credentials",
    ),
    Mutation(
        "a flow is named after both ends",
        FLOW,
        'name="extract--postgresql--adls"',
        'name="postgresql-to-adls"',
        FLOW_CONTRACT,
        "test_it_has_a_name_and_a_description",
    ),
    Mutation(
        "a flow has a description",
        FLOW,
        '    description="Extract data from PostgreSQL and load it into '
        'Azure Data Lake.",\n',
        "",
        FLOW_CONTRACT,
        "test_it_has_a_name_and_a_description",
    ),
    Mutation(
        "a flow is retried",
        FLOW,
        "    retries=1,\n",
        "",
        FLOW_CONTRACT,
        "test_it_is_retried_and_ends_some_time",
    ),
    Mutation(
        "a flow ends some time",
        FLOW,
        "    timeout_seconds=2 * 60 * 60,\n",
        "",
        FLOW_CONTRACT,
        "test_it_is_retried_and_ends_some_time",
    ),
    Mutation(
        "a flow is exported",
        FLOWS,
        '["postgresql_to_adls", ',
        "[",
        FLOW_CONTRACT,
        "test_it_is_exported",
    ),
    Mutation(
        "a retried load knows its own file",
        LAKE,
        "replace = overwrite or written_by == load_id",
        "replace = overwrite",
        LAKE_LIVE,
        "test_a_retry_replaces_what_its_own_load_wrote",
    ),
    Mutation(
        "a retried flow knows its own file",
        WRITE,
        "load_id=current_load_id()",
        "load_id=None",
        LAKE_LIVE,
        "test_a_flow_that_is_retried_replaces_what_it_wrote_itself",
    ),
]

SECRET_RULES = [
    Mutation(
        "a password is not in a repr",
        SOURCE,
        "    password: SecretStr | None = None\n",
        "    password: str | None = None\n",
        SOURCE_CONTRACT,
        "test_its_repr_shows_no_secret",
    ),
    Mutation(
        "an account key is not in a repr",
        LAKE,
        "    account_key: SecretStr | None = None\n",
        "    account_key: str | None = None\n",
        LAKE_CONTRACT,
        "test_its_repr_shows_no_secret",
    ),
    Mutation(
        "a connection string is not in a repr",
        LAKE,
        "    connection_string: SecretStr | None = None\n",
        "    connection_string: str | None = None\n",
        LAKE_UNIT,
        "test_no_way_in_shows_its_secret",
    ),
    Mutation(
        "a misspelt field's value is not in its error",
        BASE,
        "hide_input_in_errors=True",
        "hide_input_in_errors=False",
        SOURCE_CONTRACT,
        "test_a_misspelt_field_is_named_and_no_value_is_shown",
    ),
    Mutation(
        "an address in a message has no password",
        BASE,
        'f"{self.url.host}:{self.url.port}/" if self.url.host',
        "self.url.render_as_string(hide_password=False) if self.url.host",
        SOURCE_CONTRACT,
        "test_a_server_that_is_not_there_is_worth_a_retry",
    ),
    Mutation(
        "a log line has no password",
        BASE,
        "        return create_engine(\n",
        "        self.logger.debug(self.url.render_as_string(hide_password=False))\n"
        "        return create_engine(\n",
        SOURCE_CONTRACT,
        "test_a_server_that_is_not_there_is_worth_a_retry",
    ),
    Mutation(
        "an error quotes no line of the configuration",
        CONFIG,
        '"The configuration is not valid YAML."',
        'f"The configuration is not valid YAML: {err}."',
        "tests/unit/test_config.py",
        "test_broken_yaml_is_reported_by_line_without_its_text",
    ),
    Mutation(
        "a traceback quotes no line of the configuration",
        CONFIG,
        'f"{path}{line}", next_step\n        ) from None',
        'f"{path}{line}", next_step\n        ) from err',
        "tests/unit/test_config.py",
        "test_broken_yaml_is_reported_by_line_without_its_text",
    ),
    Mutation(
        "a traceback does not quote a refusal",
        LAKE,
        "            raise error from (None if refused else err)\n",
        "            raise error from err\n",
        LAKE_UNIT,
        "test_a_refusal_is_not_quoted_since_it_may_hold_a_signature",
    ),
    Mutation(
        "an error does not quote a Prefect block",
        PREFECT,
        '            "The Prefect block holds no JSON object.",\n',
        '            f"It holds no JSON object: {_read(block, reference)}",\n',
        PREFECT_LIVE,
        "test_a_block_without_a_json_object_is_refused_unseen",
    ),
]

EXTRA_RULES = [
    Mutation(
        "an optional import is guarded",
        LAKE,
        "with contextlib.suppress(ImportError):\n",
        "with contextlib.nullcontext():\n",
        LAKE_CONTRACT,
        "Extra::test_its_module_can_be_imported",
    ),
    Mutation(
        "a destination without its extra names it",
        LAKE,
        '    requires = ("adlfs", "adls")\n',
        '    requires = ("adlfs", "azure")\n',
        LAKE_CONTRACT,
        "Extra::test_its_error_names_the_extra",
    ),
    Mutation(
        "a source without its extra says so",
        SOURCE,
        '    requires = ("psycopg2", "postgresql")\n',
        "",
        SOURCE_CONTRACT,
        "Extra::test_its_error_names_the_extra",
    ),
]

WHOLE_FILE_RULES = [
    Mutation(
        "blocks show nothing before the commit",
        LAKE,
        "        self._block_ids.append(block_id)\n",
        "        self._block_ids.append(block_id)\n"
        "        self._call(self._client.commit_block_list, self._block_ids)\n",
        LAKE_LIVE,
        "test_an_error_after_several_blocks_leaves_the_former_file",
    ),
    Mutation(
        "a broken-off load commits nothing",
        LAKE,
        "                written = write_batches(batches, blob, path)\n",
        "                try:\n"
        "                    written = write_batches(batches, blob, path)\n"
        "                finally:\n"
        "                    blob.commit(load_id, replace=replace)\n",
        LAKE_LIVE,
        "test_an_error_in_the_middle_leaves_no_file_where_none_was",
    ),
    Mutation(
        "a commit is refused where a file has appeared",
        LAKE,
        'condition = {} if replace else {"match_condition": MatchConditions.IfMissing}',
        "condition: dict[str, Any] = {}",
        LAKE_LIVE,
        "test_a_file_that_appears_meanwhile_is_refused_and_stays",
    ),
    Mutation(
        "an existing file is refused",
        LAKE,
        "            if written_by is not None and not replace:\n"
        "                raise DestinationExistsError.at(path)\n",
        "            replace = True\n",
        LAKE_LIVE,
        "test_an_existing_file_is_refused_and_stays",
    ),
    Mutation(
        "a local file is written beside its place",
        FOLDER,
        'with open(partial, "xb", opener=_opener(mode)) as file:',
        'with target.open("wb") as file:',
        FOLDER_UNIT,
        "test_an_error_in_the_middle_leaves_the_former_file",
    ),
    Mutation(
        "a local file that has appeared is not replaced",
        FOLDER,
        "            target.hardlink_to(partial)\n",
        "            partial.replace(target)\n",
        FOLDER_UNIT,
        "test_a_file_that_appears_meanwhile_is_refused_and_stays",
    ),
    Mutation(
        "a failed local load leaves nothing else",
        FOLDER,
        "                partial.unlink(missing_ok=True)\n",
        "                pass\n",
        FOLDER_UNIT,
        "test_nothing_else_is_left_beside_the_file",
    ),
    Mutation(
        "a column that changed fails by its name",
        FORMATS,
        "        check_schema(first.schema, batch.schema, path)\n",
        "",
        LAKE_LIVE,
        "test_a_column_that_changed_is_named",
    ),
]

TYPE_RULES = [
    Mutation(
        "batches are bounded",
        BASE,
        "return max(1, min(fitting, most))",
        "return most",
        BASE_UNIT,
        "test_batches_are_bounded",
    ),
    Mutation(
        "batches grow step by step",
        BASE,
        "return max(1, min(fitting, most))",
        "return max(1, fitting)",
        BASE_UNIT,
        "test_batches_stay_short_where_later_rows_are_longer",
    ),
    Mutation(
        "NULL is not an empty text",
        COPY,
        "np.arange(1, 2 * len(starts), 2), mask=nulls)",
        "np.arange(1, 2 * len(starts), 2))",
        SOURCE_LIVE,
        "test_a_value_keeps_its_type[text-",
    ),
    Mutation(
        "NULL is not an empty text in a CSV file",
        FORMATS,
        "csv.CSVWriter(sink, self._schema)",
        "csv.CSVWriter(sink, self._schema, "
        'write_options=csv.WriteOptions(quoting_style="none"))',
        FORMATS_UNIT,
        "test_csv_tells_null_from_empty_text",
    ),
    Mutation(
        "an integer is not a float",
        COPY,
        'Layout("bigint", pa.int64(), ">i8")',
        'Layout("bigint", pa.float64(), ">i8")',
        SOURCE_LIVE,
        "test_a_value_keeps_its_type[int8-",
    ),
    Mutation(
        "a nullable integer is not a float",
        BASE,
        "table.to_pandas(types_mapper=pd.ArrowDtype)",
        "table.to_pandas()",
        SOURCE_LIVE,
        "test_a_nullable_integer_stays_an_integer",
    ),
    Mutation(
        "numeric is not float64",
        COPY,
        "    return pa.decimal128(digits, decimals)\n",
        "    return pa.float64()\n",
        COPY_UNIT,
        "test_numeric_is_a_decimal_where_one_holds_it",
    ),
    Mutation(
        "numeric without a precision is not float64",
        COPY,
        "    if digits > DECIMAL256_DIGITS:\n        return pa.string()\n",
        "    if digits > DECIMAL256_DIGITS:\n        return pa.float64()\n",
        SOURCE_LIVE,
        "test_a_value_keeps_its_type[numeric-1e-15",
    ),
    Mutation(
        "timestamptz keeps its zone",
        COPY,
        'pa.timestamp("us", tz="UTC")',
        'pa.timestamp("us")',
        SOURCE_LIVE,
        "test_a_value_keeps_its_type[timestamptz-",
    ),
    Mutation(
        "an interval does not hang on the server's settings",
        SOURCE,
        '    "IntervalStyle": "iso_8601",\n',
        "",
        SOURCE_LIVE,
        "test_a_value_keeps_its_type[interval-",
    ),
    Mutation(
        "infinity passes for no date",
        COPY,
        'EPOCH_DAYS, _infinities(">i4"))',
        "EPOCH_DAYS)",
        COPY_UNIT,
        "test_a_value_without_counterpart_names_its_column_and_the_cast",
    ),
    Mutation(
        "a time after what Arrow counts does not come round",
        COPY,
        "(present > layout.last).any()",
        "False",
        COPY_UNIT,
        "test_a_value_without_counterpart_names_its_column_and_the_cast",
    ),
    Mutation(
        "midnight is not the end of the day before",
        COPY,
        'refused=((DAY_END, "24:00:00"),)',
        "refused=()",
        COPY_UNIT,
        "test_a_value_without_counterpart_names_its_column_and_the_cast",
    ),
    Mutation(
        "a date is counted from 1970",
        COPY,
        '">i4", EPOCH_DAYS, ',
        '">i4", 0, ',
        COPY_UNIT,
        "test_a_value_is_decoded_and_null_is_not",
    ),
    Mutation(
        "a timestamp is counted from 1970",
        COPY,
        '">i8", EPOCH_MICROSECONDS, ',
        '">i8", 0, ',
        SOURCE_LIVE,
        "test_a_value_keeps_its_type[timestamptz-",
    ),
    Mutation(
        "a scale has a sign",
        COPY,
        "(scale & 0x7FF ^ 0x400) - 0x400",
        "scale & 0x7FF",
        COPY_UNIT,
        "test_numeric_is_a_decimal_where_one_holds_it",
    ),
    Mutation(
        "a scale may be above its precision",
        COPY,
        "max(precision, scale, precision - scale)",
        "max(precision, precision - scale)",
        COPY_UNIT,
        "test_numeric_is_a_decimal_where_one_holds_it",
    ),
    Mutation(
        "NULL is not taken for what follows it",
        COPY,
        "present = values if nulls is None else values[~nulls]",
        "present = values",
        COPY_UNIT,
        "test_null_is_not_taken_for_what_follows_it",
    ),
    Mutation(
        "a cast quotes the name of its column",
        COPY,
        """.replace('"', '""')""",
        "",
        COPY_UNIT,
        "test_a_cast_quotes_the_name_as_postgresql_does",
    ),
    Mutation(
        "bytes are hex digits in a CSV file",
        FORMATS,
        "self._writer.write_batch(_writable(batch))",
        "self._writer.write_batch(batch.cast(self._schema))",
        FORMATS_UNIT,
        "test_csv_has_bytes_as_hex_digits",
    ),
    Mutation(
        "a day far away is not written as another",
        FORMATS,
        "    if farthest > WRITABLE_SECONDS:\n",
        "    if farthest > 2**63:\n",
        FORMATS_UNIT,
        "test_a_day_too_far_away_for_text_is_refused_not_written_as_another",
    ),
    Mutation(
        "Polars is not given a decimal that it does not have",
        BASE,
        "if pa.types.is_decimal256(field.type):",
        "if pa.types.is_decimal32(field.type):",
        "tests/unit/test_base.py",
        "test_polars_has_no_decimal_of_more_than_38_digits",
    ),
    *(
        Mutation(
            f"a text does not hang on the server's {name}",
            SOURCE,
            f'    "{name}": "{setting}",{note}\n',
            "",
            SOURCE_LIVE,
            f"test_what_a_text_looks_like_does_not_hang_on_the_server[{name}-",
        )
        for name, setting, note in (
            ("DateStyle", "ISO", ""),
            ("TimeZone", "UTC", ""),
            ("bytea_output", "hex", ""),
            ("extra_float_digits", "3", "  # before PostgreSQL 12, one is too few"),
        )
    ),
    Mutation(
        "a result is not fetched at once",
        SOURCE,
        "        if self._bytes >= self._batch_bytes:\n",
        "        if self._bytes >= 2**40:\n",
        SOURCE_LIVE,
        "test_a_large_result_is_not_fetched_at_once",
    ),
    Mutation(
        "a query that nobody reads is stopped",
        AHEAD,
        "            cancel()\n",
        "            pass\n",
        "tests/unit/test_read_ahead.py",
        "test_who_is_blocked_is_cancelled_at_the_deadline_or_the_end",
    ),
]

VERIFICATION_RULES = [
    Mutation(
        "a full verification compares checksums",
        LOADING,
        "            check = _comparison(checksums, target)\n",
        "            check = None\n",
        LOADING_UNIT,
        "test_what_arrives_otherwise_fails_a_full_verification",
    ),
    Mutation(
        "a source that has no checksums is refused up front",
        LOADING,
        "    if not source.has_checksums:\n",
        "    if source is None:\n",
        LOADING_UNIT,
        "test_a_source_without_checksums_is_loaded_but_not_fully_verified",
    ),
    Mutation(
        "a manifest's file is read again and compared",
        BASE,
        "        if found.hexdigest() != written.sha256:\n",
        "        if not found.hexdigest():\n",
        LOADING_UNIT,
        "test_a_changed_byte_is_noticed_at_any_later_time",
    ),
    Mutation(
        "equal pairs of values don't cancel",
        CHECKSUMS,
        "int(hashes.sum(dtype=np.uint64))",
        "int(np.bitwise_xor.reduce(hashes))",
        CHECKSUMS_UNIT,
        "test_a_change_is_named[changed1-",
    ),
    Mutation(
        "values exchanged between rows are noticed",
        CHECKSUMS,
        "            of_rows ^= hashes\n",
        "            of_rows += hashes\n",
        CHECKSUMS_UNIT,
        "test_a_change_is_named[changed6-",
    ),
    Mutation(
        "the sign of zero is hashed",
        CHECKSUMS,
        "(values + native.type(added) if added else values)",
        "(values + native.type(added))",
        CHECKSUMS_UNIT,
        "test_a_hash_is_that_of_the_server[-0.0-",
    ),
    Mutation(
        "a file appears only after its check",
        LAKE,
        "            check(read_batches(reader, path))\n",
        "",
        LAKE_LIVE,
        "test_a_check_that_fails_leaves_the_former_file",
    ),
    Mutation(
        "what is checked has a name that nobody else has",
        BASE,
        'return f"{partial_start(path)}{own}.partial"',
        'return partial_start(path).removesuffix(".")',
        LAKE_LIVE,
        "test_a_check_leaves_the_files_beside_as_they_were",
    ),
    Mutation(
        "loads of one file have names of their own",
        BASE,
        'return f"{partial_start(path)}{own}.partial"',
        'return f"{partial_start(path)}{own[:0]}.partial"',
        LAKE_LIVE,
        "test_two_checked_loads_of_one_file_see_their_own_rows",
    ),
    Mutation(
        "a checked load leaves nothing hidden",
        LAKE,
        "                reader.delete()\n",
        "                pass\n",
        LAKE_LIVE,
        "test_a_checked_load_leaves_nothing_beside_its_file",
    ),
    Mutation(
        "a local file appears only after its check",
        FOLDER,
        "                        check(read_batches(file, path))\n",
        "                        file.read()\n",
        FOLDER_UNIT,
        "test_a_check_that_fails_leaves_the_former_file",
    ),
    Mutation(
        "a streaming task asks for both ends' credentials",
        STREAM,
        "        postgresql_config_key,\n",
        '        postgresql_config_key or "any",\n',
        STREAM_CONTRACT,
        "test_without_credentials_it_does_nothing_else",
    ),
]

MUTATIONS = [
    *TASK_RULES,
    *FLOW_RULES,
    *SECRET_RULES,
    *EXTRA_RULES,
    *WHOLE_FILE_RULES,
    *TYPE_RULES,
    *VERIFICATION_RULES,
]
TRIED = MUTATIONS if EVERY_POINT else random.Random(11).sample(MUTATIONS, SAMPLE)  # noqa: S311


@pytest.fixture(scope="module")
def results(
    tmp_path_factory: pytest.TempPathFactory,
    with_local: Path,
    postgres: PostgreSQL,
    azurite: Azurite,
    prefect_server: PrefectServer,
) -> Results:
    """Run all mutations in one batch, and the same tests on what they break."""
    folder = tmp_path_factory.mktemp("mutations")
    # Each run makes it where it is missing, and two of them may come at once.
    azurite.create_container("connector-tests")
    config = write_config(
        folder / "config.yaml",
        {
            "postgresql_test": postgresql_credentials(postgres),
            "adls_test": {"connection_string": connection_string(azurite)},
        },
    )
    by_base: dict[str, list[Mutation]] = {}
    for mutation in TRIED:
        by_base.setdefault(base_of(mutation), []).append(mutation)
    return run_mutations(
        folder,
        by_base,
        {SOUND: GOLDEN, SOUND_WITH_LOCAL: with_local},
        config=config,
        servers=prefect_server.environment,
        seconds=540,  # below pytest's own
    )


def base_of(mutation: Mutation) -> str:
    """Return the name of the unbroken folder that is copied."""
    return SOUND_WITH_LOCAL if mutation.file == FOLDER else SOUND


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.rule)
def test_what_a_mutation_replaces_is_there_once(
    mutation: Mutation, with_local: Path
) -> None:
    base = with_local if base_of(mutation) == SOUND_WITH_LOCAL else GOLDEN
    assert (base / mutation.file).read_text("utf-8").count(mutation.old) == 1
    assert mutation.new != mutation.old


@pytest.mark.parametrize("mutation", TRIED, ids=lambda mutation: mutation.rule)
def test_an_unbroken_rule_passes(mutation: Mutation, results: Results) -> None:
    sound = results[base_of(mutation)]
    assert sound["code"] == pytest.ExitCode.OK, sound["failed"]
    assert any(mutation.is_noticed_in(test) for test in sound["passed"])


@pytest.mark.parametrize("mutation", TRIED, ids=lambda mutation: mutation.rule)
def test_a_broken_rule_is_noticed(mutation: Mutation, results: Results) -> None:
    result = results[mutation.folder]
    assert result["code"] == pytest.ExitCode.TESTS_FAILED, result
    assert any(mutation.is_noticed_in(test) for test in result["failed"]), result


def test_the_counts_are_kept(results: Results, keep: Keep) -> None:
    broken, wrong = Counter[str](), Counter[str]()
    for mutation in TRIED:
        name = mutation.file.removeprefix("src/acme/")
        failed = results[mutation.folder]["failed"]
        broken[name] += 1
        wrong[name] += not any(mutation.is_noticed_in(test) for test in failed)
    for name in sorted(broken):
        keep("rules_of_the_golden", module=name, broken=broken[name], wrong=wrong[name])
    assert broken.total() == len(TRIED)
