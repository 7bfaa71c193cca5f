"""A city's gazetteer: what people call its places, and the ways those names are written."""

import csv
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from pathlib import Path

import yaml

Tokens = tuple[str, ...]
DATA = Path(__file__).with_name("data")


def words_for(use: str) -> frozenset[str]:
    """The words of one entry of data/place_words.yaml."""
    return frozenset(yaml.safe_load((DATA / "place_words.yaml").read_text("utf-8"))[use].split())


KINDS, CONNECTING = words_for("kinds"), words_for("connecting")

# How a word of a name may also be written; a full stop or an apostrophe only separates tokens.
SHORT_FORMS: dict[str, tuple[Tokens, ...]] = {
    "piazza": (("p", "zza"), ("p", "za"), ("pzza",), ("pza",), ("pz",), ("p",), ("piaza",)),
    "piazzale": (("p", "le"), ("ple",), ("p", "zale"), ("pzle",), ("piazale",)),
    "piazzetta": (("p", "tta"), ("p", "zetta"), ("pzetta",)),
    "via": (("v",),),
    "viale": (("v", "le"), ("vle",)),
    "vicolo": (("v", "lo"), ("vlo",), ("vic",)),
    "corso": (("c", "so"), ("cso",)),
    "borgo": (("b", "go"), ("bgo",)),
    "largo": (("l", "go"), ("lgo",)),
    "san": (("s",),),
    "santo": (("s",), ("s", "to"), ("sto",)),
    "santa": (("s",), ("s", "ta"), ("sta",)),
    "santi": (("s", "s"), ("ss",)),
    "sant": (("s",), ("s", "t")),
    "stazione": (("staz",), ("stz",)),
    "monsignor": (("mons",),),
    "generale": (("gen",),),
    "ospedale": (("osp",),),
    "street": (("st",),),
    "square": (("sq",),),
}
ROMAN = re.compile(r"x{0,3}(?:ix|iv|v?i{0,3})")
NUMBERS = {"quattro": "4", "venti": "20", "ventiquattro": "24", "venticinque": "25"}


class BadGazetteer(ValueError):
    """A gazetteer cannot be used; names file and remedy."""


@dataclass(frozen=True)
class Gazetteer:
    """Names by place_id, and what the city itself is called (nothing when it is not known)."""

    names: Mapping[str, Sequence[str]]
    town: str | None = None
    also_called: tuple[str, ...] = ()

    @property
    def own_names(self) -> tuple[str, ...]:
        """What the city itself is called, as far as it is known."""
        return (self.town, *self.also_called) if self.town else ()


def read_gazetteer(path: Path) -> Gazetteer:
    """Read a city pack (folder with gazetteer.yaml), a YAML or JSON file, or a CSV file.

    YAML and JSON map place_id to a list of names. CSV has the columns place_id and name; a place
    may have several rows, or several names in one, separated by ; or |. The town is the name in
    the pack's city.yaml, else the one that the place names hold. Raises BadGazetteer.
    """
    file = path / "gazetteer.yaml" if path.is_dir() else path
    if not file.is_file():
        raise BadGazetteer(f"{file}: there is no such file")
    names = _rows_of_csv(file) if file.suffix == ".csv" else _mapping(file)
    city = path / "city.yaml"
    if not city.is_file():
        return Gazetteer(names, town_in(names))
    pack = yaml.safe_load(city.read_text("utf-8"))
    return Gazetteer(names, pack.get("name"), tuple(pack.get("also_called", ())))


def _mapping(file: Path) -> dict[str, list[str]]:
    content = yaml.safe_load(file.read_text("utf-8"))  # JSON is YAML
    form = "a place_id with a list of names"
    if not isinstance(content, dict):
        raise BadGazetteer(f"{file.name}: each entry must be {form}")
    names = {str(k): [v] if isinstance(v, str) else v for k, v in content.items()}
    for place_id, aliases in names.items():
        if not isinstance(aliases, list) or not all(isinstance(name, str) for name in aliases):
            raise BadGazetteer(f"{file.name}, {place_id}: each entry must be {form}")
    return names


def _rows_of_csv(file: Path) -> dict[str, list[str]]:
    names: dict[str, list[str]] = defaultdict(list)
    with file.open(newline="", encoding="utf-8-sig") as content:
        reader = csv.DictReader(content)
        if not {"place_id", "name"} <= set(reader.fieldnames or ()):
            raise BadGazetteer(f"{file.name}: needs the columns place_id and name")
        for row in reader:
            names[row["place_id"]] += [part.strip() for part in re.split(r"[;|]", row["name"])]
    return dict(names)


def town_in(names: Mapping[str, Sequence[str]]) -> str | None:
    """The town that most names hold otherwise than as a street's name ("stazione di Trento")."""
    found = Counter(
        known[0]
        for aliases in names.values()
        for known in TOWNS
        if any(_holds(alias, form) for alias in aliases for form in known)
    )
    return found.most_common(1)[0][0] if found else None


def _holds(alias: str, town: str) -> bool:
    words, sought = tokens_of(alias), tokens_of(town)
    places = range(1, len(words) - len(sought) + 1)
    return any(
        words[at : at + len(sought)] == sought and words[at - 1] not in KINDS for at in places
    )


def tokens_of(text: str) -> Tokens:
    """Words in lower case, without accents, numbers in digits; anything else is a border."""
    return tuple(map(in_digits, re.findall(r"[a-z0-9]+", plain(text))))


def in_digits(word: str) -> str:
    """A number of a street's name in digits, however it is written: XX, venti, 20."""
    if ROMAN.fullmatch(word) and len(word) > 1:
        values = [{"i": 1, "v": 5, "x": 10}[letter] for letter in word]
        signs = [-1 if a < b else 1 for a, b in pairwise([*values, 0])]
        return str(sum(sign * value for sign, value in zip(signs, values, strict=True)))
    return NUMBERS.get(word, word)


def plain(text: str) -> str:
    """Lower case, accents taken off."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def spellings(alias: str) -> set[Tokens]:
    """Every way a name may be written: short forms, without first name, run together (hashtag).

    Connecting words are left out, as they are where names are sought in texts.
    """
    words = tokens_of(alias)
    core = tuple(w for w in words if w not in CONNECTING) or words
    found = {"".join(words), "".join(core)} if len(words) > 1 else set()
    joined: set[Tokens] = {(word,) for word in found if len(word) >= 7}
    return joined.union(*(_short(way) for way in {core, without_given_names(core)}))


def without_given_names(words: Tokens) -> Tokens:
    """A street's name less the first names between its kind and the last word."""
    if len(words) < 3 or words[0] not in KINDS:
        return words
    return (words[0], *(w for w in words[1:-1] if w not in GIVEN_NAMES), words[-1])


def _short(words: Tokens) -> set[Tokens]:
    ways = product(*(((word,), *SHORT_FORMS.get(word, ())) for word in words))
    return {tuple(token for part in way for token in part) for way in ways if words}


def _lines(name: str) -> list[str]:
    lines = (DATA / name).read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


GIVEN_NAMES = frozenset(plain(word) for line in _lines("given_names.txt") for word in line.split())
# Names of each town, the Italian one first.
TOWNS = tuple(tuple(name.strip() for name in line.split(",")) for line in _lines("towns.txt"))
