"""The differencing attacker finds what a table gives away, and nothing where nothing is given."""

import pytest

from precrisis.privacy.differencing import Hidden, Total, intervals, narrowed

MARK = Hidden(1, 9)


def test_a_single_hidden_cell_is_the_rest_of_its_total():
    found = intervals({"a": 20, "b": 30}, {"c": MARK}, [Total(("a", "b", "c"), 54)])
    assert found == {"c": (4, 4)}


def test_two_hidden_cells_of_a_row_are_found_through_their_columns():
    """A table of 2 x 2 with all four margins, of which each row and column hides one or two."""
    hidden = {"a1": MARK, "a2": MARK, "b1": MARK}
    totals = [Total(("a1", "a2"), 7), Total(("b1", "b2"), 25), Total(("a1", "b1"), 8)]
    found = intervals({"b2": 20}, hidden, [*totals, Total(("a2", "b2"), 24)])
    assert found == {"a1": (3, 3), "a2": (4, 4), "b1": (5, 5)}


def test_a_total_without_a_second_margin_narrows_but_does_not_tell():
    found = intervals({"b": 40}, {"a1": MARK, "a2": MARK}, [Total(("a1", "a2", "b"), 52)])
    assert found == {"a1": (3, 9), "a2": (3, 9)}
    assert narrowed({"b": 40}, {"a1": MARK, "a2": MARK}, [Total(("a1", "a2", "b"), 52)])


def test_a_total_of_the_shown_cells_tells_nothing():
    hidden = {"a": MARK, "c": MARK}
    assert narrowed({"b": 40}, hidden, [Total(("b",), 40)]) == []
    assert narrowed({"b": 40}, hidden, []) == []


@pytest.mark.parametrize(("union", "found"), [(40, []), (41, []), (42, ["a"])])
def test_a_union_tells_where_it_is_more_than_its_shown_parts(union, found):
    total = Total(("a", "b"), union, is_sum=False)
    assert narrowed({"b": 40}, {"a": Hidden(1, None)}, [total]) == found


def test_a_total_that_is_not_over_these_cells_is_named():
    with pytest.raises(ValueError, match="fit the totals"):
        intervals({}, {"a": MARK}, [Total(("a",), 50)])
