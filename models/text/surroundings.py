"""What stands around a name of a place: another town, a common word, a person."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from models.text.gazetteer import GIVEN_NAMES, KINDS, TOWNS, tokens_of, words_for
from models.text.words import Word

LOCATIVE, ARTICLES, AT = words_for("locative"), words_for("articles"), words_for("at")
NOT_WHERE, TIMES = words_for("not_where"), words_for("times")
WORDS_TOO = words_for("towns_that_are_words")
NO_STATION_AFTER, NO_STATION_BEFORE = words_for("no_station_after"), words_for("no_station_before")
JOINS = frozenset({"a", "ad", "di", "in"})
ELSEWHERE_FACTOR = 0.5  # another town is named somewhere in the text
REACH = 2  # words between a name and the town that it lies in


class Found(Protocol):
    """A name found in words start to end, with its confidence."""

    start: int
    end: int
    confidence: float


M = TypeVar("M", bound=Found)


def is_taken_for_a_place(words: Sequence[Word], start: int) -> bool:
    """Tell whether a lone word is marked as a place: by a preposition, a capital, a hashtag."""
    word = words[start]
    before = words[start - 1] if start else None
    if before and before.plain in GIVEN_NAMES and before.is_capital:
        return False  # a person
    if word.is_hashtag or (word.is_capital and not word.starts_sentence):
        return True
    return before is not None and before.plain in LOCATIVE | KINDS


def is_common_phrase(words: Sequence[Word], start: int, end: int) -> bool:
    """Tell whether two words without a kind of place are written as a phrase: "la santa croce"."""
    written = words[start:end]
    if len(written) != 2 or any(word.is_capital or word.plain in KINDS for word in written):
        return False
    return bool(start) and words[start - 1].plain in ARTICLES


class Surroundings:
    """Judges mentions of one city's places by the words around them."""

    def __init__(self, gazetteer: Mapping[str, Sequence[str]], own_names: Sequence[str]) -> None:
        """Know the city's own names; other towns are those of data/towns.txt."""
        own = {tokens_of(name) for name in own_names}
        own |= {tokens_of(n) for names in TOWNS for n in names if own & set(map(tokens_of, names))}
        self._own = own
        self._others = (
            {tokens_of(name) for names in TOWNS for name in names} - own if own else set()
        )
        names = [*map(tokens_of, (n for aliases in gazetteer.values() for n in aliases)), *own]
        self._known = {word for name in names for word in name}

    def judged(self, words: Sequence[Word], mentions: Sequence[M]) -> list[M]:
        """Mentions that stand, with the confidence that the words around them leave."""
        inside = {place for m in mentions for place in range(m.start, m.end)}
        others = self._towns(words, self._others, inside)
        is_home = bool(self._towns(words, self._own, inside))
        kept = []
        for mention in mentions:
            if _is_other_station(words, mention) or self._lies_elsewhere(words, mention, others):
                continue
            if others and not is_home and any(_is_scene(words, *town) for town in others):
                mention = replace(mention, confidence=mention.confidence * ELSEWHERE_FACTOR)
            kept.append(mention)
        return kept

    def _towns(
        self, words: Sequence[Word], towns: set[tuple[str, ...]], inside: set[int]
    ) -> list[tuple[int, int]]:
        """Where a town is named: capital or hashtag, and not within a place's or street's name."""
        found = []
        for start in range(len(words)):
            if start in inside or not _may_be_town(words, start):
                continue
            for length in (3, 2, 1):
                name = tuple(w.plain for w in words[start : start + length])
                if len(name) == length and name in towns:
                    found.append((start, start + length))
                    break
        return found

    def _lies_elsewhere(
        self, words: Sequence[Word], mention: Found, others: Sequence[tuple[int, int]]
    ) -> bool:
        """Tell whether another town is named right beside it: "piazza Dante a Roma"."""
        for start, end in others:
            is_after = 0 <= start - mention.end <= REACH and _only_joins(words, mention.end, start)
            is_before = 0 <= mention.start - end <= REACH and _only_joins(words, end, mention.start)
            if (is_after or is_before) and _says_where(words, start):
                return True
        return self._is_in_unknown_town(words, mention)

    def _is_in_unknown_town(self, words: Sequence[Word], mention: Found) -> bool:
        """Tell whether a town follows that no list holds: "piazza Duomo a Castelnuovo"."""
        if not self._own or mention.end + 1 >= len(words):
            return False
        join, town = words[mention.end], words[mention.end + 1]
        if join.plain not in ("a", "di") or join.follows_border or town.follows_border:
            return False
        is_name = town.is_capital and not town.is_hashtag and len(town.plain) > 3
        known = (
            self._known
            | TIMES
            | KINDS
            | GIVEN_NAMES
            | {word for name in self._own for word in name}
        )
        return is_name and town.plain not in known


def _may_be_town(words: Sequence[Word], start: int) -> bool:
    """Tell whether a word is written as a town: not in a street's name; a capital, or "a roma"."""
    word, before = words[start], words[start - 1] if start else None
    if before and before.plain in KINDS and not word.follows_border:
        return False
    if word.is_capital or word.is_hashtag:
        return True
    return before is not None and before.plain in JOINS and word.plain not in WORDS_TOO


def _only_joins(words: Sequence[Word], start: int, end: int) -> bool:
    """Tell whether nothing but connecting words or "in" stands between."""
    return all(w.is_connecting or w.plain in ("in", "a", "at", "near") for w in words[start:end])


def _says_where(words: Sequence[Word], start: int) -> bool:
    return not start or words[start - 1].plain not in NOT_WHERE or words[start].follows_border


def _is_scene(words: Sequence[Word], start: int, end: int) -> bool:
    """Tell whether the post is set in a town: at its head, "Da Roma:", a hashtag, "a Roma"."""
    if start == 1 and end < len(words) and words[end].follows_border:
        return True
    return not start or words[start].is_hashtag or words[start - 1].plain in AT


def _is_other_station(words: Sequence[Word], mention: Found) -> bool:
    last = words[mention.end - 1].plain
    if last not in ("stazione", "station", "staz"):
        return False
    after = [w.plain for w in words[mention.end : mention.end + 2]]
    before = [w.plain for w in words[max(0, mention.start - 1) : mention.start]]
    return bool(NO_STATION_AFTER & set(after) or NO_STATION_BEFORE & set(before))
