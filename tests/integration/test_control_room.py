"""The wall screen in a real browser, on a real warehouse; the login is tested in tests/e2e."""

import datetime as dt
import re
import socket
import threading
import time

import pytest
import uvicorn
from airflow.api_fastapi.core_api.security import get_user
from playwright.sync_api import expect, sync_playwright

from precrisis.alerts.review import record_review
from precrisis.pages.city_drawing import city_drawing

expect.set_options(timeout=60_000)
MINUTE = dt.timedelta(minutes=1)
INSERT = """
INSERT INTO ops.alert (alert_id, rule, rule_version, zone_id, starts_at, ends_at, risk_index,
    certainty, severity, reasons, unknowns, inputs, raised_at)
SELECT %s, 'zone_risk_high', '1', %s, now() - %s, now() - %s + interval '1 hour', %s,
    0.6, %s, %s, '[]', '{}', now() - %s
"""
FIRST = """
INSERT INTO ops.alert_version
SELECT alert_id, 1, 'raised', ends_at, risk_index, certainty, severity, reasons, unknowns, inputs,
    raised_at
FROM ops.alert WHERE alert_id = %s
"""
GROWN = """
INSERT INTO ops.alert_version
SELECT alert_id, 2, 'grew', ends_at, 92, certainty, 'extreme', reasons, unknowns, inputs, now()
FROM ops.alert WHERE alert_id = %s
"""
WHY = '[{"key": "crowding", "value": 50, "text_it": "Folla", "text_en": "<b>A dense crowd</b>"}]'


def alert(world, name: str, zone: str, severity: str, age: dt.timedelta, risk: float = 70) -> None:
    world.rows(INSERT, name, zone, age, age, risk, severity, WHY, age)
    world.rows(FIRST, name)


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=flags)
        yield browser
        browser.close()


class Room:
    """The pages' app on a port of its own, for somebody who is signed in; it can be ended."""

    def __init__(self) -> None:
        from precrisis.pages.app import app

        app.dependency_overrides[get_user] = lambda: object()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.server = uvicorn.Server(uvicorn.Config(app, port=self.port, log_level="warning"))
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        until = time.monotonic() + 30
        while not self.server.started and time.monotonic() < until:
            time.sleep(0.05)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/control-room"

    def end(self) -> None:
        from precrisis.pages.app import app

        self.server.force_exit = self.server.should_exit = True
        self.thread.join(timeout=30)
        app.dependency_overrides.clear()


@pytest.fixture
def room(world):
    city_drawing.cache_clear()
    room = Room()
    yield room
    room.end()
    city_drawing.cache_clear()


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.set_default_timeout(60_000)
    page.problems = []
    page.on("console", lambda m: page.problems.append(m.text) if m.type == "error" else None)
    page.on("request", lambda r: page.problems.append(r.url) if "127.0.0.1" not in r.url else None)
    yield page
    page.close()


def places(page) -> list[str]:
    return page.locator("#queue .place").all_inner_texts()


def test_what_waits_stands_by_gravity_and_age_and_text_stays_text(world, room, page, tmp_path):
    alert(world, "a1", "town-square", "moderate", 50 * MINUTE)
    alert(world, "a2", "market-square", "extreme", 200 * MINUTE, 91)
    alert(world, "a3", "river-park", "moderate", 2 * MINUTE)
    alert(world, "a4", "town-square", "severe", 9 * MINUTE)
    record_review("a4", "dismiss", "a delivery with a permit", "operator")
    page.goto(room.url)
    assert places(page) == ["Market Square", "River Park NEW", "Town Square"]
    expect(page.locator("#queue .facts").first).to_contain_text("3 h 20 min")
    expect(page.locator("#queue .why").first).to_have_text("<b>A dense crowd</b>")
    expect(page.locator(".decided li")).to_have_count(1)
    assert page.locator(".pin").count() == 3
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.screenshot(path=tmp_path / "room.png")
    assert page.problems == []  # nothing broke the policy, nothing was asked of another host


def test_a_new_alert_shows_by_itself_and_the_focus_stays(world, room, page):
    alert(world, "a1", "town-square", "moderate", 5 * MINUTE)
    page.goto(room.url)
    page.keyboard.press("ArrowDown")
    expect(page.locator("#queue a:focus .place")).to_have_text("Town Square")
    assert "chosen" in page.locator(".pin").get_attribute("class")
    alert(world, "a2", "river-park", "severe", 4 * MINUTE)
    expect(page.locator("#queue .place")).to_have_text(["River Park", "Town Square"])
    expect(page.locator("#queue a:focus .place")).to_have_text("Town Square")
    expect(page.locator("#news")).to_contain_text("2")
    page.keyboard.press("ArrowUp")
    href = page.locator("#queue a:focus").get_attribute("href")
    assert href.endswith("/dags/alerts_review/runs/a2/tasks/decide/required_actions")


def test_what_grew_after_it_was_dismissed_is_asked_again(world, room, page):
    alert(world, "a1", "town-square", "moderate", 5 * MINUTE)
    record_review("a1", "dismiss", "a delivery with a permit", "operator")
    world.rows(GROWN, "a1")
    page.goto(room.url)
    expect(page.locator("#queue .place")).to_have_text("Town Square GREW")
    expect(page.locator("#queue .risk")).to_contain_text("92/100 extreme")
    href = page.locator("#queue a").get_attribute("href")
    assert href.endswith("/runs/a1.2/tasks/decide/required_actions")
    expect(page.locator(".decided li")).to_have_count(0)


def test_what_quiet_hours_hold_says_until_when(world, room, page):
    alert(world, "a1", "town-square", "moderate", 5 * MINUTE)
    world.rows(
        "INSERT INTO ops.alert_delivery "
        "(alert_id, version, channel, status, reference, waits_until) VALUES "
        "('a1', 1, 'mail:office', 'waiting', '', date_trunc('day', now()) + interval '1 day 7 h')"
    )
    page.goto(room.url)
    expect(page.locator("#queue .held")).to_have_text(
        re.compile(r"Held for quiet hours until .*07:00: mail:office")
    )


def test_a_server_that_does_not_answer_is_said_to_be_silent(world, room, page):
    page.clock.install()
    page.goto(room.url)
    expect(page.locator("#stale")).to_be_hidden()
    room.end()
    page.clock.run_for(40_000)
    expect(page.locator("#stale")).to_contain_text("STALE DATA")
    assert "stale" in page.locator("body").get_attribute("class")


def test_a_source_is_silent_after_the_time_the_pack_bears(world, room, page):
    at = dt.datetime.now(dt.UTC)
    ledger = (
        "INSERT INTO ops.object_ledger VALUES ('restricted', %s, 'footage_segment', '', 1, %s, %s)"
    )
    for camera, age in (("duomo-nord", 10), ("piazza-fiera", 90)):
        stored = at - age * MINUTE
        key = f"footage_segment/{stored:%Y-%m-%d/%H%M%S%f}Z_{camera}.mkv"
        world.rows(ledger, key, stored, at)
    world.rows(
        "INSERT INTO ops.outcome (step, item_key, run_id, dag_id, status, started_at, ended_at) "
        "VALUES ('take_in_posts', 'test-feed', 'r', 'd', 'failed', %s, %s)", at, at,
    )  # fmt: skip
    page.goto(room.url)
    states = {
        item.locator("b").inner_text(): item.get_attribute("class")
        for item in page.locator("footer li").all()
    }
    assert states == {
        "Town Square, north side": "speaks", "Market Square": "silent", "test-feed": "trouble",
    }  # fmt: skip
