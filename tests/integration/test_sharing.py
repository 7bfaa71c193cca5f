"""Sharing on a real warehouse and store: what leaves, what does not, and what is on record."""

import csv
import datetime as dt
import io
import json

import pytest
from pyrage import x25519

from precrisis import audit, clock
from precrisis.outcome import StepFailed
from precrisis.retention.objects import delete_due, reconcile
from precrisis.run import Run
from precrisis.sharing.period import last_before
from precrisis.sharing.share import agreement_ids, share
from precrisis.sharing.verify import NotAsSent, check, unpacked
from precrisis.warehouse import connect
from tests.integration.conftest import forget_configuration
from tests.sharing_market import (
    DAY,
    HOUR,
    LISBON,
    NOW,
    PERIOD,
    agree,
    at_noon,
    files,
    grant,
    hour,
    later,
    ledger,
    log,
    opened,
    parcel,
    platform_key,
    table,
    theme,
    window,
    zone,
)  # fmt: skip

RIVERSIDE, ALL = {"market-square", "river-park"}, {"town-square", "market-square", "river-park"}


@pytest.fixture
def market(world, run):
    return opened(world, run)


def test_a_partner_receives_what_its_agreement_says_and_it_is_on_record(market, run):
    for n, authors in enumerate((6, 7)):
        theme(market, "river-park", at_noon(n), authors)
    assert agreement_ids() == ["river-themes"]
    assert share(run, "river-themes") == 1
    assert table(market) == [{
        "starts_at": PERIOD.start_at.strftime("%Y-%m-%dT%H:%M:%SZ"), "zone_id": "river-park",
        "zone_name": "River Park", "theme": "panic", "post_count": "13", "is_suppressed": "false",
    }]  # fmt: skip
    assert set(files(market)) == {f"river-themes.{e}" for e in ("csv", "geojson", "parquet")}
    (entry,) = ledger(market)
    assert (entry["recipient"], entry["row_count"], entry["recalled_at"]) == (
        "Coast University", 1, None,
    )  # fmt: skip
    (exported,) = log(market, "export")
    assert exported["subject"] == f"share/river-themes/{PERIOD.first}"
    assert exported["facts"]["sha256"] == entry["sha256"]
    assert (exported["database_role"], exported["run_id"]) == ("analysis", run.run_id)
    manifest = check(parcel(market), platform_key())
    assert manifest["archive"]["content_sha256"] == entry["sha256"]
    assert market.outcomes("share_agreement") == {"river-themes": "ok"}
    assert reconcile(later(run)) == 4  # every object of the parcel is in the ledger of objects
    audit.check(run)


def test_G8_a_repeat_gives_nothing_out_twice_also_when_the_marts_have_changed(market, run):
    theme(market, "river-park", at_noon(), 6)
    share(run, "river-themes")
    before, stored = ledger(market), parcel(market)
    theme(market, "river-park", at_noon(1), 9)  # late: the difference would be one hour alone
    assert share(later(run), "river-themes") == 0
    assert (ledger(market), parcel(market)) == (before, stored)
    assert len(log(market, "export")) == 1
    assert market.outcomes("share_agreement") == {"river-themes": "unchanged"}


def test_what_a_crash_left_unfinished_is_finished_with_the_same_content(market, run):
    theme(market, "river-park", at_noon(), 6)
    share(run, "river-themes")
    before, content = ledger(market), files(market)
    for key in market.store.keys("published", "share/"):
        if not key.endswith(".age"):
            market.store.remove("published", key)
    assert share(later(run), "river-themes") == 1
    assert (ledger(market), files(market)) == (before, content)
    assert len(log(market, "export")) == 1


def test_G8_a_crash_and_a_change_of_the_marts_do_not_make_two_versions(market, run):
    theme(market, "river-park", at_noon(), 6)
    share(run, "river-themes")
    for key in market.store.keys("published", "share/"):
        market.store.remove("published", key)
    theme(market, "river-park", at_noon(1), 9)
    assert share(later(run), "river-themes") == 0
    assert market.quarantined("share") == {("river-themes", "changed_since")}
    assert market.store.keys("published", "share/") == []


TODAY = NOW.astimezone(LISBON).date()
OPEN = {"reference": "12/2026", "raised_by": "data-protection officer", "raised_on": "2026-01-01"}
REFUSED = {
    "expired": ({"valid_until": TODAY - DAY}, "expired"),
    "before its first day": ({"valid_from": TODAY + DAY}, "not_yet_valid"),
    "a period before its first day": ({"valid_from": TODAY}, "not_yet_valid"),
    "an open objection": ({"objections": [OPEN]}, "objection"),
    "a mart that is not shareable": ({"mart": "fct_alert"}, "mart"),
    "a field beyond the list": ({"fields": ["zone_id", "theme", "final_at"]}, "field"),
    "below the city's k": ({"k": {"small_cell_authors": 4}}, "threshold"),
}


@pytest.mark.parametrize("why", REFUSED)
def test_G8_an_export_without_an_agreement_in_force_is_refused_and_logged(market, run, why):
    change, rule = REFUSED[why]
    theme(market, "river-park", at_noon(), 6)
    agree(market, change)
    assert share(run, "river-themes") == 0
    (refused,) = log(market, "run_refused")
    assert (refused["subject"], refused["facts"]["rule"]) == ("share/river-themes", rule)
    assert market.quarantined("share") == {("river-themes", rule)}
    assert market.outcomes("share_agreement") == {"river-themes": "quarantined"}
    assert (ledger(market), market.store.keys("published"), log(market, "export")) == ([], [], [])
    agree(market)
    assert share(later(run), "river-themes") == 1  # and for no other reason


def test_G8_the_last_day_of_an_agreement_still_counts(market, run):
    agree(market, {"valid_until": TODAY})
    assert share(run, "river-themes") == 1
    assert share(later(run, days=1), "river-themes") == 0
    assert market.quarantined("share") == {("river-themes", "expired")}


def test_G8_without_an_agreement_there_is_nothing_to_ask_for(market, run):
    (market.pack / "agreements.yaml").write_text("[]")
    forget_configuration()
    grant(market)
    assert agreement_ids() == []
    with pytest.raises(StepFailed):
        share(run, "river-themes")
    assert market.store.keys("published") == []
    with connect("partner") as connection:
        assert connection.execute("SELECT * FROM marts.dim_zone").fetchall() == []


def test_G8_a_purpose_of_the_data_that_may_not_run_may_not_be_shared_either(market, run):
    """An objection against the collection stops what is made of it, whatever the agreement says."""
    file = market.pack / "register.yaml"
    before, entry = file.read_text().split("- purpose_id: voice\n", 1)
    objected = entry.replace(
        "mode: statistics", f"mode: statistics\n    objections: {json.dumps([OPEN])}", 1
    )
    file.write_text(f"{before}- purpose_id: voice\n{objected}")
    forget_configuration()
    assert share(run, "river-themes") == 0
    assert market.quarantined("share") == {("river-themes", "no_basis")}
    assert (ledger(market), market.store.keys("published")) == ([], [])


def test_G8_the_files_alone_open_no_district_of_the_database(market, run):
    """Two keys: the agreement in the pack, and the grant that only the owner enters."""
    theme(market, "town-square", at_noon(), 6)
    market.rows("UPDATE ops.district_grant SET district = 'Old Town'")
    assert share(run, "river-themes") == 0
    assert market.quarantined("share") == {("river-themes", "not_granted")}
    market.rows(
        "UPDATE ops.district_grant SET district = 'Riverside', valid_until = current_date - 1"
    )
    assert share(later(run), "river-themes") == 0
    assert (ledger(market), market.store.keys("published")) == ([], [])


@pytest.mark.parametrize(
    ("area", "zones"),
    [
        ({"districts": ["Riverside"]}, RIVERSIDE),
        ({"zones": ["river-park"]}, {"river-park"}),
        ({"districts": ["Riverside"], "zones": ["town-square"]}, ALL),
    ],
)
def test_G8_no_field_and_no_place_beyond_the_agreement_leaves(market, run, area, zones):
    for zone_id in ALL:
        theme(market, zone_id, at_noon(), 6)
    fields = ["theme", "zone_id", "post_count"]
    agree(market, {"area": area, "fields": fields})
    share(run, "river-themes")
    import geopandas as gpd

    content = files(market)
    rows = list(csv.DictReader(io.StringIO(content["river-themes.csv"].decode())))
    features = json.loads(content["river-themes.geojson"])["features"]
    frame = gpd.read_parquet(io.BytesIO(content["river-themes.parquet"]))
    assert list(rows[0]) == list(features[0]["properties"]) == ["starts_at", *fields]
    assert list(frame.columns) == ["starts_at", *fields, "geometry"]
    assert {row["zone_id"] for row in rows} == zones
    assert {feature["properties"]["zone_id"] for feature in features} == zones
    assert set(frame["zone_id"]) == zones
    assert frame.crs.to_epsg() == 4326
    for row in frame.itertuples():
        assert row.geometry.symmetric_difference(zone(row.zone_id).geometry).area < 1e-9
    hidden = ALL - zones
    whole = b"".join(content.values())
    assert all(name.encode() not in whole for name in hidden)


def test_G8_what_is_stored_opens_for_the_recipient_alone_and_shows_what_was_altered(market, run):
    theme(market, "river-park", at_noon(), 6)
    share(run, "river-themes")
    sent = parcel(market)
    stranger = x25519.Identity.generate()
    with pytest.raises(NotAsSent, match="identity"):
        unpacked(sent, platform_key(), str(stranger))
    altered = sent["manifest.json"].replace(b'"row_count": 1', b'"row_count": 2')
    assert altered != sent["manifest.json"]
    with pytest.raises(NotAsSent, match="not signed"):
        check(sent | {"manifest.json": altered}, platform_key())
    with pytest.raises(NotAsSent, match="sha256"):
        check(sent | {"data.tar.age": sent["data.tar.age"][:-1] + b"x"}, platform_key())


@pytest.mark.parametrize("step", ["hour", "day", "week"])
def test_cells_are_drawn_together_over_the_agreed_step(market, run, step):
    agree(market, {"time_step": step, "formats": ["csv"]})
    period = last_before(step, run.interval_end, LISBON)
    for zone_id in RIVERSIDE:
        hour(market, zone_id, period.end_at - 2 * HOUR)
    inside = [period.start_at, period.start_at + HOUR, period.end_at - HOUR]
    for at in [*inside, period.start_at - HOUR, period.end_at]:
        theme(market, "river-park", at, 6)
    share(run, "river-themes")
    rows = table(market, "river-themes", period.first)
    found = [(row["starts_at"], row["post_count"]) for row in rows]
    if step == "hour":
        assert found == [(at.strftime("%Y-%m-%dT%H:%M:%SZ"), "6") for at in inside]
    else:
        assert found == [(period.start_at.strftime("%Y-%m-%dT%H:%M:%SZ"), "18")]


def test_a_period_that_the_marts_do_not_hold_whole_waits(market, run):
    market.rows("UPDATE marts.fct_zone_hour SET hour_start_at = hour_start_at - interval '1 hour'")
    with pytest.raises(StepFailed):
        share(run, "river-themes")
    assert (ledger(market), market.store.keys("published")) == ([], [])
    hour(market, "river-park", PERIOD.end_at - HOUR)
    assert share(later(run), "river-themes") == 1


def test_a_day_given_by_hand_is_shared_once_it_is_over(market, run):
    day = PERIOD.first - DAY
    assert share(run, "river-themes", {"day": day.isoformat()}) == 1
    assert [entry["period_start"] for entry in ledger(market)] == [day]
    assert share(later(run), "river-themes", {"day": TODAY.isoformat()}) == 0
    assert market.quarantined("share") == {("river-themes", "not_over")}


def test_every_shareable_mart_can_be_shared_whole(market, run):
    from precrisis.sharing.shareable import MARTS

    theme(market, "river-park", at_noon(), 6)
    window(market, "river-park", at_noon(), 12)
    hour(market, "river-park", at_noon(), people_mean=12, event_title="=1+1")
    both = {"small_cell_authors": 5, "small_cell_people": 10}
    agree(market, *(
        {"agreement_id": f"all-of-{name.replace('_', '-')}", "mart": name, "k": both,
         "fields": list(mart.columns), "time_step": "hour"}
        for name, mart in MARTS.items()
    ))  # fmt: skip
    for agreement_id in agreement_ids():
        assert share(later(run, name=agreement_id), agreement_id) == 1, market.quarantined("share")
        rows = table(market, agreement_id)
        assert "river-park" in {row["zone_id"] for row in rows}
    assert {row["event_title"] for row in table(market, "all-of-fct-zone-hour")} == {"", "'=1+1"}


def test_grants_follow_the_agreements_of_the_pack(market):
    def granted() -> dict[str, tuple]:
        rows = market.rows("SELECT * FROM ops.district_grant WHERE role_name = 'partner'")
        return {r["district"]: (r["agreement"], r["valid_until"]) for r in rows}

    assert granted() == {"Riverside": ("river-themes", dt.date(2035, 12, 31))}
    second = {"agreement_id": "second", "area": {"zones": ["town-square", "river-park"]}}
    agree(market, {}, second | {"valid_until": "2036-06-30"})
    assert granted() == {
        "Riverside": ("second", dt.date(2036, 6, 30)), "Old Town": ("second", dt.date(2036, 6, 30)),
    }  # fmt: skip
    agree(market, second)
    assert set(granted()) == {"Riverside", "Old Town"}
    agree(market)
    assert set(granted()) == {"Riverside"}


def test_the_platform_keeps_the_parcel_as_long_as_agreed(market, run):
    share(run, "river-themes")
    rows = market.rows(
        "SELECT due_at - stored_at AS kept FROM ops.object_ledger WHERE noun = 'share'"
    )
    assert {row["kept"] for row in rows} == {dt.timedelta(days=30)}
    soon = clock.now() + dt.timedelta(days=31)
    assert delete_due(Run("retention_enforce", "r", soon - HOUR, soon)) == 4
    assert share(later(run, name="again"), "river-themes") == 0  # what was deleted stays so
    assert market.store.keys("published", "share/") == []
