"""The versions of alerts in the warehouse: each is written once and never changed."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from psycopg import Connection

from precrisis.alerts.candidates import COLUMNS, Candidate, Row
from precrisis.alerts.versions import WHYS, Version, VersionKey, Why, change_of, version_of
from precrisis.warehouse import upsert

SAID = ("ends_at", "risk_index", "certainty", "severity", "reasons", "unknowns", "inputs")
# An alert and a version of it as one row.
VERSIONS = f"""
SELECT a.alert_id, a.rule, a.rule_version, a.zone_id, a.starts_at, a.raised_at,
    v.version, v.why, v.made_at, {", ".join(f"v.{name}" for name in SAID)}
FROM ops.alert_version AS v INNER JOIN ops.alert AS a ON a.alert_id = v.alert_id
"""
NEWEST = f"""
SELECT DISTINCT ON (alert_id) * FROM ({VERSIONS}) AS n
WHERE rule = ANY(%(rules)s) AND raised_at >= %(since)s
ORDER BY alert_id, version DESC
"""
EARLIER = """
SELECT version, made_at FROM ops.alert_version
WHERE alert_id = %s AND version < %s ORDER BY version
"""
# A person's newest word, where no version says so yet.
FOLLOW = f"""
INSERT INTO ops.alert_version (alert_id, version, why, {", ".join(SAID)})
SELECT v.alert_id, v.version + 1,
    CASE w.decision WHEN 'dismiss' THEN 'withdrawn' ELSE 'restored' END,
    {", ".join(f"v.{name}" for name in SAID)}
FROM (SELECT DISTINCT ON (alert_id) * FROM ops.alert_version ORDER BY alert_id, version DESC) AS v
INNER JOIN (
    SELECT DISTINCT ON (alert_id) * FROM ops.alert_review ORDER BY alert_id, decided_at DESC
) AS w ON w.alert_id = v.alert_id
WHERE w.decided_at > v.made_at
    AND (w.decision = 'dismiss') = (v.why <> 'withdrawn')
ON CONFLICT DO NOTHING
"""


def one_at_a_time(connection: Connection) -> None:
    """Wait until no other transaction makes alerts or versions; holds until this one ends."""
    connection.execute("SELECT pg_advisory_xact_lock(hashtext('alert_versions'))")


def newest_versions(
    connection: Connection, rules: Sequence[str], since: datetime
) -> dict[str, Version]:
    """Return the newest version of each alert of these rules that was raised since, by alert."""
    found = connection.execute(NEWEST, {"rules": list(rules), "since": since})
    return {row["alert_id"]: version_of(row) for row in found}


def whole_version(connection: Connection, row: Row) -> Version:
    """Return a version from a row of VERSIONS, with those before it, as its messages need it."""
    found = connection.execute(EARLIER, (row["alert_id"], row["version"])).fetchall()
    earlier = [(VersionKey(row["alert_id"], one["version"]), one["made_at"]) for one in found]
    return version_of(row, earlier)


def store_raised(connection: Connection, raised: Sequence[Candidate]) -> int:
    """Store new alerts with their first version; return how many were new."""
    rows = [{name: getattr(candidate, name) for name in COLUMNS} for candidate in raised]
    new = upsert(connection, "ops.alert", ("alert_id",), rows, keep=COLUMNS[1:])
    _store(connection, ((candidate, 1, "raised") for candidate in raised))
    return new


def store_changes(
    connection: Connection,
    told: Iterable[Version],
    found: Mapping[str, Candidate],
    quiet: Mapping[str, timedelta],
    now: datetime,
    only: Collection[Why] = WHYS,
) -> int:
    """Store a new version of each alert that says something new; return how many there are.

    found: what the signs of an alert come to now, by alert. quiet: of each rule, see `change_of`.
    """
    changes = [
        (version, change_of(version, found.get(alert_id), quiet[version.candidate.rule], now))
        for version in told
        for alert_id in [version.candidate.alert_id]
    ]
    made = [
        (change, version.number + 1) for version, change in changes if change and change.why in only
    ]
    _store(connection, ((change.candidate, number, change.why) for change, number in made))
    return len(made)


def follow_decisions(connection: Connection) -> int:
    """Make a version of each alert that a person dismissed, or took back; return how many."""
    one_at_a_time(connection)
    return connection.execute(FOLLOW).rowcount


def _store(connection: Connection, versions: Iterable[tuple[Candidate, int, str]]) -> None:
    rows = [
        {"alert_id": candidate.alert_id, "version": number, "why": why}
        | {name: getattr(candidate, name) for name in SAID}
        for candidate, number, why in versions
    ]
    upsert(connection, "ops.alert_version", ("alert_id", "version"), rows, keep=("why", *SAID))
