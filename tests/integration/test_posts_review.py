"""Posts are reviewed on a page: with a reason, without the author, while the text lives."""

import datetime as dt

import pytest
from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from airflow.api_fastapi.core_api.security import get_user
from starlette.testclient import TestClient

from precrisis.pages.app import app
from precrisis.pages.posts_review import may_review, reviewer
from precrisis.posts.analyse import understand_posts
from precrisis.posts.ingest import take_in_posts
from precrisis.retention.rows import delete_rows
from tests import marts
from tests.integration.test_posts_pipeline import after, hour_later, serving

WHY = "weekly look at uncertain posts"
HERE = {"origin": "http://testserver"}
TEXTS = [
    "Panic in the square, @anna_b ran <b>away</b>",
    "They say the bridge is closed, who knows",
    "A quiet evening at the market, call 0461 123456",
]
LOG = "SELECT action, actor, reason, facts FROM ops.audit_log WHERE action = ANY(%s) ORDER BY 1"
SIGNALS = "SELECT post_id_hash, themes, is_uncertain FROM staging.stg_feeds__signals ORDER BY 1"


@pytest.fixture
def client():
    app.dependency_overrides |= {get_user: lambda: object(), reviewer: lambda: "carla"}
    yield TestClient(app)
    app.dependency_overrides.clear()


@pytest.fixture
def uncertain(town, tmp_path, run):
    """Three posts, understood, of none of which the model is sure."""
    with serving(town, tmp_path, TEXTS):
        take_in_posts(run)
    understand_posts(run)
    town.rows("UPDATE raw.post_signal SET is_uncertain = true")
    return town


def keys_by_text(client, reason: str = WHY) -> dict[str, str]:
    """What the page shows: the key of the form by the start of the text."""
    answer = client.post("/posts-review", data={"reason": reason}, headers=HERE)
    assert answer.status_code == 200
    parts = answer.text.split('<input type="hidden" name="post-')[1:]
    return {
        part.split('pre-line">')[1][:5]: part.split('value="')[1].split('"')[0] for part in parts
    }


def test_nothing_is_shown_without_a_reason_nor_to_a_form_of_another_site(uncertain, client):
    assert "square" not in client.get("/posts-review").text
    assert keys_by_text(client, "because") == {}
    for headers in ({"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}, {}):
        sent = client.post("/posts-review", data={"reason": WHY}, headers=headers)
        assert sent.status_code == 403
    assert uncertain.rows(LOG, ["consultation", "review"]) == []


def test_a_reviewer_sees_the_cut_text_alone_and_the_log_keeps_that(uncertain, client):
    shown = client.post("/posts-review", data={"reason": WHY}, headers=HERE).text
    assert "ran away" in shown or "ran &lt;b&gt;away" in shown
    for hidden in (
        "anna_b",
        "0461",
        "test-feed",
        *(row["author_key"] for row in uncertain.rows("SELECT author_key FROM raw.post")),
    ):
        assert hidden not in shown
    (entry,) = uncertain.rows(LOG, ["consultation"])
    assert (entry["actor"], entry["reason"], entry["facts"]) == ("carla", WHY, {"posts": 3})


def test_an_answer_counts_for_its_reading_and_goes_with_its_post(uncertain, client, run):
    keys = keys_by_text(client)
    form = {"reason": WHY, "post-0": keys["Panic"], "judged-0": "1", "theme-0": ["panic", "rumour"]}
    form |= {"post-1": keys["They "], "theme-1": ["calm"]}  # not ticked as judged
    assert len(keys_by_text(client)) == 3
    client.post("/posts-review", data=form, headers=HERE)
    client.post("/posts-review", data=form, headers=HERE)  # sent twice
    (kept,) = uncertain.rows("SELECT * FROM raw.post_correction")
    assert (kept["post_id_hash"], kept["themes"]) == (keys["Panic"], ["panic", "rumour"])
    (example,) = uncertain.rows("SELECT * FROM raw.theme_example")
    assert example["themes"] == ["panic", "rumour"]
    assert keys["Panic"] not in str(example)
    assert set(keys_by_text(client)) == {"They ", "A qui"}
    (entry,) = uncertain.rows(LOG, ["review"])
    assert entry["facts"]["posts"] == 1

    marts.build(only="+stg_feeds__signals")
    found = {row["post_id_hash"]: row for row in uncertain.rows(SIGNALS)}
    held = {theme for theme, p in found[keys["Panic"]]["themes"].items() if p == 1}
    assert held == {"panic", "rumour"}
    assert len(found[keys["Panic"]]["themes"]) == 8
    assert {key: row["is_uncertain"] for key, row in found.items()} == {
        key: key != keys["Panic"] for key in keys.values()
    }

    # Read anew, as after an edit, the model's word counts again.
    assert understand_posts(after(run)) == 0
    uncertain.rows("UPDATE raw.post_signal SET loaded_at = now() + interval '1 s'")
    assert {row["is_uncertain"] for row in uncertain.rows(SIGNALS)} == {True}

    # The author deletes the post; the example leads nowhere and stays.
    uncertain.rows("DELETE FROM raw.post_signal WHERE post_id_hash = %s", keys["Panic"])
    delete_rows(hour_later(run))
    assert uncertain.rows("SELECT * FROM raw.post_correction") == []
    assert len(uncertain.rows("SELECT * FROM raw.theme_example")) == 1


def test_a_text_that_is_due_is_not_shown(uncertain, client):
    uncertain.rows("UPDATE raw.post SET due_at = %s", dt.datetime.now(dt.UTC))
    assert keys_by_text(client) == {}


@pytest.mark.parametrize(("role", "may"), [("admin", True), ("op", True), ("user", True),
                                           ("viewer", False), (None, False)])  # fmt: skip
def test_only_who_may_start_the_reading_of_posts_sees_them(role, may):
    user = SimpleAuthManagerUser(username="x", role=role)
    assert may_review(SimpleAuthManager(), user) is may


def test_the_page_needs_a_login():
    assert TestClient(app).get("/posts-review").status_code == 401
