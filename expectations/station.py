"""What a station's suite is made of: columns, key and rules, each rule with a reason in words.

A rule names a Great Expectations expectation, so the library itself is loaded only when a batch
is checked. Rows are checked as a flat frame: geometry and texts never enter it, only what
`flatten` derives from them, so no result can show them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Rule:
    """One expectation: `kind` is its class name in great_expectations.expectations."""

    name: str
    reason: str
    kind: str
    arguments: dict[str, Any] = field(default_factory=dict)

    def expectation(self):
        """Build the expectation, labelled with our name and reason."""
        import great_expectations.expectations as gxe

        meta = {"rule": self.name, "reason": self.reason}
        return getattr(gxe, self.kind)(**self.arguments, meta=meta)


@dataclass(frozen=True)
class Station:
    """The door of one noun: the columns a row must have, its key, the rules."""

    noun: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    rules: tuple[Rule, ...]
    flatten: Callable[[Row], dict[str, Any]] = dict


def present(*columns: str) -> tuple[Rule, ...]:
    """Rules that these columns are never empty."""
    return tuple(
        Rule(
            f"{column}_present",
            f"{column} is missing",
            "ExpectColumnValuesToNotBeNull",
            {"column": column},
        )
        for column in columns
    )


def between(column: str, low: float | None, high: float | None, unit: str = "") -> Rule:
    """Rule that a number lies within physical bounds."""
    return Rule(
        f"{column}_plausible",
        f"{column} is not between {low} and {high} {unit}".strip(),
        "ExpectColumnValuesToBeBetween",
        {"column": column, "min_value": low, "max_value": high},
    )


def one_of(column: str, values: list[str]) -> Rule:
    """Rule that a word is one of a closed list."""
    return Rule(
        f"{column}_known",
        f"{column} is none of {', '.join(values)}",
        "ExpectColumnValuesToBeInSet",
        {"column": column, "value_set": values},
    )


def matches(column: str, regex: str, meaning: str) -> Rule:
    """Rule that a text has the right form."""
    return Rule(
        f"{column}_well_formed",
        f"{column} is not {meaning}",
        "ExpectColumnValuesToMatchRegex",
        {"column": column, "regex": regex},
    )


def later(end: str, start: str, or_equal: bool = False) -> Rule:
    """Rule that time does not run backwards."""
    return Rule(
        f"{end}_after_{start}",
        f"{end} is not after {start}: time runs backwards",
        "ExpectColumnPairValuesAToBeGreaterThanB",
        {"column_A": end, "column_B": start, "or_equal": or_equal},
    )


def unique(*columns: str) -> Rule:
    """Rule that the key occurs once in a batch."""
    single = len(columns) == 1
    return Rule(
        "key_unique",
        f"the key ({', '.join(columns)}) occurs more than once in the batch",
        "ExpectColumnValuesToBeUnique" if single else "ExpectCompoundColumnsToBeUnique",
        {"column": columns[0]} if single else {"column_list": list(columns)},
    )
