"""Labelled posts to learn from: our own, corrections by reviewers, and public sets."""

import csv
import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from models.text.reading import THEMES

OWN_POSTS = Path(__file__).parents[1] / "data" / "posts.jsonl"
CRISIS_FILE, TONE_FILE = "crisislex_t26_dev.csv", "davidson_dev.csv"
# Sources whose posts carry every theme.
OURS = ("own", "correction")
# How many rows of a group are taken of the public sets: more cost time and, per event or class,
# teach little that is new.
PER_EVENT, PER_TONE, OFF_TOPIC = 700, 900, 400
# Shares of hate, offensive, neither in the whole set of Davidson et al. (2017): 24,783 tweets.
TONE_SHARES = (0.058, 0.774, 0.168)
INFORMATIVE, NOT_JUDGED = "Related and informative", "Not applicable"
# What a post about nothing of concern does not hold. Its hate and threats were not looked for.
UNRELATED = dict.fromkeys(("crowding", "panic", "disorder", "rumour", "informative"), 0.0)


class BadExamples(ValueError):
    """A file of labelled posts cannot be used; names file, line and remedy."""


@dataclass(frozen=True)
class Example:
    """A post and what is known of it. `group` stays together when folds are left out.

    `informs` is CrisisLex's answer for a post about an emergency.
    """

    text: str
    source: str
    group: str
    themes: dict[str, float]
    tone: int | None = None
    informs: bool | None = None
    function: str = ""
    language: str = ""


def own_posts(path: Path = OWN_POSTS, source: str = "own") -> list[Example]:
    """Posts of a JSON-lines file: text, language, themes (a list), function. Raises BadExamples."""
    examples = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
            themes = {theme: float(theme in row["themes"]) for theme in THEMES}
            if unknown := set(row["themes"]) - set(THEMES):
                raise ValueError(f"no such theme: {', '.join(sorted(unknown))}")
            text, function = row["text"], row.get("function", "")
        except (ValueError, KeyError, TypeError) as error:
            raise BadExamples(f"{path.name}, line {number}: {error!r}") from error
        examples.append(
            Example(text, source, text, themes, function=function, language=row.get("language", ""))
        )
    return examples


def public_posts(folder: Path) -> list[Example]:
    """CrisisLexT26, CrisisLexT6 and Davidson et al., the three files of `folder`."""
    return [
        *_crisis(folder / CRISIS_FILE),
        *_off_topic(folder / "crisislex_t6_west_texas_explosion.csv"),
        *_tones(folder / TONE_FILE),
    ]


def _crisis(path: Path) -> Iterator[Example]:
    rows = _spread(_rows(path), lambda row: row["event"], PER_EVENT)
    return (_crisis_post(row) for row in rows if _is_judged(row))


def _crisis_post(row: dict[str, str]) -> Example:
    label = row["informativeness"]
    informs = label == INFORMATIVE
    themes = UNRELATED if label == "Not related" else {"informative": float(informs)}
    return Example(row["text"], "crisis", row["event"], themes, informs=informs)


def _off_topic(path: Path) -> Iterator[Example]:
    rows = (row for row in _rows(path) if row["label"] == "off-topic")
    for row in _spread(rows, lambda _: "", OFF_TOPIC):
        yield Example(row["tweet"].strip('"'), "off-topic", row["tweet"], UNRELATED)


def _tones(path: Path) -> Iterator[Example]:
    for row in _spread(_rows(path), lambda row: row["class"], PER_TONE):
        yield _tone(row)


def every_tone(folder: Path) -> list[Example]:
    """All of Davidson et al.: for what is quick to learn."""
    return [_tone(row) for row in _rows(folder / TONE_FILE)]


def _is_judged(row: dict[str, str]) -> bool:
    return row["informativeness"] != NOT_JUDGED


def _tone(row: dict[str, str]) -> Example:
    return Example(row["tweet"], "tone", row["tweet"], {}, int(row["class"]))


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            yield {name.strip(): value for name, value in row.items()}


def _spread(
    rows: Iterable[dict[str, str]], group: Callable[[dict[str, str]], str], most: int
) -> Iterator[dict[str, str]]:
    """At most `most` rows of each group, picked by the hash of the row: always the same ones."""
    grouped = defaultdict(list)
    for row in rows:
        grouped[group(row)].append(row)
    for name in sorted(grouped):
        yield from sorted(grouped[name], key=lambda row: digest(json.dumps(row)))[:most]


def digest(text: str) -> str:
    """Hexadecimal sha256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()
