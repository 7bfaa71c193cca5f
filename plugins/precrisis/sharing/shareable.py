"""The marts that may be shared at all, and how each column is drawn together over a time step.

A column that is not here is never shared. Left out are what members of staff wrote, sliding windows
(the difference of two days would show a single one), counts of single happenings, and classes of a
number that would undo its rounding. What each column holds of people is dbt's contract
(dbt/models/marts/_marts.yml), against which this list is tested.
"""

from dataclasses import dataclass, field
from typing import Literal

Aggregate = Literal["mean", "sum", "highest", "any", "listed"]


@dataclass(frozen=True)
class Mart:
    """One mart: `keys` make a cell, `attributes` follow from them, `measures` are drawn together.

    `small_if` are the counts that decide whether a row is a small cell, by the name of their k;
    `hidden_if` is the mark of a row that the mart hides already. `beside` are the columns that say
    which rows can be subtracted from each other, so that one hidden row hides them all.
    """

    name: str
    nouns: tuple[str, ...]
    keys: tuple[str, ...]
    attributes: tuple[str, ...]
    time: str | None = None
    measures: dict[str, Aggregate] = field(default_factory=dict)
    small_if: dict[str, tuple[str, ...]] = field(default_factory=dict)
    hidden_if: str = "false"
    beside: tuple[str, ...] = ()
    # Whether every number is counted by rows that are there, so that a higher k can be kept.
    can_raise_k: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that may be shared."""
        return (*self.keys, *self.attributes, *self.measures)


_PARTS = ("baseline", "crowding", "video_event", "public_voice", "context")

MARTS = {
    mart.name: mart
    for mart in (
        Mart(
            "dim_zone",
            nouns=("place",),
            keys=("zone_id",),
            attributes=("zone_name", "kind", "district", "is_pedestrian", "area_m2"),
        ),
        Mart(
            "fct_zone_hour",
            nouns=("footage_segment", "post", "incident", "calendar_event", "place"),
            keys=("zone_id",),
            attributes=("zone_name", "district"),
            time="hour_start_at",
            measures={
                "risk_index": "mean",
                **{f"contribution_{part}": "mean" for part in _PARTS},
                "certainty": "mean",
                "has_camera": "any",
                "has_posts": "any",
                "has_baseline": "any",
                "people_mean": "mean",
                "event_title": "listed",
            },
            small_if={"small_cell_people": ("people_mean",)},
            hidden_if="m.has_camera AND m.people_mean IS NULL",
        ),
        Mart(
            "fct_post_theme_hour",
            nouns=("post", "place"),
            keys=("zone_id", "theme"),
            attributes=("zone_name", "district"),
            time="hour_start_at",
            measures={
                "post_count": "sum",
                "author_count": "highest",  # who posts in two hours is one author, not two
                "mean_probability": "mean",
                "uncertain_pct": "mean",
                "is_suppressed": "any",
            },
            small_if={"small_cell_authors": ("author_count",)},
            hidden_if="m.is_suppressed",
            can_raise_k=True,
        ),
        Mart(
            "fct_camera_window",
            nouns=("footage_segment", "place"),
            keys=("camera_id", "zone_id"),
            attributes=("camera_name", "zone_name", "district"),
            time="window_start_at",
            measures={
                "people_mean": "mean",
                "people_max": "highest",
                "density_per_m2": "mean",
                "speed_m_s": "mean",
                "vehicles_mean": "mean",
                "is_suppressed": "any",
            },
            small_if={"small_cell_people": ("people_mean", "people_max")},
            hidden_if="m.is_suppressed",
            beside=("camera_id", "window_start_at"),
            can_raise_k=True,
        ),
    )
}
