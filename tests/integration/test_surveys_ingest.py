"""Disorder audits and surveys: closed columns, nobody in them, and what the marts make of them."""

import pytest

from precrisis.records.disorder import take_in_audits
from precrisis.records.surveys import take_in_surveys
from tests import marts

SOURCES = """
- source_id: audits
  noun: disorder_audit
  kind: csv
  address: ${PRECRISIS_SAMPLES}/records/audits.csv
  purpose_id: records
- source_id: survey
  noun: survey_answer
  kind: csv
  address: ${PRECRISIS_SAMPLES}/records/survey.csv
  purpose_id: records
"""
AUDITS = "source_id,item,severity,audited_at,longitude,latitude,accuracy_m"
SURVEY = "source_id,wave,wave_ended_on,zone_id,question,answer,weight"
AUDIT = {
    "source_id": "a", "item": "litter", "severity": "2", "audited_at": "2026-03-06T18:00:00+00:00",
    "longitude": "11.1215", "latitude": "46.0673", "accuracy_m": "5",
}  # fmt: skip
ANSWER = {
    "source_id": "a", "wave": "2026-spring", "wave_ended_on": "2026-05-31",
    "zone_id": "town-square", "question": "safe_after_dark", "answer": "safe", "weight": "1",
}  # fmt: skip


@pytest.fixture
def offer(world):
    world.add_sources(SOURCES)

    def write(name: str, header: str, *rows: dict[str, str]) -> None:
        lines = [header, *(",".join(row.values()) for row in rows)]
        (world.samples / "records" / f"{name}.csv").write_text("\n".join(lines) + "\n")

    return write


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("item", "beggars", "item_known"),
        ("severity", "4", "severity_plausible"),
        ("severity", "", "severity_present"),
        ("audited_at", "2026-03-06T18:00:00", "audited_at_present"),  # no time zone
        ("longitude", "46.0673", "west_plausible"),
        ("latitude", "", "geometry_present"),
    ],
)
def test_a_bad_audit_is_refused_alone(world, offer, run, column, value, rule):
    offer("audits", AUDITS, AUDIT, AUDIT | {"source_id": "bad", column: value})
    assert take_in_audits(run) == 1
    assert world.quarantined("disorder_audit") == {("audits/bad", rule)}
    assert world.rows("SELECT source_id, kind FROM raw.disorder_audit") == [
        {"source_id": "a", "kind": "physical"}
    ]


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("zone_id", "nowhere", "zone_id_known"),
        ("question", "religion", "question_known"),
        ("answer", "yes", "answer_fits_question"),
        ("weight", "0", "weight_plausible"),
        ("weight", "nan", "weight_present"),
        ("wave_ended_on", "spring", "wave_ended_on_present"),
        ("wave", "Spring of 2026", "wave_well_formed"),
    ],
)
def test_a_bad_answer_is_refused_alone(world, offer, run, column, value, rule):
    offer("survey", SURVEY, ANSWER, ANSWER | {"source_id": "bad", column: value})
    assert take_in_surveys(run) == 1
    assert rule in {rule for _, rule in world.quarantined("survey_answer")}
    assert world.rows("SELECT source_id FROM raw.survey_answer") == [{"source_id": "a"}]


def test_a_survey_that_says_who_answered_is_not_read(world, offer, run):
    offer("survey", f"{SURVEY},birth_year", ANSWER | {"birth_year": "1950"})
    assert take_in_surveys(run) == 0
    assert world.quarantined("survey_answer") == {("survey", "columns_known")}


@pytest.mark.parametrize(
    "value", ["anna.rossi@example.org", "RSSMRA80A01L378Z", "@anna", "IT60X0542811101000000123456"]
)
def test_a_row_in_which_somebody_can_be_found_is_refused_without_being_kept(
    world, offer, run, value
):
    offer("survey", SURVEY, ANSWER, ANSWER | {"source_id": value})
    assert take_in_surveys(run) == 1
    assert world.quarantined("survey_answer") == {("survey/row 3", "row_names_nobody")}
    assert value not in str(world.rows("SELECT q::text AS row FROM ops.quarantine AS q"))


def test_the_marts_show_shares_from_k_answers_on_and_what_was_found(town, world, run):
    world.add_sources(SOURCES)
    lines = [SURVEY]
    for zone_id, answers in (("town-square", 10), ("market-square", 9)):
        for n in range(answers):
            answer = "safe" if n < 4 else "unsafe"
            row = ANSWER | {"source_id": f"{zone_id}-{n}", "zone_id": zone_id, "answer": answer}
            lines.append(",".join(row.values()))
    silent = ANSWER | {"source_id": "silent", "answer": "refused", "weight": "10"}
    (world.samples / "records" / "survey.csv").write_text(
        "\n".join([*lines, ",".join(silent.values())])
    )
    audits = [AUDIT, AUDIT | {"source_id": "b", "severity": "0"}]
    audits.append(AUDIT | {"source_id": "far", "longitude": "11.03", "latitude": "46.00"})
    (world.samples / "records" / "audits.csv").write_text(
        "\n".join([AUDITS, *(",".join(audit.values()) for audit in audits)])
    )
    assert (take_in_surveys(run), take_in_audits(run)) == (20, 3)
    marts.build(only="+fct_perception +fct_disorder +int_departures_hourly")
    tested = "fct_perception fct_disorder int_answers_weighted int_departures_hourly"
    marts.build(verb="test", only=tested)
    assert world.rows(
        "SELECT zone_id, answered_count, response_pct, share_pct, share_low_pct, share_high_pct, "
        "is_suppressed FROM marts.fct_perception ORDER BY zone_id"
    ) == [
        {"zone_id": "market-square", "answered_count": None, "response_pct": None,
         "share_pct": None, "share_low_pct": None, "share_high_pct": None, "is_suppressed": True},
        {"zone_id": "town-square", "answered_count": 10, "response_pct": 50.0,
         "share_pct": 40.0, "share_low_pct": 16.8, "share_high_pct": 68.7, "is_suppressed": False},
    ]  # fmt: skip
    assert world.rows(
        "SELECT zone_id, local_month::text AS month, kind, item, audit_count, found_count, "
        "severity_mean FROM marts.fct_disorder"
    ) == [
        {"zone_id": "town-square", "month": "2026-03-01", "kind": "physical", "item": "litter",
         "audit_count": 2, "found_count": 1, "severity_mean": 1.0},
    ]  # fmt: skip
