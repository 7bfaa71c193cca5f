"""What is hidden stays hidden: whatever it holds, everything published is the same.

The strongest differencing attack there is: no reader, with any computation over all marts, can
tell apart two towns that publish the same rows, so the feasible interval of each hidden count is
the whole range from 1 to k - 1. What the totals of real data narrow is measured by `attack_marts`.
"""

import datetime as dt

from tests import marts
from tests.marts import HOUR, post, window

K_PEOPLE, K_AUTHORS = 10, 5
WEEK = dt.timedelta(weeks=1)


def fill(town, people: int, authors: int) -> None:
    """A town in which `people` (1-9) and `authors` (1-4) are what must stay hidden."""
    # One region, hidden and shown windows beside each other, in a place that is open and in others
    # that are closed at night, where an intrusion is named from the first person on.
    for n, zone_id in enumerate(("town-square", "market-square", "river-park")):
        mean = {"people_mean": 0.6 * people}  # from 0.5 on an intrusion, the surer the more
        window(town, zone_id, people, 20 * n, camera_id="piazza-fiera", **mean)
        window(town, zone_id, 24, 20 * n + 10, camera_id="piazza-fiera")
    # Three regions of one picture, of which one holds the other two.
    window(town, "town-square", 30 + people, 10)
    window(town, "market-square", 30, 10)
    window(town, "river-park", people, 10)
    # An empty place, and a crowd.
    window(town, "town-square", 0, 20)
    window(town, "town-square", 40, 30)
    # Authors of a hidden theme; some of a shown theme voice a second one that is shown too.
    for n in range(authors):
        post(town, f"few-{n}", "threat")
        post(town, f"few-{n}", "disorder", zone_id="river-park")
    for n in range(7):
        post(town, f"many-{n}", *(("panic", "crowding") if n < 6 else ("panic",)))
    # The same hour of two weeks before, so that there is a past to be surprised against.
    for posted_at in (HOUR - WEEK, HOUR - 2 * WEEK):
        for n in range(13):
            post(town, f"many-{n}", "panic", "calm", posted_at=posted_at)
        for n in range(authors):
            post(town, f"few-{n}", "threat", posted_at=posted_at)
    marts.name_events(town)


def hidden(town) -> dict[str, int]:
    """How many cells are hidden, by kind."""
    return town.rows("""
        SELECT
            (SELECT count(*) FROM marts.fct_camera_window WHERE is_suppressed) AS windows,
            (SELECT count(*) FROM marts.fct_post_theme_hour WHERE is_suppressed) AS themes
    """)[0]


SURPRISED = "SELECT count(*) AS n FROM marts.fct_post_theme_hour WHERE surprise IS NOT NULL"


def empty(town) -> None:
    town.rows("TRUNCATE raw.camera_observation, raw.video_event, raw.post_signal")
    marts.forget(town)


def test_what_is_published_is_the_same_whatever_the_hidden_cells_hold(town):
    """Both ends of the range, and a mix: three towns, one publication."""
    seen = []
    for verb, people, authors in (
        ("run", 1, 1),
        ("build", K_PEOPLE - 1, K_AUTHORS - 1),  # with dbt's own tests
        ("run", 6, 2),
    ):
        empty(town)
        fill(town, people, authors)
        marts.build(verb=verb)
        seen.append(marts.published(town))
        assert hidden(town) == {"windows": 6, "themes": 4}
        assert town.rows(SURPRISED) == [{"n": 2}]
    assert sum(len(rows) for rows in seen[0].values()) > 50
    assert seen[0] == seen[1]
    assert seen[0] == seen[2]
