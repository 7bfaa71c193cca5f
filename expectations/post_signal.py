"""Door of post_signal: a post understood, as probabilities and place links."""

from expectations.station import Row, Station, between, matches, one_of, present, unique

THEMES = ["crowding", "panic", "threat", "hate", "disorder", "rumour", "informative", "calm"]


def flatten(row: Row) -> dict:
    """Check every theme's probability and the best link, not the JSON itself."""
    probabilities = [row["themes"].get(theme) for theme in THEMES]
    complete = all(isinstance(p, int | float) for p in probabilities)
    links = [link["confidence"] for link in row["place_links"]]
    return {
        **{k: v for k, v in row.items() if k not in ("themes", "place_links")},
        "lowest_probability": min(probabilities) if complete else None,
        "highest_probability": max(probabilities) if complete else None,
        "best_link": max(links, default=0.0),
    }


STATION = Station(
    noun="post_signal",
    key=("source", "post_id_hash", "model_version"),
    columns=(
        "source", "post_id_hash", "model_version", "posted_at", "author_key", "language",
        "themes", "is_uncertain", "place_links", "due_at",
    ),
    flatten=flatten,
    rules=(
        *present("source", "post_id_hash", "posted_at", "model_version", "author_key"),
        *present("language", "is_uncertain", "lowest_probability", "best_link", "due_at"),
        matches("post_id_hash", r"^[0-9a-f]{32,64}$", "a hash"),
        matches("author_key", r"^[0-9a-f]{32}$", "a weekly author key"),
        one_of("language", ["it", "en", "de", "other"]),
        between("lowest_probability", 0, 1),
        between("highest_probability", 0, 1),
        between("best_link", 0, 1),
        unique("source", "post_id_hash", "model_version"),
    ),
)  # fmt: skip
