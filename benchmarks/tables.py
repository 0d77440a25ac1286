"""The tables that are read: what is in them follows from the row's number alone."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """A table for the benchmark.

    Attributes:
        title: What it stands for.
        columns: The expressions of a row, where `n` is its number from 1 on.
        share: Its rows, for each row of the first table.
    """

    title: str
    columns: str
    share: float = 1.0

    def query(self, rows: int) -> str:
        """Return a query that gives the rows without a table."""
        return f"SELECT {self.columns} FROM generate_series(1, {rows}) AS n"  # noqa: S608


MIXED = """
    n::bigint AS id,
    (n::bigint * 7919 % 50000)::integer AS customer,
    CASE WHEN n % 10 > 0 THEN (n % 100)::smallint END AS quantity,
    (n % 100000 / 100.0)::numeric(12, 2) AS price,
    sin(n) AS rate,
    CASE WHEN n % 7 > 0 THEN n % 2 = 0 END AS active,
    (ARRAY['new', 'paid', 'sent', 'returned'])[n % 4 + 1] AS status,
    CASE WHEN n % 5 > 0 THEN md5(n::text) END AS note,
    date '2020-01-01' + (n % 2000)::integer AS ordered_on,
    timestamptz '2020-01-01 00:00Z' + n * interval '1.000001 seconds' AS updated_at
"""
WIDE = "n::bigint AS id, " + ", ".join(
    f"repeat(md5(({number} * n)::text), {1 + number % 4}) || n AS text_{number}"
    for number in range(1, 11)
)
NUMERIC = """
    n::bigint AS id,
    n * 2654435761 % 4294967296 AS hash,
    (n % 1000)::integer AS small,
    (n::bigint * 7919 % 1000003)::integer AS spread,
    sin(n) AS x,
    cos(n) AS y,
    sqrt(n) AS z,
    tanh(n / 1e6)::real AS w,
    (n % 1000000 / 100.0)::numeric(12, 2) AS price,
    (n * 1.0001)::numeric(18, 4) AS amount,
    (n * 0.000001)::numeric(38, 10) AS exact,
    (CASE WHEN n % 3 > 0 THEN -n / 7.0 END)::numeric(15, 5) AS difference
"""

TABLES: dict[str, Table] = {
    "mixed": Table("mixed types, 10 columns, NULLs", MIXED),
    "wide": Table("wide text, 10 columns of 32 to 128 characters", WIDE, share=0.2),
    "numeric": Table("numbers only, 12 columns", NUMERIC, share=0.5),
}
