"""The dashboards' words: one catalogue, two languages, filled into the assets at publish time.

A placeholder is `${path.to.entry}`. A string that is nothing but a placeholder takes the value
with its type, so `longitude: ${centre.longitude}` becomes a number.
"""

import re
from pathlib import Path
from typing import Any

import yaml

_PLACEHOLDER = re.compile(r"\$\{([a-z0-9_.]+)\}")


class MissingTextError(KeyError):
    """A placeholder has no entry; the message names it."""


class Texts:
    """The catalogue in one language, with the values of this city beside it."""

    def __init__(self, catalogue: dict, language: str, values: dict[str, Any]) -> None:
        self._catalogue, self._language, self._values = catalogue, language, values

    def get(self, path: str) -> Any:
        """Return a city's value or a text.

        Raises:
            MissingTextError: neither is there in this language.
        """
        if path in self._values:
            return self.fill(self._values[path])
        text = self.find(path)
        if text is None:
            raise MissingTextError(f"texts.yaml has no '{path}' in '{self._language}': add it.")
        return self.fill(text)

    def find(self, path: str) -> str | None:
        """Return a text, or None where the catalogue has none."""
        entry: Any = self._catalogue
        for key in path.split("."):
            entry = entry.get(key) if isinstance(entry, dict) else None
        return entry.get(self._language) if isinstance(entry, dict) else None

    def codes(self, column: str) -> dict[str, str]:
        """Return code to word for a column with a closed set of codes; the city's own win.

        Raises:
            MissingTextError: the catalogue has no codes of this column.
        """
        if f"codes.{column}" in self._values:
            return self._values[f"codes.{column}"]
        words = self._catalogue["codes"].get(column)
        if words is None:
            raise MissingTextError(f"texts.yaml has no codes of '{column}': add them.")
        return {code: self.fill(word[self._language]) for code, word in words.items()}

    def fill(self, tree: Any) -> Any:
        """Return a copy of lists, dicts (keys too) and strings with every placeholder filled."""
        if isinstance(tree, dict):
            return {self.fill(key): self.fill(value) for key, value in tree.items()}
        if isinstance(tree, list):
            return [self.fill(value) for value in tree]
        return self._fill_text(tree) if isinstance(tree, str) else tree

    def _fill_text(self, text: str) -> Any:
        whole = _PLACEHOLDER.fullmatch(text)
        if whole:
            return self.get(whole[1])
        return _PLACEHOLDER.sub(lambda found: str(self.get(found[1])), text)


def read_catalogue(path: Path) -> dict:
    """Read texts.yaml: nested keys that end in {it: ..., en: ...}."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def placeholders(tree: Any) -> set[str]:
    """Return the paths of all placeholders in a tree."""
    if isinstance(tree, dict):
        return placeholders([*tree.keys(), *tree.values()])
    if isinstance(tree, list):
        return set().union(*(placeholders(value) for value in tree))
    return set(_PLACEHOLDER.findall(tree)) if isinstance(tree, str) else set()
