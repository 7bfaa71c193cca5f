"""Superset's menu in Italian: our own words, and nothing of the pack that Superset ships."""

import gettext
from pathlib import Path

import pytest

SUPERSET = Path(__file__).parents[2] / "infra" / "superset"


@pytest.fixture
def words(monkeypatch):
    monkeypatch.syspath_prepend(str(SUPERSET))
    import words

    return words


def test_the_server_reads_our_words_and_leaves_others_english(words, tmp_path):
    folder = words.write_catalogue(tmp_path)
    server = gettext.translation("messages", folder, ["it"])
    assert server.gettext("Dashboards") == "Cruscotti"
    assert server.gettext("No such word of ours") == "No such word of ours"


def test_server_and_page_say_the_same(words, tmp_path):
    server = gettext.translation("messages", words.write_catalogue(tmp_path), ["it"])
    page = words.italian_pack()["locale_data"]["superset"]
    single = {source: word[0] for source, word in page.items() if source and len(word) == 1}
    assert {source: server.gettext(source) for source in single} == single


def test_writing_twice_leaves_one_file(words, tmp_path):
    words.write_catalogue(tmp_path)
    words.write_catalogue(tmp_path)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["messages.mo"]
