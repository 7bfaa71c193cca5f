"""The words of a post as places are sought in them: plain form, case, and where a clause ends."""

import re
from dataclasses import dataclass

from models.text.gazetteer import CONNECTING, in_digits, plain

# A hashtag, a word, or a mark between words.
PIECES = re.compile(r"#\w+|[^\W_]+|[^\w\s]", re.UNICODE)
CAMEL = re.compile(r"[A-ZÀ-Ý]?[a-zà-ÿ]+|[A-ZÀ-Ý]+(?![a-zà-ÿ])|\d+")
BORDERS = frozenset(',;:!?()…"«»“”|')
# Beyond this share of capitals a capital says nothing.
SHOUTING = 0.6
# A full stop ends an abbreviation rather than a clause after so few letters.
SHORT = 4


@dataclass(frozen=True)
class Word:
    """One word: `plain` in lower case without accents; how it was written; what stands before it.

    A connecting word may be left out of a name: an article or a preposition, not part of "L.go".
    """

    plain: str
    is_capital: bool
    is_hashtag: bool
    is_connecting: bool
    follows_border: bool
    starts_sentence: bool


def words_of(text: str) -> list[Word]:
    """Words in order. A hashtag in camel case is taken apart; in a shout capitals say nothing."""
    words: list[Word] = []
    shouts = sum(map(str.isupper, text)) > SHOUTING * sum(map(str.isalpha, text))
    is_border, is_start, last = False, True, ""
    for found in PIECES.finditer(text):
        piece = found.group()
        if piece[0] != "#" and not piece[0].isalnum():
            ends = piece == "." and len(last) > SHORT
            is_border = is_border or ends or piece in BORDERS
            is_start = is_start or ends or piece in "!?…"
            continue
        is_shortened = "." in (text[found.end() : found.end() + 1], text[: found.start()][-1:])
        for part in filter(plain, _parts(piece)):
            may_join = plain(part) in CONNECTING and piece[0] != "#" and not is_shortened
            word = in_digits(plain(part))
            is_tag = piece[0] == "#"
            words.append(
                Word(word, part[0].isupper() and not shouts, is_tag, may_join, is_border, is_start)
            )
            is_border = is_start = False
        last = piece
    return words


def _parts(piece: str) -> list[str]:
    if piece[0] != "#":
        return [piece]
    body = piece[1:].replace("_", " ")
    camel = [part for word in body.split() for part in CAMEL.findall(word)]
    return camel if len(camel) > 1 and not body.isupper() else body.split()
