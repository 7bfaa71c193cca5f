"""How long everything is kept that the register does not name by purpose, and why.

Footage and posts are kept as long as their purpose in the register says. What is derived from them,
and what the platform notes about its own work, is here: one place, which the generated documents
show. Times count from the moment named in each entry, UTC.
"""

import datetime as dt
from dataclasses import dataclass

from precrisis.register import CEILING_H

DAY = dt.timedelta(days=1)
CEILING = dt.timedelta(hours=CEILING_H)


@dataclass(frozen=True)
class Period:
    """How long one kind of thing is kept. `since` names where the time counts from."""

    what: str
    since: str
    kept: dt.timedelta
    why: str


SIGNAL = Period(
    "raw.post_signal", "collection of the post", CEILING,
    "author_key is pseudonymous personal data; the hourly counts of the marts are made long before",
)  # fmt: skip
CORRECTION = Period(
    "raw.post_correction", "collection of the post", CEILING,
    "what a person said of a signal goes with the signal, also when its author deletes the post",
)  # fmt: skip
EXAMPLE = Period(
    "raw.theme_example", "review", 400 * DAY,
    "probabilities and the themes that held, without post, place or hour, to recalibrate them",
)  # fmt: skip
PERSONAL_QUARANTINE = Period(
    "ops.quarantine of posts and signals", "last seen", CEILING,
    "a refused row holds the keys that an accepted one would hold",
)  # fmt: skip
QUARANTINE = Period(
    "ops.quarantine of everything else", "last seen", 30 * DAY,
    "long enough to find a broken source, and no row in it names a person",
)  # fmt: skip
VALIDATION = Period(
    "ops.validation", "check", 190 * DAY,
    "counts per rule: evidence of data quality for six months (AI Act, Article 26(6))",
)  # fmt: skip
OUTCOME = Period(
    "ops.outcome", "end of the step", 190 * DAY,
    "the record of what each run did: six months (AI Act, Article 26(6)), and no item twice",
)  # fmt: skip
OBSERVATION = Period(
    "raw.camera_observation", "end of the window", 400 * DAY,
    "counts per zone, to compare a season with the one before; never a person",
)  # fmt: skip
CROSSING = Period(
    "raw.line_crossing", "end of the window", 400 * DAY,
    "counts per line, to compare a season with the one before; never a person",
)  # fmt: skip
EVENT = Period(
    "raw.video_event", "end of the event", 400 * DAY,
    "kind and place, to compare a season with the one before; never a person",
)  # fmt: skip
SIGN = Period(
    "raw.video_sign", "end of the sign", CEILING,
    "events are named from it while its footage may be analysed anew; after that it says nothing",
)  # fmt: skip
CALIBRATION = Period(
    "what a camera learnt as its normal (derived zone, raw.camera_calibration)", "calibration",
    35 * DAY,
    "learnt anew each week; means of features, never a picture, kept for the weeks it scores in",
)  # fmt: skip
LABEL = Period(
    "raw.event_label", "end of the labelled stretch", 400 * DAY,
    "what a person saw happen, as long as the events it is compared with; never a person",
)  # fmt: skip
EVENT_SCORE = Period(
    "raw.event_score", "day of the judgement", 400 * DAY,
    "how often what cameras name is right, to compare a season with the one before",
)  # fmt: skip
FORECAST = Period(
    "raw.forecast with its cells, hours and windows", "first day of the forecast", 400 * DAY,
    "expected numbers by place, to compare a season with the one before; its score is kept",
)  # fmt: skip
HOT_SPOT = Period(
    "raw.hot_spot", "day of the test", 400 * DAY,
    "cells of 300 m and their surroundings, to see what has cooled down since last year",
)  # fmt: skip
SURVEY = Period(
    "raw.survey_answer", "end of the wave", 1100 * DAY,
    "a wave is compared with those of three years; an answer stands alone, without who gave it",
)  # fmt: skip
BASELINE = Period(
    "raw.risk_baseline", "day of the fit", 35 * DAY,
    "a row per zone and hour of the week at each fit; the newest is used, others explain the index",
)  # fmt: skip
COVARIATE = Period(
    "raw.risk_covariate", "day of the fit", 400 * DAY,
    "a dozen coefficients of the city a week, to see whether what they say lasts",
)  # fmt: skip
EFFECT = Period(
    "raw.measure_effect", "day of the judgement", 400 * DAY,
    "counts around a place, judged anew each week, to see an effect fade within a year",
)  # fmt: skip
UPLOAD = Period(
    "unfinished uploads in the object store", "start of the upload", DAY,
    "what a crash left of an object; no ledger row leads to it",
)  # fmt: skip
AIRFLOW_RUN = Period(
    "Airflow runs with their task states, XCom and logs", "end of the run", 30 * DAY,
    "to see why a run failed; keys and counts only",
)  # fmt: skip
AUTHOR_SECRET = Period(
    "the author secret of an ISO week", "end of the week", CEILING,
    "as long as a post of that week may be stored; then its keys lead to nobody",
)  # fmt: skip
ZONE_KEY = Period(
    "the identity of a zone of the object store in use for new objects", "its making", CEILING,
    "with its last object the old identity is destroyed, and every backup of them is unreadable",
)  # fmt: skip

ALL = (
    SIGNAL, CORRECTION, EXAMPLE, PERSONAL_QUARANTINE, QUARANTINE, VALIDATION, OUTCOME, OBSERVATION,
    CROSSING, EVENT, SIGN, CALIBRATION, LABEL, EVENT_SCORE, FORECAST, HOT_SPOT, SURVEY, BASELINE,
    COVARIATE, EFFECT, UPLOAD, AIRFLOW_RUN, AUTHOR_SECRET, ZONE_KEY,
)  # fmt: skip

# Posts older than this when they are met, as in a feed read for the first time, are left alone.
OLDEST_POST = 14 * DAY
