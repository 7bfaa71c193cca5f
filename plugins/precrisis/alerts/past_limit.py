"""A limit that keeps the expected number of alerts within a rule's budget, from the past: pure.

Near real time spends a day's budget as the day goes. Without this a day of many small excesses has
none left when the great one comes.
"""

import math
from collections.abc import Sequence

from precrisis.alerts.rules import AlertRule

LEAST_DAYS = 7  # a week has each day once


def past_limit(peaks: Sequence[float], days: int, rule: AlertRule) -> float:
    """Return the lowest limit, at least the rule's, that would have kept the past within budget.

    It is never so high that a severe alert is held back.

    Args:
        peaks: the highest risk index (0-100) of each zone and day that went over the rule's limit.
        days: how many days of the past they are from; of less than a week nothing is learnt.
    """
    allowed = rule.budget_per_day * days
    if days < LEAST_DAYS or len(peaks) <= allowed:
        return rule.limit
    first_too_many = sorted(peaks, reverse=True)[allowed]
    above = math.nextafter(first_too_many, math.inf)
    return max(rule.limit, min(above, rule.severity_bands.severe))
