"""Sudden gathering and dispersal: how the count of people in one zone changes over minutes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from models.video.kinds import DISPERSAL, GATHERING
from models.video.observation import Observation

MIN_PAST = 3  # windows without which nothing is sudden


@dataclass(frozen=True)
class CrowdRules:
    """From how many people on, and how many times as many (or as few) as before, over what time.

    Raises ValueError where a number makes no sense.
    """

    people: float  # in the window (gathering) or before it (dispersal)
    factor: float  # above 1
    past_s: float = 300.0  # of windows that say what was there before a gathering
    dispersal_s: float = 30.0  # in which a crowd has to be gone

    def __post_init__(self) -> None:
        if not (self.people > 0 and self.factor > 1 and self.past_s > 0 and self.dispersal_s > 0):
            raise ValueError(f"{self}: give people above 0, a factor above 1, and times above 0")


def crowd_strengths(
    zone: Sequence[Observation], rules: CrowdRules
) -> Iterator[tuple[str, Observation, float]]:
    """Yield kind, window and strength (1 = exactly at the limit) for one zone, in time order."""
    for index, seen in enumerate(zone):
        before = [past for past in zone[:index] if past.window_end <= seen.window_start]
        past = _since(before, seen, rules.past_s)
        usual = max(1.0, median(past)) if len(past) >= MIN_PAST else None
        if usual and seen.people_mean >= max(rules.people, rules.factor * usual):
            yield GATHERING, seen, seen.people_mean / max(rules.people, rules.factor * usual)
        most = max(_since(before, seen, rules.dispersal_s), default=0.0)
        if most >= rules.people and seen.people_mean * rules.factor <= most:
            yield DISPERSAL, seen, most / max(seen.people_mean * rules.factor, most / 2)


def _since(before: Sequence[Observation], seen: Observation, past_s: float) -> list[float]:
    start = seen.window_start - timedelta(seconds=past_s)
    return [past.people_mean for past in before if past.window_start >= start]
