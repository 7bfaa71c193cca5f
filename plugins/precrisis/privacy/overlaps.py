"""What the marts publish twice, as cells and as a total over them, made ready for differencing."""

from contextlib import suppress
from itertools import groupby

import psycopg

from precrisis.privacy.differencing import Hidden, Total, narrowed

# The total that fct_zone_hour gives of an hour, over every window of it.
WINDOWS = """
SELECT z.zone_id || z.hour_start_at AS cell_group, z.people_mean AS total,
    w.camera_id || w.window_start_at AS cell, w.people_mean AS value, t.value AS k
FROM marts.fct_zone_hour AS z
INNER JOIN marts.fct_camera_window AS w
    ON w.zone_id = z.zone_id AND date_trunc('hour', w.window_start_at) = z.hour_start_at
CROSS JOIN raw.threshold AS t
WHERE t.name = 'small_cell_people' AND z.people_mean IS NOT NULL
ORDER BY 1
"""
# A region that is hidden beside one of the same picture that is shown.
REGIONS = """
SELECT count(*) AS succeeded FROM marts.fct_camera_window AS w
WHERE w.is_suppressed AND EXISTS (
    SELECT FROM marts.fct_camera_window AS b
    WHERE b.camera_id = w.camera_id AND b.window_start_at = w.window_start_at
    AND b.zone_id <> w.zone_id AND NOT b.is_suppressed
)
"""
HIDDEN_WINDOWS = "SELECT count(*) AS n FROM marts.fct_camera_window WHERE is_suppressed"
HIDDEN_THEMES = "SELECT count(*) AS n FROM marts.fct_post_theme_hour WHERE is_suppressed"
THEMES = """
SELECT z.zone_id || z.hour_start_at AS cell_group, z.alarming_post_count AS total,
    p.theme AS cell, p.post_count AS value
FROM marts.fct_zone_hour AS z
INNER JOIN marts.fct_post_theme_hour AS p USING (zone_id, hour_start_at)
WHERE z.alarming_post_count IS NOT NULL
ORDER BY 1
"""
# How far a mean that is stored in 32 bits may be off, as a share.
ROUNDING = 1e-4


def windows_by_difference(connection: psycopg.Connection) -> tuple[int, int]:
    """(hidden camera windows, those that hours or other regions of the picture give away)."""
    found = connection.execute(REGIONS).fetchone()["succeeded"]
    for _, rows in groupby(connection.execute(WINDOWS).fetchall(), lambda r: r["cell_group"]):
        found += _found_in_mean(list(rows))
    return connection.execute(HIDDEN_WINDOWS).fetchone()["n"], found


def _found_in_mean(rows: list[dict]) -> int:
    """A mean of the shown windows alone says nothing of the others; any other may be over all.

    One that fits neither was made of other windows than stand here now, and tells nothing of these.
    """
    shown = {row["cell"]: row["value"] for row in rows if row["value"] is not None}
    hidden = {row["cell"]: Hidden(0, row["k"]) for row in rows if row["value"] is None}
    mean = rows[0]["total"]
    if shown and abs(sum(shown.values()) / len(shown) - mean) <= ROUNDING * max(mean, 1):
        return 0
    with suppress(ValueError):
        return len(narrowed(shown, hidden, [Total((*shown, *hidden), mean * len(rows))]))
    return 0


def themes_by_difference(connection: psycopg.Connection) -> tuple[int, int]:
    """(hidden themes of an hour, those that the hour's count of alarming posts gives away).

    A post may voice several themes, so the count is at most the sum of theirs.
    """
    found = 0
    for _, group in groupby(connection.execute(THEMES).fetchall(), lambda r: r["cell_group"]):
        rows = list(group)
        shown = {row["cell"]: row["value"] for row in rows if row["value"] is not None}
        hidden = {row["cell"]: Hidden(1, None) for row in rows if row["value"] is None}
        union = Total((*shown, *hidden), rows[0]["total"], is_sum=False)
        found += len(narrowed(shown, hidden, [union]))
    return connection.execute(HIDDEN_THEMES).fetchone()["n"], found
