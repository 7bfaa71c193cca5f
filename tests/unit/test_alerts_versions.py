"""When an alert says something new, and where it is told."""

import datetime as dt
from dataclasses import replace

import pytest

from precrisis.alerts.candidates import candidates
from precrisis.alerts.due import due
from precrisis.alerts.versions import BANDS, Version, VersionKey, change_of
from tests.unit.alerts_town import NIGHT, rule, zone_hour

MINUTE = dt.timedelta(minutes=1)
QUIET = 10 * MINUTE
(ALERT,) = candidates([zone_hour()], [rule()]).raised
ENDS = NIGHT + 60 * MINUTE  # of ALERT


def told(why="raised", made_at=NIGHT, number=1, **changes) -> Version:
    return Version(replace(ALERT, **changes), number, why, made_at)


def with_severity(severity, **changes):
    return replace(ALERT, severity=severity, **changes)


@pytest.mark.parametrize(
    ("before", "after", "is_told"),
    [
        ("minor", "moderate", True),
        ("moderate", "extreme", True),
        ("severe", "severe", False),
        ("severe", "moderate", False),
    ],
)
def test_an_alert_is_told_again_when_its_severity_rises_a_band(before, after, is_told):
    change = change_of(told(severity=before), with_severity(after), QUIET, NIGHT)
    assert (change is not None) == is_told
    assert change is None or (change.why, change.candidate.severity) == ("grew", after)


def test_it_keeps_its_id_and_beginning_and_never_ends_sooner():
    later = with_severity("extreme", alert_id="other", starts_at=ENDS, ends_at=NIGHT)
    grown = change_of(told(), later, QUIET, NIGHT).candidate
    assert (grown.alert_id, grown.starts_at, grown.ends_at) == (ALERT.alert_id, NIGHT, ENDS)


@pytest.mark.parametrize(("minutes", "why"), [(69, None), (70, None), (71, "ended")])
def test_it_is_over_when_nothing_was_seen_for_a_while(minutes, why):
    change = change_of(told(), None, QUIET, NIGHT + minutes * MINUTE)
    assert (change.why if change else None) == why


def test_more_signs_of_the_same_kind_only_move_its_end():
    longer = replace(ALERT, ends_at=ENDS + 60 * MINUTE)
    assert change_of(told(), longer, QUIET, ENDS + 65 * MINUTE) is None
    over = change_of(told(), longer, QUIET, ENDS + 71 * MINUTE)
    assert (over.why, over.candidate.ends_at) == ("ended", longer.ends_at)


@pytest.mark.parametrize(
    "newest",
    [
        told(made_at=ENDS + 11 * MINUTE),  # it was over when it was raised
        told("ended", ENDS + 11 * MINUTE, 2),
        told("withdrawn", NIGHT, 2),
    ],
)
def test_an_end_is_told_once_and_only_of_what_went_on(newest):
    assert change_of(newest, None, QUIET, ENDS + 600 * MINUTE) is None


def test_what_a_person_dismissed_is_told_again_when_it_gets_worse():
    assert change_of(told("withdrawn", number=2), with_severity("extreme"), QUIET, NIGHT)


def test_a_storm_has_no_more_versions_than_bands_and_an_end():
    version, number = told(severity="minor"), 1
    for n in range(1000):
        found = with_severity(BANDS[n * 4 // 1000], ends_at=ENDS + n * MINUTE)
        change = change_of(version, found, QUIET, ENDS + n * MINUTE)
        if change:
            number += 1
            version = Version(change.candidate, number, change.why, ENDS + n * MINUTE)
    over = change_of(version, found, QUIET, ENDS + 2000 * MINUTE)
    assert (number, over.why) == (len(BANDS), "ended")


def test_the_first_version_is_called_as_the_alert():
    assert VersionKey("a1", 1).name == "a1"
    assert VersionKey("a1", 2).name == "a1.2"


def row(why="raised", version=1, alert_id="a1", **changes) -> dict:
    return {
        "alert_id": alert_id, "version": version, "why": why, "sent_on": [], "told_on": [],
        "waiting_on": [], "is_newest": True, "is_withdrawn": False, "decision": None,
    } | changes  # fmt: skip


def plan(*rows, is_actual=False) -> dict[tuple[str, int], list[str]]:
    found = due(rows, ["cap", "mail"], is_actual, NIGHT)
    return {(d.row["alert_id"], d.row["version"]): list(d.channels) for d in found}


def test_each_version_is_due_where_it_was_not_sent():
    assert plan(row(), row("grew", 2)) == {("a1", 1): ["cap", "mail"], ("a1", 2): ["cap", "mail"]}
    assert plan(row(sent_on=["mail"])) == {("a1", 1): ["cap"]}
    assert plan(row(sent_on=["cap", "mail"])) == {}


@pytest.mark.parametrize("why", ["ended", "withdrawn"])
def test_an_end_is_told_only_where_the_alert_was(why):
    assert plan(row(why, 2, told_on=["mail"])) == {("a1", 2): ["mail"]}
    assert plan(row(), row(why, 2)) == {("a1", 1): ["cap", "mail"], ("a1", 2): ["cap", "mail"]}
    assert plan(row(alert_id="other"), row(why, 2)) == {("other", 1): ["cap", "mail"]}


def test_what_was_withdrawn_before_it_was_told_is_not_told():
    first = row(sent_on=["mail"], is_withdrawn=True)
    assert plan(first, row("withdrawn", 2, told_on=["mail"])) == {("a1", 2): ["mail"]}


def test_partners_hear_of_a_real_alert_only_after_a_person_accepted_it():
    assert plan(row(), is_actual=True) == {("a1", 1): ["mail"]}
    assert plan(row(decision="dismiss"), is_actual=True) == {("a1", 1): ["mail"]}
    assert plan(row(decision="accept"), is_actual=True) == {("a1", 1): ["cap", "mail"]}
    assert plan(row("withdrawn", 2, told_on=["cap"]), is_actual=True) == {("a1", 2): ["cap"]}
