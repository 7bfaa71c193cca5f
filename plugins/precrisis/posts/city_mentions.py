"""Whether a post of a whole network speaks of this city: only such posts are taken in.

By the city's names, the hashtags and the phrases that the pack gives the source; not by every name
of its gazetteer, since most towns have a Piazza Duomo and a station.
"""

import re
import unicodedata
from collections.abc import Callable

from precrisis.city import City
from precrisis.pack.sources import Source


def mentions(city: City, source: Source) -> Callable[[str], bool]:
    """A test whether a text holds one of the words, whole, in any case, with or without '#'."""
    wanted = [city.name, *city.also_called, *source.phrases, *source.hashtags]
    words = {_folded(phrase.lstrip("#")) for phrase in wanted} - {""}
    either = "|".join(map(re.escape, sorted(words)))
    pattern = re.compile(rf"(?<!\w)(?:{either})(?!\w)")
    return lambda text: pattern.search(_folded(text)) is not None


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
