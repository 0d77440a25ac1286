"""PostgreSQL's types and their edge values: their Arrow types, and what is refused.

Data only. Values are written as PostgreSQL reads them. Each case is a table with the
columns `number` and `value`; its last row is NULL. The scoreboard uses the same cases.
"""

from dataclasses import dataclass

SCHEMA = "types"

# Arrow can't write a day that is 30,000 years away as text.
TEXT_FILES = frozenset({"csv", "jsonl"})
POLARS = frozenset({"polars"})  # has no decimal of more than 38 digits


@dataclass(frozen=True)
class Case:
    """A type, the Arrow type that holds it, and values.

    Attributes:
        type_name: As in CREATE TABLE; a note after `--` tells cases of a type apart.
        arrow: As PyArrow names the type.
        values: As text. `NULL` is added.
        beyond: The forms that can't hold the values and must refuse them.
    """

    type_name: str
    arrow: str
    values: tuple[str, ...]
    beyond: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Refused:
    """A value that the Arrow type of its type can't hold.

    Attributes:
        type_name: As in CREATE TABLE.
        value: As text.
        called: How the error calls the type.
        says: How the error calls the value.
        because: The reason, for the documentation.
    """

    type_name: str
    value: str
    called: str
    says: str
    because: str


SETUP = r"""
CREATE SCHEMA types;
CREATE TYPE types.mood AS ENUM ('sad', '', 'it''s "so, so"', 'glücklich');
CREATE TYPE types.pair AS (number int, "a text" text, amount numeric(5, 2));
CREATE TYPE types.nested AS (pairs types.pair[], at timestamptz, bytes bytea);
CREATE TYPE types.float_range AS RANGE (subtype = float8);
CREATE DOMAIN types.price AS numeric(10, 2) CHECK (value > 0);
CREATE DOMAIN types.any_number AS numeric;
CREATE DOMAIN types.word AS varchar(20) CHECK (value <> '');
CREATE DOMAIN types.word_of_words AS types.word;
CREATE DOMAIN types.good_mood AS types.mood CHECK (value <> 'sad');
CREATE DOMAIN types.some AS int[];
CREATE DOMAIN types.day AS date;
CREATE TABLE types."a ""b"" c" ();
CREATE TABLE types.missing ();
ALTER TABLE types.missing ADD COLUMN value int DEFAULT 7;
"""

TEXT = "string"
LONG = 1_000_000


def _nines(digits: int, decimals: int = 0) -> tuple[str, ...]:
    """Return the largest and the smallest number, the least one, and zero."""
    whole, fraction = "9" * (digits - decimals) or "0", "9" * decimals
    most = f"{whole}.{fraction}"
    least = f"1e-{decimals}"
    return most, f"-{most}", least, f"-{least}", "0"


CONTROL = "".join(chr(code) for code in (*range(1, 32), 127, *range(128, 160)))
# The first, a middle and the last three characters of each plane, but surrogates.
PLANES = "".join(
    chr(plane * 0x10000 + offset)
    for plane in range(17)
    for offset in (0x80, 0x1234, 0xFFFD, 0xFFFE, 0xFFFF)
)
TEXTS = (
    *("", " ", "  two before, two after  ", "NULL", "null", r"\N", r"\.", "NaN", "\\"),
    *("'", '"', '""', "`", "a,b", "a;b", "a\tb", "a\nb", "a\r\nb", "\r", "\n", "{}"),
    *("%", "%s", "%(x)s", ":x", "$1", "--", "/*", "\x85\u2028\u2029", CONTROL, PLANES),
    *("\ue000\uf8ff\U000f0000\U0010ffff", "\u200b\u200d\ufeff\u202e\u2066", "e\u0301"),
    *("👩‍👩‍👧‍👦", "שלום", "x" * LONG, "\U0001f600" * (LONG // 4)),
)
BYTES = ("", r"\x00", r"\xff", rf"\x{bytes(range(256)).hex()}", rf"\x{'00ff' * LONG}")

DATES = (
    *("4714-11-24 BC", "0044-03-15 BC", "0005-02-29 BC", "0001-12-31 BC"),
    *("0001-01-01", "1582-10-15", "1900-02-28", "1969-12-31", "1970-01-01"),
    *("1999-12-31", "2000-01-01", "2024-02-29", "9999-12-31", "10000-01-01"),
)
TIMESTAMPS = (
    *("4714-11-24 00:00:00 BC", "0044-03-15 12:34:56.789 BC"),
    *("0001-12-31 23:59:59.999999 BC", "0001-01-01 00:00:00"),
    *("1677-09-21 00:12:43.145223", "1969-12-31 23:59:59.999999", "1970-01-01 00:00"),
    *(
        "2000-01-01 00:00:00.000001",
        "2024-03-31 02:30:00",
        "2262-04-11 23:47:16.854776",
    ),
    *("9999-12-31 23:59:59.999999", "10000-01-01 00:00:00"),
)
FAR_TIMESTAMPS = ("40000-01-01 00:00:00", "294246-12-31 23:59:59.999999")

CASES = [
    Case("boolean", "bool", ("true", "false")),
    Case("smallint", "int16", ("-32768", "32767", "0", "-1")),
    Case("integer", "int32", ("-2147483648", "2147483647", "0", "-1")),
    Case(
        "bigint",
        "int64",
        ("-9223372036854775808", "9223372036854775807", "9007199254740993", "0"),
    ),
    Case(
        "real",
        "float",
        (
            *("0", "-0", "0.1", "16777217", "1e10", "1e-45", "1.17549435e-38"),
            *("3.4028235e38", "-3.4028235e38", "NaN", "Infinity", "-Infinity", "0"),
        ),
    ),
    Case(
        "double precision",
        "double",
        (
            *("0", "-0", "0.1", "0.30000000000000004", "1e23", "5e-324", "-5e-324"),
            *("2.2250738585072014e-308", "1.7976931348623157e308", "9007199254740993"),
            *("NaN", "Infinity", "-Infinity", "0", "-0", "-0", "0"),
        ),
    ),
    # Numbers, by precision and scale
    Case(
        "numeric",
        TEXT,
        (
            *("0", "-0", "1e-15", "1.10", "1.1000", "NaN", "Infinity", "-Infinity"),
            *("123456789012345678901234567890.123456789012345678901234567890",),
            *("9" * 131_072, f"-{'9' * 1000}.{'9' * 1000}", "1e-16383"),
        ),
    ),
    Case("numeric(1, 0)", "decimal128(1, 0)", _nines(1)),
    Case("numeric(5, 2)", "decimal128(5, 2)", _nines(5, 2)),
    Case("numeric(18, 6)", "decimal128(18, 6)", _nines(18, 6)),
    Case("numeric(19, 19)", "decimal128(19, 19)", _nines(19, 19)),
    Case("numeric(38, 0)", "decimal128(38, 0)", _nines(38)),
    Case("numeric(38, 10)", "decimal128(38, 10)", _nines(38, 10)),
    Case("numeric(38, 38)", "decimal128(38, 38)", _nines(38, 38)),
    Case("numeric(39, 0)", "decimal256(39, 0)", _nines(39), POLARS),
    Case("numeric(39, 39)", "decimal256(39, 39)", _nines(39, 39), POLARS),
    Case("numeric(76, 0)", "decimal256(76, 0)", _nines(76), POLARS),
    Case("numeric(76, 38)", "decimal256(76, 38)", _nines(76, 38), POLARS),
    Case("numeric(77, 0)", TEXT, _nines(77)),
    Case("numeric(77, 38)", TEXT, (*_nines(77, 38), "NaN")),
    Case("numeric(1000, 1000)", TEXT, _nines(1000, 1000)),
    Case("numeric(3, -2)", "decimal128(5, 0)", ("99900", "-99900", "149", "151", "0")),
    Case("numeric(38, -38)", "decimal256(76, 0)", ("9e75", "1e38", "-1e75"), POLARS),
    Case("numeric(38, -39)", TEXT, ("9e76", "1e39")),
    Case("numeric(3, 5)", "decimal128(5, 5)", ("0.00999", "-0.00001", "0")),
    Case("numeric(1, 76)", "decimal256(76, 76)", ("9e-76", "-9e-76", "0"), POLARS),
    Case("numeric(1, 77)", TEXT, ("9e-77", "0")),
    Case("money", TEXT, ("-92233720368547758.08", "92233720368547758.07", "0", "0.01")),
    # Text and bytes
    Case("text", TEXT, TEXTS),
    Case("varchar(5)", TEXT, ("", "a", "  a  ", "\U0010ffff" * 5)),
    Case("char(5)", TEXT, ("", "a", "  a", "abcde", "ü")),
    Case('"char"', TEXT, ("", "a", " ", r"\200", r"\377", "'")),
    Case("name", TEXT, ("", "a", "x" * 63, "ü" * 31)),
    Case("bytea", "binary", BYTES),
    # Days and times
    Case("date", "date32[day]", DATES),
    Case("date -- far", "date32[day]", ("294277-01-01", "5874897-12-31"), TEXT_FILES),
    Case("time", "time64[us]", ("00:00", "00:00:00.000001", "23:59:59.999999")),
    Case("time(0)", "time64[us]", ("00:00", "12:34:56")),
    Case(
        "timetz",
        TEXT,
        ("00:00:00-15:59", "24:00:00+15:59", "12:00:00.000001+02", "12:00+05:53:28"),
    ),
    Case("timestamp", "timestamp[us]", TIMESTAMPS),
    Case("timestamp -- far", "timestamp[us]", FAR_TIMESTAMPS, TEXT_FILES),
    Case("timestamp(0)", "timestamp[us]", ("2024-02-29 12:34:56", "0001-01-01 BC")),
    Case("timestamptz", "timestamp[us, tz=UTC]", TIMESTAMPS),
    Case(
        "timestamptz -- offsets",
        "timestamp[us, tz=UTC]",
        ("2024-03-31 02:30+02", "2024-03-31 02:30-15:59", "1900-01-01 00:00+00:19:32"),
    ),
    Case("timestamptz -- far", "timestamp[us, tz=UTC]", FAR_TIMESTAMPS, TEXT_FILES),
    Case(
        "interval",
        TEXT,
        (
            *("0", "1 mon 2 days", "-1 mon 1 day -0.000001 s", "1 day -1 s", "30 days"),
            *("24:00:00", "178000000 years", "-178000000 years", "2147483647 mons"),
            *("2147483647 days", "-2147483648 days", "2562047788:00:54.775807"),
            *("-2562047788:00:54.775807", "infinity", "-infinity"),
        ),
    ),
    Case("interval year to month", TEXT, ("1 year -2 mons", "-1 mon")),
    Case("interval second(3)", TEXT, ("1.234", "-0.001")),
    # Documents
    Case(
        "json",
        TEXT,
        (
            *('{"b": 1,  "a":2, "b":3}', " [1 , 2]\n", "1e400", "1.0", "null", '""'),
            *(r'"\u0000\ud83d\ude00"', '"ü\\n"', "12345678901234567890.10"),
        ),
    ),
    Case(
        "jsonb",
        TEXT,
        ('{"b": 1, "a": 2, "b": 3}', "[]", "1e400", "1.10", "null", '"\\"ü"'),
    ),
    Case("jsonpath", TEXT, ("$.a[*] ? (@.b > 1 && exists (@.c))", 'strict $."a b"')),
    Case("tsvector", TEXT, ("", "a:1A fat:2B,4C 'a \"cat\"':5D", r"'\\' ''''")),
    Case("tsquery", TEXT, ("", "fat & (rat | !cat)", "'it''s':*AB <2> b")),
    # Identifiers and user-defined types
    Case(
        "uuid",
        TEXT,
        (
            "00000000-0000-0000-0000-000000000000",
            "FFFFFFFF-ffff-ffff-ffff-ffffffffffff",
        ),
    ),
    Case("types.mood", TEXT, ("sad", "", 'it\'s "so, so"', "glücklich")),
    Case("types.price", "decimal128(10, 2)", ("0.01", "99999999.99")),
    Case("types.any_number", TEXT, ("1.10", "NaN", "1e-15")),
    Case("types.word", TEXT, ("a", "\U0010ffff")),
    Case("types.word_of_words", TEXT, ("a", "\n")),
    Case("types.good_mood", TEXT, ("", "glücklich")),
    Case("types.some", TEXT, ("{}", "{1,NULL}")),
    Case("types.day", "date32[day]", ("0044-03-15 BC", "2000-01-01")),
    Case("types.pair", TEXT, ("(,,)", '(1,"",1.10)', r'(-1,"a ""b"", \\ ,",)')),
    Case(
        "types.nested",
        TEXT,
        (r'("{""(1,a,1.10)"",NULL}","2024-03-31 02:30+02","\\x00ff")', "({},,)"),
    ),
    # Ranges
    Case("int4range", TEXT, ("empty", "[1,5)", "(,)", "[1,1]", "(,7]")),
    Case("int8range", TEXT, ("[-9223372036854775808,9223372036854775807)",)),
    Case("numrange", TEXT, ("[1.10,1.100]", "(0,)", "[NaN,)")),
    Case("daterange", TEXT, ("[0044-03-15 BC,2024-02-29]", "[2024-01-01,infinity)")),
    Case("tsrange", TEXT, ('["2024-01-01 00:00","294276-12-31 23:59:59.999999")',)),
    Case("tstzrange", TEXT, ('("2024-03-31 02:30+02",infinity]', "empty")),
    Case("types.float_range", TEXT, ("[0.1,0.30000000000000004]", "[-Infinity,NaN]")),
    Case("int4multirange", TEXT, ("{}", "{[1,3),[5,7)}")),
    Case("datemultirange", TEXT, ("{[0044-03-15 BC,0001-01-01),(,infinity)}", "{}")),
    # Arrays
    Case(
        "integer[]",
        TEXT,
        ("{}", "{NULL}", "{1,NULL,2}", "[2:4]={1,2,3}", "{{1,2},{3,4}}"),
    ),
    Case(
        "integer[] -- bounds", TEXT, ("[0:1][-1:0]={{1,2},{3,NULL}}", "{{{{{{1}}}}}}")
    ),
    Case("text[]", TEXT, ("{}", '{"",NULL,"NULL"," a ","{}","a,b"}', r'{"\"","\\"}')),
    Case("boolean[]", TEXT, ("{t,f,NULL}",)),
    Case("numeric(5, 2)[]", TEXT, ("{1.10,NaN,NULL}",)),
    Case("double precision[]", TEXT, ("{0.1,-0,5e-324,NaN,Infinity,1e23}",)),
    Case("real[]", TEXT, ("{0.1,1e-45,3.4028235e38,16777217}",)),
    Case("bytea[]", TEXT, (r'{"\\x","\\x00ff",NULL}',)),
    Case("date[]", TEXT, ('{"0044-03-15 BC",infinity,5874897-12-31}',)),
    Case("timestamptz[]", TEXT, ('{"2024-03-31 02:30+02",-infinity}',)),
    Case("interval[]", TEXT, ('{"1 mon -2 days 3.5 s","-00:00:00.000001"}',)),
    Case("json[]", TEXT, (r'{"{\"b\": 1,  \"b\":2}",null}',)),
    Case("uuid[]", TEXT, ("{00000000-0000-0000-0000-000000000001}",)),
    Case("types.mood[]", TEXT, (r'{sad,"","it\'s \"so, so\""}',)),
    Case("types.pair[]", TEXT, (r'{"(1,\"a, b\",)","(,,)",NULL}',)),
    # Networks, bits, geometry
    Case("inet", TEXT, ("192.168.0.1/24", "10.0.0.1", "::1", "2001:db8::/32")),
    Case("cidr", TEXT, ("192.168.0.0/24", "10.0.0.1", "::/0")),
    Case("macaddr", TEXT, ("08:00:2b:01:02:03",)),
    Case("macaddr8", TEXT, ("08:00:2b:01:02:03:04:05", "ff:ff:ff:ff:ff:ff:ff:ff")),
    Case("bit(9)", TEXT, ("000000000", "101010101")),
    Case("bit varying", TEXT, ("", "1", "01" * 1000)),
    Case("point", TEXT, ("(0.1,-0)", "(NaN,Infinity)", "(5e-324,1e23)")),
    Case("line", TEXT, ("{1,-1,0.1}",)),
    Case("lseg", TEXT, ("[(0,0),(0.1,1e300)]",)),
    Case("box", TEXT, ("(1,1),(-0.1,0)",)),
    Case("path", TEXT, ("[(0,0),(1,1)]", "((0,0),(1,1),(0.1,0))")),
    Case("polygon", TEXT, ("((0,0),(1,1),(0.1,0))",)),
    Case("circle", TEXT, ("<(0.1,-1),2>",)),
    # Types of the server's own tables
    Case("oid", "uint32", ("0", "4294967295")),
    Case("xid", TEXT, ("0", "4294967295")),
    Case("xid8", TEXT, ("0", "18446744073709551615")),
    Case("cid", TEXT, ("4294967295",)),
    Case("tid", TEXT, ("(0,1)", "(4294967295,65535)")),
    Case("pg_lsn", TEXT, ("0/0", "FFFFFFFF/FFFFFFFF")),
    Case("pg_snapshot", TEXT, ("10:20:10,14,15",)),
    Case("txid_snapshot", TEXT, ("10:20:",)),
    Case("regclass", TEXT, ("pg_class", 'types."a ""b"" c"', "0")),
    Case("regtype", TEXT, ("integer[]", "types.mood")),
    Case("regproc", TEXT, ("now",)),
    Case("regprocedure", TEXT, ("abs(bigint)",)),
    Case("regrole", TEXT, ("postgres",)),
    Case("oidvector", TEXT, ("", "1 2 4294967295")),
    Case("int2vector", TEXT, ("1 -2",)),
    Case("aclitem", TEXT, ("=r/postgres",)),
    Case("refcursor", TEXT, ("", "a")),
]

# Types of extensions: a statement that fails if the server hasn't got the extension.
OPTIONAL = {
    "CREATE EXTENSION vector": Case("vector(3)", TEXT, ("[1,0.1,-3e-20]",)),
    "CREATE EXTENSION hstore": Case("hstore", TEXT, ('"a b"=>NULL,""=>"\\"",n=>"1"',)),
    "CREATE EXTENSION citext": Case("citext", TEXT, ("Ä", "")),
    "SELECT '<a/>'::xml": Case("xml", TEXT, ("<a b='1'> <!-- c --> ü\n</a>", "a &lt;")),
}

NO_INFINITY = "Arrow's dates and timestamps have no infinity"
NO_LATER = "Arrow counts from 1970, not 2000, so its numbers end 30 years earlier"
REFUSED = [
    Refused("date", "infinity", "date", "infinity", NO_INFINITY),
    Refused("date", "-infinity", "date", "-infinity", NO_INFINITY),
    Refused("timestamp", "infinity", "timestamp", "infinity", NO_INFINITY),
    Refused("timestamp", "-infinity", "timestamp", "-infinity", NO_INFINITY),
    Refused("timestamptz", "infinity", "timestamptz", "infinity", NO_INFINITY),
    Refused("timestamptz", "-infinity", "timestamptz", "-infinity", NO_INFINITY),
    Refused(
        "timestamp",
        "294276-12-31 23:59:59.999999",
        "timestamp",
        "a value after the year 294246",
        NO_LATER,
    ),
    Refused(
        "timestamptz",
        "294247-01-10 04:00:54.775808+00",
        "timestamptz",
        "a value after the year 294246",
        NO_LATER,
    ),
    Refused("time", "24:00:00", "time", "24:00:00", "Arrow's day ends before 24:00"),
    Refused("numeric(3, 1)", "NaN", "numeric", "NaN", "Arrow's decimals have no NaN"),
    Refused("numeric(50, 1)", "NaN", "numeric", "NaN", "Arrow's decimals have no NaN"),
    Refused("types.price", "NaN", "numeric", "NaN", "Arrow's decimals have no NaN"),
    Refused("types.day", "infinity", "date", "infinity", NO_INFINITY),
]

# Types that only a query can have, and the text that PostgreSQL writes.
RESULTS = {
    "void": ("SELECT 0 AS number, pg_sleep(0) AS value", ""),
    "a row": ("SELECT 0 AS number, ROW(1, NULL, 'a b') AS value", '(1,,"a b")'),
    "a text of no type": ("SELECT 0 AS number, 'a' AS value", "a"),
    "NULL of no type": ("SELECT 0 AS number, NULL AS value", None),
    "an array of any type": (
        (
            "SELECT 0 AS number, attmissingval AS value FROM pg_attribute "
            "WHERE attrelid = 'types.missing'::regclass AND attnum = 1"
        ),
        "{7}",
    ),
    "a row of a table": (
        "SELECT 0 AS number, one AS value FROM (VALUES (1, 'a')) AS one",
        "(1,a)",
    ),
}
