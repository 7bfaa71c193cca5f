"""The attacks on who is who, and what each must come to for a release.

Evidence pictures of a camera lie at least 10 s apart, so an attacker matches single pictures. Two
things more are tried and reported: a film of the output, which the platform never gives, to show
why; and outlines of bodies, which it no longer draws.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from tests.attacks.embedding import embed
from tests.attacks.matching import Pictures, Result, attack, holm, scaled, together
from tests.attacks.outputs import Sighting
from tests.attacks.shape import measures, walk, without_perspective

BLOCK, PHASE = 100, 10  # frames: pictures 10 s apart, started at every second
WALK = 50  # frames: 5 s
MIN_STEPS = 10  # samples of a walk
MAX_P, MAX_EXCESS = 0.05, 0.05  # the release: no lower p (Holm), no higher rank-1 above chance
CONTROL_P = 0.01

MUST_FAIL, MUST_SUCCEED, REPORTED = "must not succeed", "must succeed", "reported"


@dataclass(frozen=True)
class Attack:
    """One attack and its outcome; `p_holm` only where it must not succeed."""

    target: str
    attacker: str
    role: str
    result: Result
    p_holm: float | None = None

    @property
    def is_passed(self) -> bool:
        """True when the outcome is what a release needs."""
        if self.role == MUST_FAIL:
            return self.p_holm >= MAX_P and self.result.excess <= MAX_EXCESS
        return self.role == REPORTED or self.result.p_value <= CONTROL_P


def phases(seen: list[Sighting], features: np.ndarray) -> list[Pictures]:
    """Single pictures 10 s apart, once for each second at which they can start."""
    sets: list[Pictures] = [defaultdict(dict) for _ in range(BLOCK // PHASE)]
    for sighting, vector in zip(seen, features, strict=True):
        if sighting.frame % PHASE == 0:
            block, offset = divmod(sighting.frame, BLOCK)
            sets[offset // PHASE][block][sighting.person] = vector
    return sets


def films(
    seen: list[Sighting], features: np.ndarray, summary: Callable[[np.ndarray], np.ndarray]
) -> list[Pictures]:
    """One set of walks of 5 s, each summed up."""
    walks = defaultdict(lambda: defaultdict(list))
    for sighting, vector in zip(seen, features, strict=True):
        walks[sighting.frame // WALK][sighting.person].append(vector)
    return [{
        s: {p: summary(np.array(v)) for p, v in people.items() if len(v) >= MIN_STEPS}
        for s, people in walks.items()
    }]  # fmt: skip


def shape_attacks(target: str, role: str, seen: list[Sighting]) -> Iterable[Attack]:
    """What can be told from flat shapes, and from their place, without any network."""
    sizes = np.stack([measures(s.shape) for s in seen])
    places = np.stack([s.shape.place for s in seen])
    form = without_perspective(sizes, places[:, 1])
    for attacker, features, its_role in (
        ("form, perspective removed", form, role),
        ("form and size", sizes, role),
        ("place alone", places, REPORTED),
    ):
        yield Attack(target, attacker, its_role, attack(scaled(phases(seen, features), "z")))
    for attacker, summary in (("form", lambda a: a.mean(axis=0)), ("gait", walk)):
        result = attack(scaled(films(seen, form, summary), "z"), min_apart=2)
        yield Attack(f"{target}, film at 5 Hz", attacker, REPORTED, result)


def embedding_attacks(target: str, role: str, seen: list[Sighting]) -> Iterable[Attack]:
    """What a network for appearances tells from flat shapes: alone, in company, in their place."""
    seen = [s for s in seen if s.frame % PHASE == 0]
    flat = phases(seen, embed([np.repeat(s.shape.mask[..., None] * 255, 3, axis=2) for s in seen]))
    form = phases(seen, np.stack([measures(s.shape) for s in seen]))
    both = together(scaled(flat, "cosine"), scaled(form, "z"))
    yield Attack(target, "embedding of the shape", role, attack(scaled(flat, "cosine")))
    yield Attack(target, "embedding, form and size", role, attack(both))
    for attacker, crops, its_role in (
        ("embedding of the picture within its edges", [s.crop for s in seen], role),
        ("embedding of the shapes around (company)", [s.company for s in seen], role),
        ("embedding of the surroundings (place)", [s.surroundings for s in seen], REPORTED),
    ):
        found = attack(scaled(phases(seen, embed(crops)), "cosine"))
        yield Attack(target, attacker, its_role, found)


def control(target: str, seen: list[Sighting]) -> Attack:
    """The same network where it must succeed, else it is too weak to tell."""
    seen = [s for s in seen if s.frame % PHASE == 0]
    result = attack(scaled(phases(seen, embed([s.crop for s in seen])), "cosine"))
    # People here are about 30 px wide: squares of 16 px leave two or three in a row.
    role = REPORTED if target == "pixels of 16" else MUST_SUCCEED
    return Attack(target, "embedding", role, result)


def corrected(attacks: list[Attack]) -> list[Attack]:
    """The attacks with p values corrected over those that must not succeed."""
    decisive = [a for a in attacks if a.role == MUST_FAIL]
    p_values = dict(zip(map(id, decisive), holm([a.result.p_value for a in decisive]), strict=True))
    return [Attack(a.target, a.attacker, a.role, a.result, p_values.get(id(a))) for a in attacks]
