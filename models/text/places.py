"""Which places of a gazetteer a text names. It links only what is written, and never guesses.

A name is sought as it is written, in its short forms, with a first name more or less, run together
as a hashtag, and with one slip of the keyboard where the word is long enough to be no other. What
stands around it then lowers or cancels the link: another town, a common word, a person's name.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from models.text.gazetteer import GIVEN_NAMES, Tokens, spellings
from models.text.misspelling import is_slip, slip_keys
from models.text.surroundings import Surroundings, is_common_phrase, is_taken_for_a_place
from models.text.words import Word, words_of

# How sure a reading is. A city says from where on a link counts (place_link_certain); two places of
# one name stay at a half.
CONFIDENCE = {"whole": 1.0, "given_name": 0.95, "slip": 0.75}
# A name of one word ("muse") is more often something else than one of two words.
ONE_WORD_CONFIDENCE = 0.8
# One word that nothing around marks as a place: below what counts.
BARE_WORD_CONFIDENCE = 0.4
LONG_WORD = 9


@dataclass(frozen=True)
class PlaceLink:
    """A place a text names; confidence 0-1 is shared out where a name fits several places."""

    place_id: str
    confidence: float


@dataclass(frozen=True)
class Mention:
    """A name found in words start to end (exclusive), and the places it may mean."""

    start: int
    end: int
    places: frozenset[str]
    confidence: float


class PlaceFinder:
    """Finds the places of one gazetteer ({place_id: [aliases]}) in texts."""

    def __init__(
        self, gazetteer: Mapping[str, Sequence[str]], own_names: Sequence[str] = ()
    ) -> None:
        """Index every spelling of every alias. `own_names` are what the city itself is called.

        Without them no town in a text counts as another one.
        """
        self._places: dict[Tokens, set[str]] = defaultdict(set)
        for place_id, aliases in gazetteer.items():
            for spelling in {s for alias in aliases for s in spellings(alias)}:
                self._places[spelling].add(place_id)
        self._slips: dict[Tokens, set[Tokens]] = defaultdict(set)
        for spelling in self._places:
            for key in slip_keys(spelling):
                self._slips[key].add(spelling)
        self._longest = max(map(len, self._places), default=0)
        self._surroundings = Surroundings(gazetteer, own_names)

    def find(self, text: str) -> list[PlaceLink]:
        """Links in order of place_id; each place once, with its best confidence."""
        words = words_of(text)
        judged = self._surroundings.judged(words, list(self._mentions(words)))
        best: dict[str, float] = {}
        for mention in _narrowed(judged):
            share = mention.confidence / len(mention.places)
            for place_id in mention.places:
                best[place_id] = max(best.get(place_id, 0.0), share)
        return [PlaceLink(place_id, round(best[place_id], 3)) for place_id in sorted(best)]

    def _mentions(self, words: list[Word]) -> Iterator[Mention]:
        """Longest names from the left; a word belongs to one name only."""
        start = 0
        while start < len(words):
            mention = self._mention_at(words, start)
            if mention:
                yield mention
            start = mention.end if mention else start + 1

    def _mention_at(self, words: list[Word], start: int) -> Mention | None:
        if words[start].is_connecting:
            return None
        for ends in reversed(_stretches(words, start, self._longest + 1)):
            found = self._read(words, start, ends)
            if found:
                return found
        return None

    def _read(self, words: list[Word], start: int, ends: tuple[int, ...]) -> Mention | None:
        """The name that these words spell, from the surest way to read them to the least."""
        name = tuple(words[place].plain for place in ends)
        end = ends[-1] + 1
        if name in self._places:
            return self._mention(words, start, end, name, "whole")
        for bare in _less_first_name(name):
            if bare in self._places:
                return self._mention(words, start, end, bare, "given_name")
        alike = {s for key in slip_keys(name) for s in self._slips[key] if is_slip(name, s)}
        places = {frozenset(self._places[spelling]) for spelling in alike}
        if len(places) == 1:
            return self._mention(words, start, end, alike.pop(), "slip")
        return None

    def _mention(self, words: list[Word], start: int, end: int, name: Tokens, how: str) -> Mention:
        confidence = CONFIDENCE[how]
        if len(name) == 1 and len(name[0]) < LONG_WORD:
            is_place = is_taken_for_a_place(words, start)
            confidence = ONE_WORD_CONFIDENCE if is_place else BARE_WORD_CONFIDENCE
        elif is_common_phrase(words, start, end):
            confidence = BARE_WORD_CONFIDENCE
        return Mention(start, end, frozenset(self._places[name]), confidence)


def _stretches(words: list[Word], start: int, longest: int) -> list[tuple[int, ...]]:
    """Places of 1, 2, ... words from `start` on, connecting ones left out, up to a border."""
    found: list[tuple[int, ...]] = []
    taken: tuple[int, ...] = ()
    for place in range(start, len(words)):
        if len(taken) == longest or (place > start and words[place].follows_border):
            break
        if not words[place].is_connecting:
            taken = (*taken, place)
            found.append(taken)
    return found


def _less_first_name(name: Tokens) -> Iterator[Tokens]:
    """The name less a first name or an initial that stands within it."""
    for place in range(1, len(name) - 1):
        if name[place] in GIVEN_NAMES or len(name[place]) == 1:
            yield (*name[:place], *name[place + 1 :])


def _narrowed(mentions: list[Mention]) -> list[Mention]:
    """A name of several places means the one that the text names plainly, if it names one."""
    plainly = {place for m in mentions if len(m.places) == 1 for place in m.places}
    return [
        replace(m, places=m.places & plainly) if len(m.places & plainly) == 1 else m
        for m in mentions
    ]
