"""An alert over its life: it grows, ends, is dismissed and taken back; each told once, in order."""

import datetime as dt
import email
import json
import os
import signal
import subprocess
import sys
from email import policy

import feedparser
import pytest
from lxml import etree

from infra.stack.layout import ROOT
from precrisis.alerts import delivering, raising
from precrisis.alerts.cap_check import NAMESPACE, validate
from precrisis.alerts.cap_verify import verified
from precrisis.alerts.delivering import deliver_alerts
from precrisis.alerts.review import record_review, undecided
from precrisis.city import city
from precrisis.outcome import StepFailed
from precrisis.run import Run
from precrisis.settings import settings
from tests import marts
from tests.unit.alerts_town import zone_hour

MINUTE = dt.timedelta(minutes=1)
EMPTY_MART = """
CREATE TABLE marts.fct_zone_hour (
    zone_id text, local_date date, risk_index real, certainty real, hour_start_at timestamptz,
    contribution_baseline real, contribution_circumstances real, contribution_near_repeat real,
    contribution_crowding real, contribution_video_event real,
    contribution_public_voice real, contribution_context real, has_camera bool, has_posts bool,
    has_baseline bool, has_circumstances bool, people_mean real, video_event_count int,
    alarming_post_count int, event_title text
)
"""
SIGN = """
INSERT INTO ops.alert_candidate
(candidate_id, kind, zone_id, starts_at, ends_at, confidence, inputs, landed_at)
VALUES (%s, %s, %s, %s, %s, %s, '{"segments": ["s"], "model_version": "m"}', %s)
"""
REFERENCE = ("sender", "identifier", "sent")
STEPS = [
    "alert_mail", "deliver_mail", "cap_message", "deliver_cap", "store.put", "send_webhook",
    "after",
]  # fmt: skip
SENT = """
SELECT alert_id, version, channel, reference FROM ops.alert_delivery
WHERE status = 'sent' ORDER BY sent_at, channel
"""


@pytest.fixture
def scene(town, receiver, relay, run):
    """The town without zone-hours; dbt's own table takes half a minute."""
    town.rows(EMPTY_MART)
    town.rows("GRANT SELECT ON marts.fct_zone_hour TO analysis")
    yield Scene(town, receiver, relay, run)
    marts.forget(town)


class Scene:
    """A town with one urgent event, and all that hears of it."""

    def __init__(self, town, receiver, relay, run):
        self.town, self.receiver, self.relay = town, receiver, relay
        self.now = run.interval_end

    def sign(self, kind="density_level", minutes=0.0, confidence=0.9, zone_id="town-square"):
        at = self.now + minutes * MINUTE
        name = f"{kind} {zone_id} {minutes}"
        row = (name, kind, zone_id, at, at + MINUTE / 3, confidence, at)
        self.town.rows(SIGN, *row)

    def index(self, risk_index: float) -> None:
        """The index of the hour now, as the marts would have it when it is over."""
        hour = self.now.replace(minute=0, second=0, microsecond=0)
        row = zone_hour(zone_id="town-square", risk_index=risk_index, hour_start_at=hour)
        row["local_date"] = hour.date()
        self.town.rows(
            "INSERT INTO marts.fct_zone_hour "
            "SELECT (jsonb_populate_record(NULL::marts.fct_zone_hour, %s)).*",
            json.dumps(row, default=str),
        )

    def look(self, minutes=1.0) -> None:
        raising.raise_alerts(self.run(minutes))

    def run(self, minutes=1.0) -> Run:
        end = self.now + minutes * MINUTE
        return Run("test", f"at-{minutes}", end - MINUTE, end)

    def versions(self) -> list[tuple[int, str]]:
        query = "SELECT version, why FROM ops.alert_version ORDER BY alert_id, version"
        return [(row["version"], row["why"]) for row in self.town.rows(query)]

    def sent(self, channel: str) -> list[int]:
        return [row["version"] for row in self.town.rows(SENT) if row["channel"] == channel]

    def mails(self):
        return [email.message_from_bytes(m, policy=policy.default) for m in self.relay.mails]

    def told(self) -> list[tuple[str, str]]:
        return [(name, json.loads(body)["type"]) for name, body in self.receiver.taken]

    def caps(self) -> list[etree._Element]:
        keys = [row["reference"] for row in self.town.rows(SENT) if row["channel"] == "cap"]
        found = [self.town.store.read(*key.split(":", 1)) for key in keys]
        for document in found:
            validate(document)
        return [etree.fromstring(document) for document in found]

    def alert_id(self) -> str:
        return self.town.rows("SELECT alert_id FROM ops.alert")[0]["alert_id"]


def text(document, name) -> str:
    return document.findtext(f"{{{NAMESPACE}}}{name}")


def grow(scene) -> None:
    """A crowd, then a vehicle in it: the severity rises a band."""
    scene.sign()
    scene.look()
    scene.sign("vehicle_in_pedestrian_zone", minutes=2)
    scene.look(3)


def test_an_alert_that_grows_and_ends_is_told_so_once_on_every_channel(scene):
    grow(scene)
    scene.look(4)
    assert scene.versions() == [(1, "raised"), (2, "grew")]
    scene.look(13)
    for _ in range(2):
        scene.look(20)
    assert scene.versions() == [(1, "raised"), (2, "grew"), (3, "ended")]
    for channel in ("cap", "mail", "webhook:control-room"):
        assert scene.sent(channel) == [1, 2, 3]
    name = scene.alert_id()
    assert scene.told() == [
        (name, "alert.raised"), (f"{name}.2", "alert.updated"), (f"{name}.3", "alert.ended"),
    ]  # fmt: skip
    subjects = [mail["Subject"] for mail in scene.mails()]
    assert [s.split("]")[1].split(":")[0].strip() for s in subjects] == [
        "Moderate alert", "Update", "Over",
    ]  # fmt: skip
    first, second, third = scene.mails()
    assert second["In-Reply-To"] == third["References"] == first["Message-ID"]
    assert len({mail["Message-ID"] for mail in scene.mails()}) == 3


def test_the_end_of_an_urgent_event_is_told_within_its_quiet_time_and_one_run(scene):
    """`alerts_escalate` runs every five minutes; nothing else need happen."""
    scene.sign()
    scene.look()
    ended_at = scene.now + MINUTE / 3
    for minutes in range(2, 62, 5):
        raising.keep_telling(scene.run(minutes))
        if scene.sent("mail") == [1, 2]:
            break
    quiet = city().thresholds.urgent_events.quiet
    late = scene.run(minutes).interval_end - ended_at
    assert quiet < late <= quiet + 5 * MINUTE
    assert scene.versions() == [(1, "raised"), (2, "ended")]


def test_between_runs_of_alerts_raise_nothing_is_raised_that_nobody_is_asked_about(scene):
    scene.sign()
    raising.keep_telling(scene.run())
    assert scene.versions() == []
    scene.look()
    scene.sign("vehicle_in_pedestrian_zone", minutes=2)
    raising.keep_telling(scene.run(3))
    assert scene.versions() == [(1, "raised")]


@pytest.mark.parametrize(
    ("risk_index", "versions"), [(50.0, [(1, "raised")]), (70.0, [(1, "raised"), (2, "grew")])]
)
def test_the_hour_of_an_urgent_alert_makes_it_grow_or_says_nothing(scene, risk_index, versions):
    scene.sign()
    scene.look()
    scene.index(risk_index)
    for _ in range(2):
        scene.look(5)
    assert scene.versions() == versions
    assert scene.sent("mail") == [number for number, _ in versions]
    (row,) = scene.town.rows(
        "SELECT detail FROM ops.outcome WHERE step = 'select_alerts' ORDER BY ended_at DESC LIMIT 1"
    )
    assert "told_as_urgent" in row["detail"]


def test_the_cap_documents_of_an_alert_refer_to_those_before(scene):
    grow(scene)
    scene.look(20)
    first, second, third = scene.caps()
    assert [text(d, "msgType") for d in (first, second, third)] == ["Alert", "Update", "Update"]
    assert text(first, "references") is None
    known = [
        ",".join(text(d, part) for part in ("sender", "identifier", "sent"))
        for d in (first, second)
    ]
    assert text(second, "references") == known[0]
    assert text(third, "references") == " ".join(known)
    assert text(second, "note") == "The severity rose: it is severe now."


def test_the_feed_lists_what_is_published(scene):
    grow(scene)
    feed = feedparser.parse(scene.town.store.read("published", "alerts/feed.atom"))
    name = scene.alert_id()
    assert [entry.links[0].href.split("/")[1] for entry in feed.entries] == [
        f"{name}.2.cap.xml", f"{name}.cap.xml",
    ]  # fmt: skip
    for entry in feed.entries:
        validate(scene.town.store.read("published", f"alerts/{entry.links[0].href}"))
    scene.town.store.remove("published", "alerts/feed.atom")
    scene.look(4)
    again = feedparser.parse(scene.town.store.read("published", "alerts/feed.atom"))
    assert again.entries == feed.entries
    assert set(scene.town.outcomes("publish_alert_feed").values()) == {"ok"}
    scene.look(5)
    assert "unchanged" in scene.town.outcomes("publish_alert_feed").values()


def test_what_is_published_can_be_checked_with_the_certificate_beside_it(scene):
    grow(scene)
    certificate = scene.town.store.read("published", "alerts/cap.pem")
    keys = [row["reference"] for row in scene.town.rows(SENT) if row["channel"] == "cap"]
    documents = [scene.town.store.read(*key.split(":", 1)) for key in keys]
    proven = [etree.fromstring(verified(document, certificate)) for document in documents]
    assert [text(one, "msgType") for one in proven] == ["Alert", "Update"]
    feed = feedparser.parse(scene.town.store.read("published", "alerts/feed.atom"))
    assert [link.href for link in feed.feed.links if link.rel == "related"] == ["cap.pem"]
    attached = [
        part.get_content()
        for mail in scene.mails()
        for part in mail.iter_attachments()
        if part.get_content_type() == "application/cap+xml"
    ]
    assert attached == documents


def test_a_dismissed_alert_is_withdrawn_where_it_was_told_and_may_come_back(scene):
    scene.sign()
    scene.look()
    record_review(scene.alert_id(), "dismiss", "a delivery van with a permit", "operator")
    for _ in range(2):
        deliver_alerts(scene.run())
    record_review(scene.alert_id(), "accept", "no, there really is a crowd", "operator")
    deliver_alerts(scene.run())
    assert scene.versions() == [(1, "raised"), (2, "withdrawn"), (3, "restored")]
    assert [text(d, "msgType") for d in scene.caps()] == ["Alert", "Cancel", "Update"]
    assert scene.sent("mail") == scene.sent("webhook:control-room") == [1, 2, 3]


def test_a_dismissed_alert_that_gets_worse_is_told_and_asked_again(scene):
    scene.sign()
    scene.look()
    record_review(scene.alert_id(), "dismiss", "a market that was set up early", "operator")
    deliver_alerts(scene.run())
    assert undecided() == []
    scene.sign("vehicle_in_pedestrian_zone", minutes=2)
    scene.look(3)
    assert scene.versions() == [(1, "raised"), (2, "withdrawn"), (3, "grew")]
    assert [asked["run_id"] for asked in undecided()] == [f"{scene.alert_id()}.3"]
    marts.forget(scene.town)
    marts.build()
    (shown,) = scene.town.rows("SELECT status, severity FROM marts.fct_alert")
    assert shown == {"status": "waiting", "severity": "severe"}
    scene.look(30)
    assert [asked["run_id"] for asked in undecided()] == [f"{scene.alert_id()}.3"]


def test_partners_get_a_real_alert_only_when_a_person_accepted_it(scene, monkeypatch):
    monkeypatch.setenv("PRECRISIS_ALERT_STATUS", "Actual")
    settings.cache_clear()
    scene.sign()
    scene.look()
    assert (scene.sent("mail"), scene.sent("cap")) == ([1], [])
    record_review(scene.alert_id(), "accept", "seen by the patrol as well", "operator")
    deliver_alerts(scene.run())
    assert (scene.sent("mail"), scene.sent("cap")) == ([1], [1])
    assert text(scene.caps()[0], "status") == "Actual"


def test_after_an_hour_without_relay_and_control_room_all_is_told_in_order_once(scene):
    scene.relay.stop()
    scene.receiver.answers = [503] * 1000
    scene.sign()
    with pytest.raises(StepFailed):
        scene.look()
    scene.sign("vehicle_in_pedestrian_zone", minutes=2)
    for minutes in range(3, 63, 10):
        with pytest.raises(StepFailed):
            scene.look(minutes)
    assert scene.versions() == [(1, "raised"), (2, "grew"), (3, "ended")]
    assert (scene.relay.mails, scene.receiver.taken, scene.sent("cap")) == ([], [], [1, 2, 3])
    scene.relay.start()
    scene.receiver.answers = []
    scene.look(63)
    scene.look(64)
    name = scene.alert_id()
    assert [taken[0] for taken in scene.told()] == [name, f"{name}.2", f"{name}.3"]
    ids = [mail["Message-ID"].split(".", 1)[1].split("@")[0] for mail in scene.mails()]
    assert ids == [name, f"{name}.2", f"{name}.3"]


def test_one_alert_that_a_channel_refuses_holds_up_no_other_and_a_dead_one_is_left_alone(scene):
    zones = ("town-square", "market-square", "river-park")
    for zone_id in zones:
        scene.sign(zone_id=zone_id)
    scene.receiver.answers = [400]
    with pytest.raises(StepFailed):
        scene.look()
    assert len(scene.receiver.taken) == 2
    scene.receiver.asked = 0
    scene.receiver.answers = [503] * 1000
    for zone_id in zones:
        scene.sign("vehicle_in_pedestrian_zone", 2, zone_id=zone_id)
    with pytest.raises(StepFailed):
        scene.look(3)
    assert scene.receiver.asked == delivering.AWAY * 4
    assert len(scene.sent("mail")) == 6


@pytest.mark.parametrize(
    "before",
    [
        "alert_mail",
        "deliver_mail",
        "cap_message",
        "deliver_cap",
        "store.put",
        "send_webhook",
        "after",
    ],
)
def test_a_kill_at_any_step_loses_no_alert_and_sends_none_twice(scene, before, tmp_path):
    """Sent twice under one id is one message: neither SMTP nor HTTP can promise more."""
    scene.sign()
    script = tmp_path / "killed.py"
    script.write_text(KILLED.format(before=before, end=scene.run().interval_end.isoformat()))
    environment = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'plugins'}"}
    killed = subprocess.run([sys.executable, str(script)], cwd=ROOT, env=environment)
    assert killed.returncode == -signal.SIGKILL
    scene.look()
    scene.look(2)
    name = scene.alert_id()
    for channel in ("cap", "mail", "webhook:control-room"):
        assert scene.sent(channel) == [1]
    assert {taken[0] for taken in scene.told()} == {name}
    assert len({mail["Message-ID"] for mail in scene.mails()}) == 1
    assert len(scene.caps()) == 1
    # Only a kill between send and mark can send again.
    assert len(scene.told()) <= 1 + (before == "after")
    assert len(scene.mails()) == 1


KILLED = """
import datetime as dt, os, signal
from precrisis.alerts import channels, deliver, raising
from precrisis.run import Run

def kill(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

before = "{before}"
if before == "store.put":
    channels.store.put = kill
elif before == "send_webhook":
    deliver.send_webhook = kill
elif before == "after":
    send = deliver.send_webhook
    deliver.send_webhook = lambda *a: (send(*a), kill())
else:
    assert hasattr(channels, before)
    setattr(channels, before, kill)
end = dt.datetime.fromisoformat("{end}")
raising.raise_alerts(Run("test", "killed", end - dt.timedelta(minutes=1), end))
"""
