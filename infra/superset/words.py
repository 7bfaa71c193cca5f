"""Our Italian words for Superset: JSON for its pages, a gettext catalogue for its server."""

from pathlib import Path

import yaml
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

_WORDS = Path(__file__).parent / "words_it.yaml"


def italian_pack() -> dict:
    """Return our words in the shape that Superset's pages load."""
    head = {"domain": "superset", "plural_forms": "nplurals=2; plural=(n != 1);", "lang": "it"}
    entries = {
        source: word if isinstance(word, list) else [word] for source, word in _words().items()
    }
    return {"domain": "superset", "locale_data": {"superset": {"": head, **entries}}}


def write_catalogue(home: Path) -> str:
    """Write our words as gettext under `home`; return the folder of translations.

    As BABEL_TRANSLATION_DIRECTORIES it takes the place of Superset's own Italian on the server.
    """
    folder = home / "translations"
    path = folder / "it" / "LC_MESSAGES" / "messages.mo"
    path.parent.mkdir(parents=True, exist_ok=True)
    catalogue = Catalog(locale="it")
    for source, word in _words().items():
        if isinstance(word, str):  # the server's texts have no plural among ours
            catalogue.add(source, word)
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        write_mo(file, catalogue)
    partial.replace(path)  # another process may be starting and reading
    return str(folder)


def _words() -> dict[str, str | list[str]]:
    return yaml.safe_load(_WORDS.read_text(encoding="utf-8"))
