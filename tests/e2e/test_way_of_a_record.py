"""One segment and one post, from their source to the dashboard's row, the alert and the PDF."""

import email
import email.policy
import io
import subprocess
import tempfile

import pytest
from PIL import Image

from infra.stack import objectstore
from precrisis.zone_keys import ZoneKeys

PANIC_HOUR = """
SELECT * FROM marts.fct_zone_hour WHERE contribution_public_voice > 0
ORDER BY contribution_public_voice DESC LIMIT 1
"""


@pytest.fixture(scope="module")
def mails(stack):
    files = sorted((stack.state / "mail").glob("*.eml"))
    return [
        email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files
    ]


def test_a_segment_reaches_the_dashboard(rows, stack):
    segment = rows("SELECT * FROM raw.footage_segment ORDER BY started_at, camera_id LIMIT 1")[0]
    sealed = objectstore.client(stack).get_object("restricted", segment["object_key"]).read()
    content = ZoneKeys(stack.keys, "restricted").open(sealed)
    with tempfile.NamedTemporaryFile(suffix=".mkv") as file:
        file.write(content)
        file.flush()
        streams = subprocess.run(
            ["ffprobe", "-v", "error", "-show_entries", "stream=codec_type", "-of", "csv=p=0",
             file.name], capture_output=True, text=True, check=True,
        ).stdout.split()  # fmt: skip
    assert streams == ["video"]
    observed = rows(
        "SELECT * FROM raw.camera_observation WHERE camera_id = %s AND window_start = %s",
        segment["camera_id"], segment["started_at"],
    )  # fmt: skip
    assert observed[0]["people_max"] >= 1
    window = rows(
        "SELECT * FROM marts.fct_camera_window WHERE camera_id = %s AND window_start_at = %s",
        segment["camera_id"], segment["started_at"],
    )  # fmt: skip
    assert window[0]["people_band"] == "1-9"
    assert window[0]["people_max"] is None


def test_posts_reach_the_risk_index_and_an_alert(rows):
    hour = rows(PANIC_HOUR)[0]
    placed = rows(
        "SELECT max(author_count) AS authors FROM marts.fct_post_theme_hour "
        "WHERE zone_id = %s AND hour_start_at = %s",
        hour["zone_id"], hour["hour_start_at"],
    )  # fmt: skip
    assert placed[0]["authors"] >= 5
    alerts = rows(
        "SELECT * FROM marts.fct_alert WHERE zone_id = %s AND starts_at <= %s AND ends_at > %s",
        hour["zone_id"], hour["hour_start_at"], hour["hour_start_at"],
    )  # fmt: skip
    assert len(alerts) == 1
    assert alerts[0]["delivered_at"] is not None


def test_each_version_of_an_alert_is_one_mail_with_map_and_valid_cap(rows, mails):
    from precrisis.alerts.cap_check import validate

    alerts = rows("SELECT * FROM ops.alert_version")
    alert_mails = [mail for mail in mails if _part(mail, "application/cap+xml")]
    assert len(alert_mails) == len(alerts) > 0
    assert len({mail["Message-ID"] for mail in alert_mails}) == len(alerts)
    for mail in alert_mails:
        validate(_part(mail, "application/cap+xml").get_payload(decode=True))
        picture = Image.open(io.BytesIO(_part(mail, "image/png").get_payload(decode=True)))
        assert picture.width >= 640


def test_cap_files_lie_in_the_published_bucket(rows, stack):
    keys = {
        entry.object_name
        for entry in objectstore.client(stack).list_objects(
            "published", prefix="alerts/", recursive=True
        )
    }
    told = {row["reference"] for row in rows(
        "SELECT reference FROM ops.alert_delivery WHERE channel = 'cap' AND status = 'sent'"
    )}  # fmt: skip
    assert {f"published:{key}" for key in keys if key.endswith(".cap.xml")} == told != set()


def test_the_report_names_the_place_of_the_alert(rows, mails):
    place = rows("SELECT zone_name FROM marts.fct_alert ORDER BY risk_index DESC LIMIT 1")[0]
    pdfs = [_part(mail, "application/pdf") for mail in mails if _part(mail, "application/pdf")]
    assert pdfs
    assert place["zone_name"] in _text(pdfs[0].get_payload(decode=True))


def test_no_mail_or_report_holds_a_text_of_a_post(mails, posts):
    for mail in mails:
        everything = "".join(
            part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"
        )
        for pdf in (p for p in mail.walk() if p.get_content_type() == "application/pdf"):
            everything += _text(pdf.get_payload(decode=True))
        assert not [post for post in posts if post in everything]


@pytest.fixture(scope="module")
def posts():
    import json
    from pathlib import Path

    root = Path(__file__).resolve().parents[2]
    lines = (root / "infra" / "samples" / "posts.jsonl").read_text().splitlines()
    texts = [json.loads(line)["text"] for line in lines]
    return [text for text in texts if len(text) > 25]


def _part(mail, content_type):
    return next((p for p in mail.walk() if p.get_content_type() == content_type), None)


def _text(pdf: bytes) -> str:
    result = subprocess.run(
        ["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True
    )
    return result.stdout.decode()
