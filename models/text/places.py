"""Which places of a gazetteer a text names. It links only what is written, and never guesses."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

Tokens = tuple[str, ...]

# How a word of an alias may also be written; a full stop or an apostrophe only separates tokens.
SHORT_FORMS: dict[str, tuple[Tokens, ...]] = {
    "piazza": (("p", "zza"), ("p", "za"), ("pzza",), ("pza",), ("pz",), ("p",)),
    "piazzale": (("p", "le"), ("ple",)),
    "via": (("v",),),
    "viale": (("v", "le"), ("vle",)),
    "corso": (("c", "so"), ("cso",)),
    "largo": (("l", "go"), ("lgo",)),
    "san": (("s",),),
    "santo": (("s",), ("s", "to")),
    "santa": (("s",), ("s", "ta"), ("sta",)),
    "santi": (("s", "s"), ("ss",)),
    "stazione": (("staz",),),
}
# A name of one word ("muse") is more often something else than one of two words.
ONE_WORD_CONFIDENCE = 0.8


@dataclass(frozen=True)
class PlaceLink:
    """A place a text names; confidence 0-1 is shared out where a name fits several places."""

    place_id: str
    confidence: float


class PlaceFinder:
    """Finds the places of one gazetteer ({place_id: [aliases]}) in texts."""

    def __init__(self, gazetteer: Mapping[str, Sequence[str]]) -> None:
        """Index every spelling of every alias."""
        self._places: dict[Tokens, set[str]] = defaultdict(set)
        for place_id, aliases in gazetteer.items():
            for spelling in {s for alias in aliases for s in spellings(alias)}:
                self._places[spelling].add(place_id)
        self._longest = max(map(len, self._places), default=0)

    def find(self, text: str) -> list[PlaceLink]:
        """Links in order of place_id; each place once, with its best confidence."""
        best: dict[str, float] = {}
        for name, place_ids in self._names(tokens_of(text)):
            confidence = (1.0 if is_distinct(name) else ONE_WORD_CONFIDENCE) / len(place_ids)
            for place_id in place_ids:
                best[place_id] = max(best.get(place_id, 0.0), confidence)
        return [PlaceLink(place_id, round(best[place_id], 3)) for place_id in sorted(best)]

    def _names(self, tokens: Tokens) -> Iterator[tuple[Tokens, set[str]]]:
        """Longest names from the left; a word belongs to one name only."""
        start = 0
        while start < len(tokens):
            length = self._length_at(tokens, start)
            if length:
                name = tokens[start : start + length]
                yield name, self._places[name]
            start += length or 1

    def _length_at(self, tokens: Tokens, start: int) -> int:
        for length in range(min(self._longest, len(tokens) - start), 0, -1):
            if tokens[start : start + length] in self._places:
                return length
        return 0


def is_distinct(name: Tokens) -> bool:
    """Two words or more, or one long word such as the hashtag 'piazzaduomo'."""
    return len(name) > 1 or len(name[0]) >= 9


def tokens_of(text: str) -> Tokens:
    """Words in lower case and without accents; anything else is a border."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return tuple(
        re.findall(r"[a-z0-9]+", "".join(c for c in plain if not unicodedata.combining(c)))
    )


def spellings(alias: str) -> set[Tokens]:
    """Every way an alias may be written: short forms, and run together as in a hashtag."""
    words = tokens_of(alias)
    ways = product(*(((word,), *SHORT_FORMS.get(word, ())) for word in words))
    found = {tuple(token for part in way for token in part) for way in ways}
    return found | {("".join(words),)} if words else set()
