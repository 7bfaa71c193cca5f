"""Door of post: a public post, cut down and pseudonymised. Its text is not in the row."""

from expectations.station import Station, between, later, matches, present, unique

STATION = Station(
    noun="post",
    key=("source", "post_id_hash"),
    columns=(
        "source", "post_id_hash", "posted_at", "edited_at", "author_key", "text_length",
        "object_key", "sha256", "collected_at", "due_at",
    ),
    rules=(
        *present("source", "post_id_hash", "posted_at", "author_key", "text_length"),
        *present("object_key", "sha256", "collected_at", "due_at"),
        matches("post_id_hash", r"^[0-9a-f]{32,64}$", "a hash"),
        matches("author_key", r"^[0-9a-f]{32}$", "a weekly author key"),
        matches("sha256", r"^[0-9a-f]{64}$", "a sha256"),
        between("text_length", 1, 2_000, "characters"),
        later("collected_at", "posted_at", or_equal=True),
        later("due_at", "collected_at"),
        unique("source", "post_id_hash"),
    ),
)  # fmt: skip
