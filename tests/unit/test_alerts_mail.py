"""The mail of an alert: complete in text and HTML, closed in itself, marked as an exercise."""

import datetime as dt
import re
import socket
from email import message_from_bytes, policy

import pytest

from precrisis.alerts.candidates import candidates
from precrisis.alerts.mail import alert_mail
from precrisis.alerts.versions import Version
from precrisis.relay import Relay, SendError, send
from tests.unit.alerts_town import rule, town, zone_hour

SENT = dt.datetime(2026, 11, 21, 20, 30, tzinfo=dt.UTC)
LINKS = {"review": "https://precrisis.trento.example/review/1", "dashboard": ""}


def mail(city=None, status="Exercise", why="raised", is_held=False, **row):
    (candidate,) = candidates([zone_hour(**row)], [rule()]).raised
    the_city = city or town()
    return alert_mail(
        Version(candidate, 1, why, SENT),
        the_city,
        b"\x89PNG",
        b"<alert/>",
        LINKS,
        to=the_city.alert_recipients,
        sender="precrisis@trento.example",
        status=status,
        is_held=is_held,
    )


def html_of(message) -> str:
    return message.get_body(("html",)).get_content()


def test_the_parts_survive_the_wire():
    message = message_from_bytes(mail().as_bytes(), policy=policy.default)
    kinds = [part.get_content_type() for part in message.walk() if not part.is_multipart()]
    assert kinds == ["text/plain", "text/html", "image/png", "application/cap+xml"]
    (cap,) = message.iter_attachments()
    assert cap.get_content() == b"<alert/>"


def test_the_city_language_comes_first():
    subject = str(mail()["Subject"])
    assert subject.startswith("[ESERCITAZIONE] Avviso grave: Piazza Duomo, sabato 21 novembre 2026")
    assert "dalle 21:00 alle 22:00" in subject
    english = mail(town(language="en"))
    assert str(english["Subject"]).startswith("[EXERCISE] Severe alert: Piazza Duomo, Saturday")


def test_exercise_is_marked_and_a_real_alert_is_not():
    assert "ESERCITAZIONE / EXERCISE" in html_of(mail())
    assert "ESERCITAZIONE" in mail().get_body(("plain",)).get_content()
    real = mail(status="Actual")
    assert "ESERCITAZIONE" not in html_of(real) + str(real["Subject"])


def test_text_and_html_name_reasons_certainty_and_unknowns():
    message = mail()
    for body in (message.get_body(("plain",)).get_content(), html_of(message)):
        assert "Affollamento: in media 48 persone presenti" in body
        assert "30,5" in body
        assert "media (62%)" in body.lower()
        assert "Nessun messaggio pubblico su questo luogo" in body
        assert "No public posts about this place" in body
        assert LINKS["review"] in body


def test_nothing_is_fetched_from_outside():
    html = html_of(mail())
    assert re.findall(r'src="([^"]+)"', html) == ["cid:map@precrisis"]
    assert "url(" not in html
    assert "<link" not in html
    assert "<script" not in html


def test_titles_from_outside_are_escaped():
    assert "<script>" not in html_of(mail(event_title="<script>x</script>"))


def texts_of(message) -> tuple[str, str]:
    plain = message.get_body(("plain",)).get_content()
    return plain, html_of(message)


def test_a_mail_that_waited_says_so_in_both_languages():
    for text in texts_of(mail(is_held=True)):
        assert "ha atteso la fine delle Sue ore di quiete" in text
        assert "waited for the end of your quiet hours" in text
    for text in texts_of(mail()):
        assert "quiete" not in text


@pytest.mark.parametrize(
    ("why", "italian", "english"),
    [
        ("raised", "Valutare con le informazioni", "Assess with what"),
        ("grew", "Valutare con le informazioni", "Assess with what"),
        ("ended", "Il fatto è concluso.", "It is over."),
        ("withdrawn", "Non occorre fare altro.", "Nothing else is to be done."),
    ],
)
def test_what_is_to_be_done_follows_what_became_of_the_alert(why, italian, english):
    for text in texts_of(mail(why=why)):
        assert [italian in text, english in text] == [True, True]
        assert text.count("Valutare con") == (why in ("raised", "grew"))


def test_a_line_break_cannot_add_a_header():
    with pytest.raises(ValueError, match=r"(?i)linefeed|newline|CR"):
        mail(town(alert_recipients=["a@trento.example\nBcc: b@trento.example"]))


def test_the_message_id_follows_from_the_alert():
    assert mail()["Message-ID"] == mail()["Message-ID"]
    assert mail()["Message-ID"] != mail(zone_id="piazza-dante")["Message-ID"]
    assert re.fullmatch(r"<alert\.[0-9a-f]{24}@trento\.example>", mail()["Message-ID"])


def test_no_recipients_is_an_error_with_a_remedy():
    with pytest.raises(ValueError, match=r"city\.yaml"):
        mail(town(alert_recipients=[]))


def test_an_absent_relay_is_named():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(SendError, match=f"127.0.0.1:{port} can't be used"):
        send(mail(), Relay("127.0.0.1", port))
