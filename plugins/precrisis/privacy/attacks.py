"""The attacks on the marts: each tries its trick on one column and counts how often it works.

The attacker reads all marts and knows this code. What is needed to tell whether a guess was right
is read in the restricted zone and never stored: only the counts leave.
"""

from collections.abc import Callable
from dataclasses import dataclass

import psycopg
from psycopg import sql

from precrisis.posts import identifiers
from precrisis.privacy.columns import Column
from precrisis.privacy.overlaps import themes_by_difference, windows_by_difference

PATTERNS = (
    identifiers.E_MAIL, identifiers.HANDLE, identifiers.IBAN, identifiers.TAX_CODE,
    identifiers.PLATE,
)  # fmt: skip
# Every key that leads to a post, its author or an object, as the last part of an object's name.
KEYS = """
SELECT unnest(ARRAY[author_key, post_id_hash, sha256, regexp_replace(object_key, '^.*/', '')])
FROM raw.post
UNION SELECT unnest(ARRAY[author_key, post_id_hash]) FROM raw.post_signal
UNION SELECT unnest(ARRAY[sha256, regexp_replace(object_key, '^.*/', '')]) FROM raw.footage_segment
"""


@dataclass(frozen=True)
class Tally:
    """How often an attack was tried, and how often it worked."""

    tried: int
    succeeded: int


@dataclass(frozen=True)
class Attack:
    """A trick, the criterion it speaks to, and the share of successes that is still let pass."""

    name: str
    criterion: str
    fits: Callable[[Column], bool]
    attempt: Callable[[psycopg.Connection, Column], Tally]
    threshold: float = 0.0  # one person found is one too many


def _tally(connection: psycopg.Connection, query: str, column: Column, **values) -> Tally:
    names = {"mart": sql.Identifier("marts", column.mart), "column": sql.Identifier(column.name)}
    composed = sql.SQL(query).format(**names)
    return Tally(**connection.execute(composed, values).fetchone())


def small_counts(connection: psycopg.Connection, column: Column) -> Tally:
    """A count of fewer than k singles out."""
    query = """
    SELECT count({column})::int AS tried,
        count(*) FILTER (WHERE {column} > 0 AND {column} < t.value)::int AS succeeded
    FROM {mart}, raw.threshold AS t WHERE t.name = %(k)s
    """
    return _tally(connection, query, column, k=column.k)


def shown_beside_hidden(connection: psycopg.Connection, column: Column) -> Tally:
    """A number that is left standing where the count it belongs to is hidden."""
    query = """
    SELECT count(*) FILTER (WHERE is_suppressed)::int AS tried,
        count(*) FILTER (WHERE is_suppressed AND {column} IS NOT NULL)::int AS succeeded
    FROM {mart}
    """
    return _tally(connection, query, column)


def known_keys(connection: psycopg.Connection, column: Column) -> Tally:
    """A value, or a word of it, that is the key of a post, an author or an object."""
    query = f"""
    WITH keys AS ({KEYS}),
    found AS (SELECT DISTINCT {{column}}::text AS v FROM {{mart}} WHERE {{column}} IS NOT NULL)
    SELECT count(*)::int AS tried, count(*) FILTER (WHERE EXISTS (
        SELECT FROM regexp_split_to_table(v, '[\\s/;,]+') AS word WHERE word IN (SELECT * FROM keys)
    ))::int AS succeeded
    FROM found
    """
    return _tally(connection, query, column)


def named_persons(connection: psycopg.Connection, column: Column) -> Tally:
    """A value with an address, a handle, a plate or a code that stands for one person."""
    query = sql.SQL("SELECT DISTINCT {} AS v FROM {}").format(
        sql.Identifier(column.name), sql.Identifier("marts", column.mart)
    )
    found = [row["v"] for row in connection.execute(query) if row["v"]]
    return Tally(len(found), sum(any(p.search(v) for p in PATTERNS) for v in found))


def authors_over_weeks(connection: psycopg.Connection, _column: Column) -> Tally:
    """An author key met in two ISO weeks would tie a person's posts together for good."""
    row = connection.execute("""
        SELECT count(*)::int AS tried, count(*) FILTER (WHERE weeks > 1)::int AS succeeded
        FROM (
            SELECT count(DISTINCT to_char(posted_at AT TIME ZONE 'UTC', 'IYYY-IW')) AS weeks
            FROM raw.post_signal GROUP BY author_key
        ) AS authors
    """).fetchone()
    return Tally(**row)


def everybody_alike(connection: psycopg.Connection, _column: Column) -> Tally:
    """Who posted of a place in an hour voiced its theme, where all who did are counted under one.

    Counted in authors, in the hours that show a theme and whose posts are not deleted yet.
    """
    row = connection.execute("""
        WITH wrote AS (
            SELECT zone_id, hour_start_at, count(DISTINCT author_key) AS authors
            FROM intermediate.int_signals_placed GROUP BY 1, 2
        ), shown AS (
            SELECT zone_id, hour_start_at, max(author_count) AS most
            FROM marts.fct_post_theme_hour WHERE NOT is_suppressed GROUP BY 1, 2
        )
        SELECT coalesce(sum(authors), 0)::int AS tried,
            coalesce(sum(authors) FILTER (WHERE most >= authors), 0)::int AS succeeded
        FROM wrote INNER JOIN shown USING (zone_id, hour_start_at)
    """).fetchone()
    return Tally(**row)


def _is(mart: str, *names: str) -> Callable[[Column], bool]:
    return lambda column: column.mart == mart and column.name in names


HAVE_MARK = (
    "fct_camera_window", "fct_post_theme_hour", "fct_flow_hour", "fct_post_language_day",
)  # fmt: skip
ATTACKS = (
    Attack("small_counts", "singling_out", lambda c: c.is_count, small_counts),
    Attack(
        "shown_beside_hidden", "singling_out",
        lambda c: c.k is not None and c.mart in HAVE_MARK and c.data_type != "text",
        shown_beside_hidden,
    ),
    Attack("named_persons", "singling_out", lambda c: c.data_type == "text", named_persons),
    Attack(
        "difference_of_windows", "singling_out", _is("fct_camera_window", "people_mean"),
        lambda connection, _: Tally(*windows_by_difference(connection)),
    ),
    Attack(
        "difference_of_themes", "singling_out", _is("fct_post_theme_hour", "post_count"),
        lambda connection, _: Tally(*themes_by_difference(connection)),
    ),
    Attack("known_keys", "linkability", lambda c: True, known_keys),
    Attack(
        "authors_over_weeks", "linkability", _is("fct_post_theme_hour", "author_count"),
        authors_over_weeks,
    ),
    Attack("everybody_alike", "inference", _is("fct_post_theme_hour", "theme"), everybody_alike),
)  # fmt: skip
