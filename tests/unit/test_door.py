"""What the door keeps of a refusal: keys and counts. (What it does is in tests/integration.)"""

import datetime as dt

from expectations.footage_segment import STATION
from expectations.post_signal import STATION as SIGNAL
from precrisis.door import _repeats, _row_key, _visible, _without_values


def test_of_repeats_the_first_is_kept_whatever_the_order_of_the_result():
    result = {
        "unexpected_index_list": [4, 0, 2, 3],
        "unexpected_list": ["b", "a", "a", "b"],
    }
    assert sorted(_repeats(result)) == [2, 4]


def test_a_key_of_several_columns_is_told_apart_by_each():
    keys = [{"a": 1, "b": 1}, {"a": 1, "b": 2}, {"b": 1, "a": 1}]
    assert _repeats({"unexpected_index_list": [0, 1, 2], "unexpected_list": keys}) == [2]


def test_a_row_is_named_by_its_key_with_times_in_iso():
    started_at = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    row = {"camera_id": "duomo-nord", "started_at": started_at}
    assert _row_key(STATION, row) == "duomo-nord/2026-03-01T00:00:00+00:00"


def test_what_is_shown_of_a_signal_holds_no_theme_or_link():
    row = dict.fromkeys(SIGNAL.columns) | {"themes": {"panic": 0.9}, "place_links": []}
    assert {"themes", "place_links"} & set(_visible(SIGNAL, row)) == set()


def test_results_keep_numbers_and_drop_examples_and_exceptions():
    result = {
        "results": [
            {
                "result": {"element_count": 3, "partial_unexpected_list": ["secret"]},
                "exception_info": {"exception_message": "secret"},
            }
        ]
    }
    assert _without_values(result) == {"results": [{"result": {"element_count": 3}}]}
