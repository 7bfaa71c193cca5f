"""Door of survey_answer: one answer of a survey about a zone, with its design weight."""

from expectations.station import Row, Rule, Station, between, matches, one_of, present, unique

SCALE = ["very_safe", "safe", "unsafe", "very_unsafe"]
YES_NO = ["yes", "no"]
# What may be asked. By day and after dark: how safe one feels there. The others: in 12 months.
QUESTIONS = {
    "safe_by_day": SCALE,
    "safe_after_dark": SCALE,
    "avoids_place": YES_NO,
    "was_victim": YES_NO,
    "reported_it": YES_NO,  # of those who were
}
NO_ANSWER = ["does_not_know", "refused", "not_reached"]


def flatten(row: Row) -> dict:
    fitting = (*QUESTIONS.get(row["question"], ()), *NO_ANSWER)
    return dict(row) | {"is_fitting": row["answer"] in fitting}


def station(zone_ids: list[str]) -> Station:
    """The suite for a city with these zones."""
    return Station(
        noun="survey_answer",
        key=("source", "source_id"),
        columns=(
            "source", "source_id", "wave", "wave_ended_on", "zone_id", "question", "answer",
            "weight",
        ),
        flatten=flatten,
        rules=(
            *present("source", "source_id", "wave", "wave_ended_on", "zone_id", "question"),
            *present("answer", "weight"),
            matches("source_id", r"^\S{1,64}$", "an identifier"),
            matches("wave", r"^[a-z0-9-]{1,32}$", "a short name such as 2026-spring"),
            one_of("zone_id", zone_ids),
            one_of("question", list(QUESTIONS)),
            Rule(
                "answer_fits_question",
                "the answer is none that the question has",
                "ExpectColumnValuesToBeInSet",
                {"column": "is_fitting", "value_set": [True]},
            ),
            between("weight", 0.0001, 10_000),
            unique("source", "source_id"),
        ),
    )  # fmt: skip
