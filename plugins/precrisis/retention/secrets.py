"""Secrets past their use are destroyed: author secrets of past weeks, keys of emptied zones.

Without its week's secret an author key leads to nobody, not even for the operator. Without its
identity a sealed object is noise, in every backup too.
"""

from precrisis import clock
from precrisis.outcome import Outcome, Step
from precrisis.posts.author_secret import author_secrets, iso_week
from precrisis.retention.periods import AUTHOR_SECRET, ZONE_KEY
from precrisis.run import Run
from precrisis.settings import settings
from precrisis.warehouse import connect
from precrisis.zone_keys import SEALED_ZONES, ZoneKeys

# While a post or its signal is kept, an edit or a deletion at the source must find it by its key.
OLDEST_KEPT = """
SELECT least(
    (SELECT min(posted_at) FROM raw.post), (SELECT min(posted_at) FROM raw.post_signal)
) AS posted_at
"""
IN_USE = """
SELECT DISTINCT key_id FROM ops.object_ledger WHERE bucket = %s AND deleted_at IS NULL
"""


def destroy_author_secrets(run: Run) -> list[str]:
    """Destroy the secrets of weeks of which nothing is kept any more; return these weeks.

    A week goes when it ended at least seven days ago and no post or signal of it is left.
    """
    step = Step("destroy_author_secrets", "deletion", run, role="retention")
    destroyed: list[str] = []
    step.each(["author"], str, lambda _, o: destroyed.extend(_destroy_weeks(o, run)))
    return destroyed


def _destroy_weeks(outcome: Outcome, run: Run) -> list[str]:
    with connect("retention") as connection:
        oldest = connection.execute(OLDEST_KEPT).fetchone()["posted_at"]
    limit = run.interval_end - AUTHOR_SECRET.kept
    horizon = iso_week(min(limit, oldest or limit))
    secrets = author_secrets()
    # Without a secret to destroy no week is closed: a feed may still be read for the first time.
    past = [week for week in secrets.weeks() if week < horizon]
    destroyed = secrets.destroy_before(horizon) if past else []
    _note(outcome, destroyed)
    return destroyed


def turn_zone_keys(run: Run) -> list[str]:
    """Rotate keys of zones that are old enough; destroy retired ones that no object needs.

    Returns:
        Ids of the keys destroyed.
    """
    step = Step("turn_zone_keys", "deletion", run, role="retention")
    destroyed: list[str] = []
    step.each(SEALED_ZONES, str, lambda zone, o: destroyed.extend(_turn(zone, o)))
    return destroyed


def _turn(zone: str, outcome: Outcome) -> list[str]:
    keys, at = ZoneKeys(settings().keys_dir, zone), clock.now()
    if at - keys.made_at() >= ZONE_KEY.kept:
        keys.rotate(at)
    with connect("retention") as connection:
        in_use = {row["key_id"] for row in connection.execute(IN_USE, (zone,))}
    destroyed = keys.destroy_retired(in_use, at)
    _note(outcome, destroyed)
    return destroyed


def _note(outcome: Outcome, destroyed: list[str]) -> None:
    outcome.rows_out = len(destroyed)
    outcome.status = "ok" if destroyed else "unchanged"
    outcome.detail = f"destroyed: {', '.join(destroyed)}" if destroyed else ""
