"""When did it happen, if all that is known is between when and when? A bit in each hour.

Aoristic weights (Ratcliffe 2000): what happened between 22:00 and 02:00 counts a quarter in each
of four hours.
"""

import numpy as np

HOURS = 168
MONDAY = np.datetime64("1970-01-05T00")  # hour 0 of the local week


def aoristic_weights(start: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return incident (m,), hour (m,) datetime64[h], weight (m,): the weights of each sum to 1.

    `start`, `end` (n,) datetime64 local time. An end that is missing or not later is the start's
    own hour. Intervals over a week say nothing of the hour and count once over a week.
    """
    first = start.astype("datetime64[h]")
    last = np.where(np.isnat(end) | (end <= start), start, end - np.timedelta64(1, "s"))
    hours = (last.astype("datetime64[h]") - first).astype(int) + 1
    hours = np.clip(hours, 1, HOURS)
    incident = np.repeat(np.arange(len(first)), hours)
    offset = np.arange(len(incident)) - np.repeat(np.cumsum(hours) - hours, hours)
    return incident, first[incident] + offset.astype("timedelta64[h]"), 1 / hours[incident]


def hour_of_week(hour: np.ndarray) -> np.ndarray:
    """Return 0 (Monday 00:00) to 167 of local times."""
    return (hour.astype("datetime64[h]") - MONDAY).astype(int) % HOURS
