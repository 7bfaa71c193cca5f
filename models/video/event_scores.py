"""Named events against what people labelled, for one camera: pure.

An event finds a label of its kind when the two meet in time, give or take a window. Of what was
named only the stretches that somebody watched from end to end are judged: elsewhere a missing label
says nothing.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

WINDOW = dt.timedelta(seconds=10)  # events begin and end with the windows of observations


@dataclass(frozen=True)
class Stretch:
    """Something of one kind from when to when (UTC)."""

    kind: str
    started_at: dt.datetime
    ended_at: dt.datetime

    def meets(self, other: "Stretch", margin: dt.timedelta = dt.timedelta()) -> bool:
        return (
            self.started_at <= other.ended_at + margin
            and other.started_at <= self.ended_at + margin
        )


@dataclass(frozen=True)
class EventScore:
    """Counts of one kind: recall is found / labelled, precision right / named."""

    labelled: int
    found: int
    named: int
    right: int


def score_events(
    labels: Sequence[Stretch], events: Iterable[Stretch], watched: Iterable[Stretch]
) -> dict[str, EventScore]:
    """Return the counts of each kind that was labelled, or named where somebody watched."""
    every, watched = list(events), list(watched)
    judged = [event for event in every if any(event.meets(stretch) for stretch in watched)]
    return {
        kind: EventScore(
            labelled=len(true := _of(kind, labels)),
            found=sum(_is_met(label, _of(kind, every)) for label in true),
            named=len(told := _of(kind, judged)),
            right=sum(_is_met(event, true) for event in told),
        )
        for kind in sorted({stretch.kind for stretch in (*labels, *judged)})
    }


def _of(kind: str, stretches: Iterable[Stretch]) -> list[Stretch]:
    return [stretch for stretch in stretches if stretch.kind == kind]


def _is_met(one: Stretch, others: Iterable[Stretch]) -> bool:
    return any(one.meets(other, WINDOW) for other in others)
