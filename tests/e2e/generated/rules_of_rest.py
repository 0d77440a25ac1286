"""Rules of sources behind HTTP, each broken in one place."""

from tests.e2e.generated.mutations import Mutation

RUNTIME = "src/acme"
UNIT = "tests/unit/test_rest_api.py"
BAD = "test_a_bad_answer_says_what_where_and_what_next"

API = f"{RUNTIME}/sources/rest_api.py"
API_RULES = [
    Mutation(
        "rest: a resource is below the address",
        API,
        "        if outside or parts.fragment or",
        "        if parts.fragment or",
        UNIT,
        "test_a_resource_is_below_the_address",
    ),
    Mutation(
        "rest: what the pagination sets is not the caller's",
        API,
        "if taken := sorted(first.keys() & dict(pairs).keys()):",
        "if taken := sorted(first.keys() & set(path)):",
        UNIT,
        "test_what_the_pagination_sets_can_not_be_set",
    ),
    Mutation(
        "rest: a page that was read is noticed",
        API,
        "        if address in seen:\n",
        "        if not address:\n",
        UNIT,
        "test_a_cursor_that_repeats_is_noticed",
    ),
    Mutation(
        "rest: pages come to an end",
        API,
        "        if number >= self.api.pagination.page_limit:\n",
        "        if number >= 50:\n",
        UNIT,
        "test_pages_without_an_end_are_noticed",
    ),
    Mutation(
        "rest: a page for people is no answer",
        API,
        'if answer.content_type == "text/html" or start.startswith(b"<"):',
        'if answer.content_type == "text/html":',
        UNIT,
        BAD,
    ),
    Mutation(
        "rest: the caller's parameters stay on the next page",
        API,
        "    kept = [(name, value) for name, value in pairs "
        "if name not in following.parameters]\n",
        "    kept: list[tuple[str, str]] = []\n",
        UNIT,
        "test_the_caller_s_parameters_stay_on_the_next_page",
    ),
    Mutation(
        "rest: a parameter may be empty",
        API,
        "        pairs = parse_qsl(parts.query, keep_blank_values=True)\n",
        "        pairs = parse_qsl(parts.query)\n",
        UNIT,
        "test_the_resource_and_its_parameters_arrive_as_they_were_given",
    ),
]

CLIENT = f"{RUNTIME}/http_client.py"
CLIENT_RULES = [
    Mutation(
        "http: another server gets no credentials",
        CLIENT,
        "if _origin(str(request.url)) != self.origin:",
        "if not self.origin:",
        UNIT,
        "test_a_redirect_to_another_server_gets_no_credentials",
    ),
    Mutation(
        "http: another server is not asked for a page",
        CLIENT,
        "        if _origin(address) != self.origin:\n",
        "        if not _origin(address):\n",
        UNIT,
        "test_a_next_page_on_another_server_is_not_asked_for",
    ),
    Mutation(
        "http: a secret in an address is left out",
        CLIENT,
        "for name, value in pairs if name not in secret]",
        "for name, value in pairs]",
        UNIT,
        "test_a_key_in_the_query_is_sent_and_never_shown",
    ),
    Mutation(
        "http: a pause is as long as the server says",
        CLIENT,
        "random.uniform(0, longest) if again.pause is None else again.pause",
        "random.uniform(0, longest)",
        UNIT,
        "test_a_server_says_how_long_to_wait",
    ),
    Mutation(
        "http: there is an end of attempts",
        CLIENT,
        "if attempt >= self._limits.attempts or time",
        "if attempt >= 9 or time",
        UNIT,
        "test_a_server_that_stays_busy_is_given_up",
    ),
    Mutation(
        "http: a pause is not longer than there is time",
        CLIENT,
        "time.monotonic() + pause > deadline:",
        "pause > 9999:",
        UNIT,
        "test_a_server_that_wants_more_time_than_there_is_is_given_up_at_once",
    ),
    Mutation(
        "http: a page is bounded",
        CLIENT,
        "            if len(body) > most:\n",
        "            if len(body) > 2**40:\n",
        UNIT,
        "test_a_page_is_not_longer_than_it_may_be",
    ),
    Mutation(
        "http: requests keep to a rate",
        CLIENT,
        "        time.sleep(start - now)\n",
        "        time.sleep(0)\n",
        UNIT,
        "test_requests_keep_to_a_rate",
    ),
    Mutation(
        "http: an expired token is replaced",
        CLIENT,
        "                renewed, self._token = True, None\n",
        "                renewed = True\n",
        UNIT,
        "test_an_expired_token_is_replaced_once",
    ),
    Mutation(
        "http: a token is replaced before its end",
        CLIENT,
        "lasts = seconds - TOKEN_SECONDS if",
        "lasts = seconds if",
        UNIT,
        "test_a_token_near_its_end_is_replaced_before_it_is_used",
    ),
    Mutation(
        "http: redirects come to an end",
        CLIENT,
        "        for _ in range(REDIRECTS + 1):\n",
        "        for _ in range(REDIRECTS + 30):\n",
        UNIT,
        "test_redirects_come_to_an_end",
    ),
]

AUTHENTICATION = f"{RUNTIME}/sources/authentication.py"
IN_HEADER = "test_a_secret_is_in_its_header"
AUTHENTICATION_RULES = [
    Mutation(
        "authentication: a key has its own header",
        AUTHENTICATION,
        "return {self.header: self.key.get_secret_value()}",
        'return {"X-API-Key": self.key.get_secret_value()}',
        UNIT,
        IN_HEADER,
    ),
    Mutation(
        "authentication: a user and a password are UTF-8",
        AUTHENTICATION,
        '{self.password.get_secret_value()}".encode()',
        '{self.password.get_secret_value()}".encode("latin-1")',
        UNIT,
        IN_HEADER,
    ),
    Mutation(
        "authentication: a token is a bearer's",
        AUTHENTICATION,
        'f"Bearer {self.token.get_secret_value()}"',
        "self.token.get_secret_value()",
        UNIT,
        IN_HEADER,
    ),
    Mutation(
        "authentication: a line break is refused unseen",
        AUTHENTICATION,
        "if isinstance(text, str) and not text.isprintable():",
        "if isinstance(text, bytes):",
        UNIT,
        "test_a_secret_that_can_not_be_sent_is_refused_and_not_shown",
    ),
    Mutation(
        "authentication: what a header can't hold is refused unseen",
        AUTHENTICATION,
        "not (text.isascii() and text.isprintable())",
        "not text.isprintable()",
        UNIT,
        "test_a_secret_that_can_not_be_sent_is_refused_and_not_shown",
    ),
    Mutation(
        "authentication: an address holds no user",
        AUTHENTICATION,
        'if not leads or "@" in parts.netloc or',
        "if not leads or",
        UNIT,
        "test_an_address_that_leads_nowhere_or_holds_a_secret_is_refused",
    ),
    Mutation(
        "authentication: a token is asked for with its scope",
        AUTHENTICATION,
        '{"grant_type": self.grant_type, **scope}',
        '{"grant_type": self.grant_type}',
        UNIT,
        "test_an_expired_token_is_replaced_once",
    ),
    Mutation(
        "authentication: a key in the query is sent",
        AUTHENTICATION,
        "return {self.parameter: self.key.get_secret_value()}",
        "return {}",
        UNIT,
        "test_a_key_in_the_query_is_sent_and_never_shown",
    ),
    Mutation(
        "authentication: a token is no plain text",
        AUTHENTICATION,
        "    token: HeaderValue\n",
        "    token: str\n",
        UNIT,
        IN_HEADER,
    ),
]

PAGINATION = f"{RUNTIME}/pagination.py"
PAGES = "tests/unit/test_pagination.py"
NEXT = "test_each_page_says_where_the_next_one_is"
PAGINATION_RULES = [
    Mutation(
        "pagination: pages are counted from their start",
        PAGINATION,
        "number = self.start + page.number",
        "number = 1 + page.number",
        PAGES,
        NEXT,
    ),
    Mutation(
        "pagination: a page without records is the last number",
        PAGINATION,
        "return Next(None, {self.parameter: str(number)}) if page.records else None",
        "return Next(None, {self.parameter: str(number)})",
        PAGES,
        NEXT,
    ),
    Mutation(
        "pagination: what was read is left out",
        PAGINATION,
        "{self.offset: str(read)}",
        "{self.offset: str(page.records)}",
        PAGES,
        NEXT,
    ),
    Mutation(
        "pagination: a page without records is the last offset",
        PAGINATION,
        "return Next(None, {self.offset: str(read)}) if page.records else None",
        "return Next(None, {self.offset: str(read)})",
        PAGES,
        NEXT,
    ),
    Mutation(
        "pagination: no cursor is the end",
        PAGINATION,
        "return Next(None, {self.parameter: cursor}) if cursor else None",
        "return Next(None, {self.parameter: cursor})",
        PAGES,
        NEXT,
    ),
    Mutation(
        "pagination: no link is the end",
        PAGINATION,
        "return Next(page.next_link, {}) if page.next_link else None",
        "return Next(page.next_link, {})",
        PAGES,
        NEXT,
    ),
    Mutation(
        "pagination: a single page names no next one",
        PAGINATION,
        "        if page.next_link:\n",
        "        if not page.address:\n",
        PAGES,
        "test_a_single_page_that_names_a_next_one_is_not_taken_for_all",
    ),
    Mutation(
        "pagination: what is no text leads nowhere",
        PAGINATION,
        "if isinstance(found, bool) or not isinstance(found, str | int):",
        "if isinstance(found, bytes):",
        PAGES,
        "test_what_is_no_text_leads_to_no_page",
    ),
]

JSON = f"{RUNTIME}/json_records.py"
JSON_UNIT = "tests/unit/test_json_records.py"
EXACT = "test_a_value_arrives_exactly_and_null_stays_null"
OF_TYPE = "test_a_value_of_another_type_names_column_record_and_type"
JSON_RULES = [
    Mutation(
        "json: no number is rounded",
        JSON,
        "            parse_float=Decimal,\n",
        "            parse_float=lambda text: Decimal(repr(float(text))),\n",
        JSON_UNIT,
        EXACT,
    ),
    Mutation(
        "json: a number has no more digits than a double",
        JSON,
        "same = Decimal(repr(number)) == value",
        "same = True",
        JSON_UNIT,
        OF_TYPE,
    ),
    Mutation(
        "json: a truth is no number",
        JSON,
        "    if isinstance(value, bool) or not isinstance(value, int):\n",
        "    if not isinstance(value, int):\n",
        JSON_UNIT,
        OF_TYPE,
    ),
    Mutation(
        "json: NaN is refused",
        JSON,
        "            parse_constant=_refuse_constant,\n",
        "",
        JSON_UNIT,
        "test_what_is_not_exactly_json_is_refused",
    ),
    Mutation(
        "json: one name twice is refused",
        JSON,
        "            object_pairs_hook=_without_duplicates,\n",
        "",
        JSON_UNIT,
        "test_what_is_not_exactly_json_is_refused",
    ),
    Mutation(
        "json: a text that ends early is worth a retry",
        JSON,
        "        if _ends_early(err, text):\n",
        "        if err.pos < 0:\n",
        JSON_UNIT,
        "test_what_is_not_exactly_json_is_refused",
    ),
    Mutation(
        "json: a moment has its offset",
        JSON,
        '    if zoned and not found["zone"]:\n',
        "    if not found:\n",
        JSON_UNIT,
        OF_TYPE,
    ),
    Mutation(
        "json: an undeclared field is refused",
        JSON,
        '        if self.undeclared == "fail":\n',
        '        if self.undeclared == "never":\n',
        JSON_UNIT,
        "test_an_undeclared_field_is_refused_by_its_name",
    ),
    Mutation(
        "json: an undeclared field is told once",
        JSON,
        "            self._warned.add(name)\n",
        "",
        JSON_UNIT,
        "test_an_undeclared_field_is_told_once_and_left_out",
    ),
    Mutation(
        "json: a missing field is refused",
        JSON,
        'if name not in record and self.missing == "fail":',
        'if name not in record and self.missing == "never":',
        JSON_UNIT,
        "test_a_missing_field_is_null_or_refused",
    ),
]
