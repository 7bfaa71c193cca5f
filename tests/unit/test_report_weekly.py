"""The weekly report: three pages, the same bytes twice, no text that reaches outside."""

import dataclasses
import datetime as dt
import re
import subprocess
from email import message_from_bytes, policy

import pytest

from precrisis.alerts.wording import Language
from precrisis.pack.part import Threshold
from precrisis.pack.places import BackgroundFeature, Camera
from precrisis.pack.recipients import Recipient
from precrisis.reports.mail import districts_of, report_mail
from precrisis.reports.weekly import report_html, report_pdf, weekly_report
from tests.unit.alerts_town import SQUARE, town
from tests.unit.report_week import MONDAY, full_week, week, zone_row

CENTRE = "Centro storico - Piedicastello"
LABELS = {"theft": "Furto", "assault": "Aggressione", "brawl": "Rissa", "vandalism": "Danni"}


def city(is_sample: bool = True, **changes):
    def number(value: float) -> Threshold:
        return Threshold(value=value, why="test", owner="test", expires_on=dt.date(2027, 1, 1))

    camera = Camera(
        camera_id="a", name="A", location=(11.1, 46.0), source_id="s", is_sample=is_sample,
        regions=[],
    )  # fmt: skip
    points = {"small_cell_people": number(10), "small_cell_authors": number(5)}
    plain = town()
    values = {
        "thresholds": plain.thresholds.model_copy(update={"risk_points": points}),
        "cameras": [camera],
        "basemap": [BackgroundFeature(kind="built", name="", geometry=SQUARE.buffer(0.002))],
        "incident_categories": {
            name: {"label": {"it": label, "en": name}} for name, label in LABELS.items()
        },
    }
    return plain.model_copy(update={**values, **changes})


def text_of(pdf: bytes) -> str:
    return subprocess.run(
        ["pdftotext", "-", "-"], input=pdf, capture_output=True, check=True
    ).stdout.decode()


@pytest.mark.parametrize("language", ["it", "en"])
def test_a_full_week_is_three_pages_and_twice_the_same(language: Language):
    pdf = report_pdf(full_week(), city(), language)
    assert text_of(pdf).count("\f") == 3
    assert pdf == report_pdf(full_week(), city(), language)


def test_the_pages_say_where_why_and_what_is_hidden():
    text = text_of(report_pdf(full_week(), city(), "it"))
    for expected in (
        "16–22 novembre 2026",
        "DATI DI PROVA",
        "2 ore oltre la soglia 60",
        "Mercatino di Natale",
        "lun 23 nov – dom 29 nov",
        "300 finestre video",
        "40 ore di temi",
        "La semplice mappa dei conteggi ne coglie il 19%",
        "Dati dal 2026-11-16 al 2026-11-22",
        "people-2.1.0",
        "Pagina 3/3",
    ):
        assert expected in re.sub(r"\s+", " ", text), expected


def test_each_method_is_one_row_with_a_cell_for_each_share_of_the_area():
    scores = [r for r in full_week().scores if r["method"] in ("count-map", "gamma-poisson")]
    alone = next(r for r in full_week().scores if r["method"] == "persistence")  # at 1 % only
    html = report_html(week(scores=[alone, *scores]), city(), "en")
    assert re.findall(r"on (\S+) of the area</th>", html) == ["1%", "5%", "10%"]
    rows = [re.sub(r"<[^>]+>", "|", row) for row in re.findall("<tr>(.*?)</tr>", html)]
    table = [re.findall(r"[^|\s][^|]*[^|\s]|–", row) for row in rows if "(" in row]
    assert table == [
        ["Gamma-Poisson model", "13%", "(13.0)", "21%", "(4.2)", "31%", "(3.1)"],
        ["count map", "11%", "(11.0)", "19%", "(3.8)", "29%", "(2.9)"],
        ["the week before", "4%", "(4.0)", "–", "–"],
    ]


def test_without_sample_cameras_there_is_no_banner():
    assert "DATI DI PROVA" not in report_html(full_week(), city(is_sample=False), "it")


def test_a_week_without_data_says_so_and_not_that_all_is_well():
    html = report_html(week(), city(), "it")
    assert "Per questa settimana non ci sono dati." in html
    assert "non indicano misure" not in html
    assert "gli eventi non sono noti qui" in html


def test_a_quiet_week_says_what_is_quiet_and_what_changed():
    quiet = zone_row("piazza-dante", zone_name="Piazza Dante", risk_max=12.0, risk_mean_before=11.7)
    rows = [zone_row(risk_max=35.0, risk_mean=11.7, risk_mean_before=9.9), quiet]
    html = report_html(dataclasses.replace(full_week(), hot_hours=[], zones=rows), city(), "it")
    assert "Nessun luogo ha superato la soglia" in html
    assert "Il valore più alto: Piazza Duomo, 35 su 100. Luoghi sempre sotto 20: 1 su 2." in html
    assert "in crescita Piazza Duomo (+1,8); luoghi quasi invariati: 1." in html


def test_the_map_shows_the_readers_own_zones_in_the_readers_language(monkeypatch):
    drawn = {}

    def zone_map(shown, *_, language, **__):
        drawn.update(zones=[zone.zone_id for zone in shown.zones], language=language)
        return b""

    monkeypatch.setattr("precrisis.map_picture.zone_map", zone_map)
    own = dataclasses.replace(full_week(), zones=[zone_row("piazza-duomo")], hot_hours=[])
    report_html(own, city(), "en", [CENTRE])
    assert len(city().zones) > 1
    assert drawn == {"zones": ["piazza-duomo"], "language": "en"}


def test_texts_of_the_marts_are_escaped():
    rows = [{**row, "decision_reason": "<img src=x>"} for row in full_week().alerts]
    html = report_html(dataclasses.replace(full_week(), alerts=rows), city(), "it")
    assert "<img src=x>" not in html
    assert "&lt;img src=x&gt;" in html


def test_the_report_names_no_reviewer():
    assert "reviewer" not in {key for row in full_week().alerts for key in row}


def test_nothing_but_inline_pictures_is_fetched():
    html = report_html(full_week(), city(), "it")
    assert set(re.findall(r'src="([a-z]+):', html)) == {"data"}


def test_a_district_that_is_not_the_citys_is_refused():
    with pytest.raises(ValueError, match="Povo"):
        weekly_report(None, city(), MONDAY, "it", ["Povo"])


def test_no_district_is_not_the_whole_city():
    with pytest.raises(ValueError, match="empty"):
        weekly_report(None, city(), MONDAY, "it", [])


def mail(districts="all"):
    recipient = Recipient(address="sicurezza@trento.example", districts=districts)
    return report_mail(
        full_week(), city(), recipient, b"%PDF-1.7", "it",
        sender="precrisis@trento.example", sent_at=dt.datetime(2026, 11, 23, 5, tzinfo=dt.UTC),
    )  # fmt: skip


def test_the_mail_carries_the_report_and_its_first_sentence():
    message = message_from_bytes(mail().as_bytes(), policy=policy.default)
    assert str(message["Subject"]) == "PreCrisis Trento: rapporto 16–22 novembre 2026"
    assert "valutare misure per la prossima settimana" in message.get_body().get_content()
    (pdf,) = message.iter_attachments()
    assert pdf.get_filename() == "precrisis-trento-2026-11-16-it.pdf"
    assert pdf.get_content() == b"%PDF-1.7"


def test_a_mail_for_a_district_says_so_and_has_its_own_id():
    message = mail([CENTRE])
    assert f"Solo per: {CENTRE}" in message.get_body().get_content()
    assert message["Message-ID"] != mail()["Message-ID"]
    assert mail()["Message-ID"] == mail()["Message-ID"]


def test_all_districts_means_no_restriction():
    assert districts_of(Recipient(address="a@trento.example", districts="all")) is None
    assert districts_of(Recipient(address="a@trento.example", districts=[CENTRE])) == [CENTRE]


THREAT = {
    "subject": "site", "subject_id": "duomo", "threat": "vehicle_ramming", "scenario": "Un veicolo",
    "existing_measures": "Fioriere", "consequence": 4, "likelihood": 3, "computed_score": 12,
    "score": 20, "is_overridden": True, "override_reason": "La porta resta aperta",
    "overridden_by": "Consulente", "overridden_on": dt.date(2026, 3, 2),
    "next_measure": "Dissuasori", "next_owner": "Strade", "next_due_on": dt.date(2027, 3, 31),
}  # fmt: skip
SHEET = {
    "subject": "site", "site_id": "duomo", "site_name": "Cattedrale", "live_risk_index": 41.0,
    "density_7d_max": 1.3, "speed_7d_mean": None, "incidents_90d": 6, "forecast_place": 3,
    "is_in_hot_spot": True, "owner": "Sicurezza", "assessed_on": dt.date(2026, 3, 1),
    "review_on": dt.date(2027, 3, 1),
}  # fmt: skip


def test_a_sheet_asked_for_is_a_page_with_the_experts_reason_and_what_the_data_say():
    asked = week(zones=[zone_row()], sheets=[SHEET, SHEET | {"site_id": "muse"}], threats=[THREAT])
    pdf = report_pdf(asked, city(), "it")
    text = " ".join(text_of(pdf).split())
    for part in (
        "Scheda di vulnerabilità: Cattedrale", "Veicolo sulla folla", "(4 × 3 = 12)",
        "La porta resta aperta", "Dissuasori", "1,3", "Nessuno ha ancora valutato",
    ):  # fmt: skip
        assert part in text, part


def test_measures_are_told_with_interval_and_verdict_and_checks_in_plain_words():
    lit = {
        "measure_name": "Lampioni", "kind": "light", "zone_name": "Piazza", "verdict": "fewer",
        "done_on": dt.date(2026, 9, 1), "place_pct": -40.0, "place_low_pct": -60.0,
        "place_high_pct": -10.0, "ring_pct": None, "ring_low_pct": None, "ring_high_pct": None,
    }  # fmt: skip
    checks = {
        "feedback_ratio": 1.3, "found_odds_ratio": 2.0, "found_odds_p": 0.01,
        "districts_differ_p": 0.4,
    }  # fmt: skip
    told = full_week()
    text = report_html(dataclasses.replace(told, measures=[lit], checks=[checks]), city(), "en")
    assert "fewer incidents" in text
    assert "−40" in text or "-40" in text
    for part in (
        "draws the forecast to places it had named (1.3 times)",
        "patrols find more incidents than elsewhere", "does not differ between",
    ):  # fmt: skip
        assert part in text, part
