"""One slip of the keyboard in a name: where it is safe to see through it."""

from collections.abc import Iterator

from models.text.gazetteer import KINDS, Tokens

# A word of so many letters is rarely another one when a letter of it is wrong.
SAFE_LETTERS = 6


def slip_keys(name: Tokens) -> Iterator[Tokens]:
    """The name with one long word cut to its first letter: the same for slips of that word."""
    for place, word in enumerate(name):
        if len(word) >= SAFE_LETTERS - 1:
            yield (*name[:place], word[0], "*", *name[place + 1 :])


def is_slip(written: Tokens, meant: Tokens) -> bool:
    """Tell whether one word differs, and by one slip. Another kind of place is none.

    A name of one word must be long; in a word of five letters only swapped or doubled ones count.
    """
    wrong = [(a, b) for a, b in zip(written, meant, strict=True) if a != b]
    if len(wrong) != 1 or len(wrong[0][1]) < SAFE_LETTERS - 1 or wrong[0][0] in KINDS:
        return False
    a, b = wrong[0]
    if len(meant) == 1 and len(b) < 9:
        return False
    if len(b) < SAFE_LETTERS or len(a) < SAFE_LETTERS - 1:
        return is_swapped(a, b) or undoubled(a) == undoubled(b)
    return is_one_edit(a, b)


def is_one_edit(a: str, b: str) -> bool:
    """Tell whether one letter is put in, left out or wrong, or two neighbours are swapped."""
    if is_swapped(a, b):
        return True
    if len(a) > len(b):
        a, b = b, a
    same = next((i for i, pair in enumerate(zip(a, b, strict=False)) if pair[0] != pair[1]), len(a))
    if len(a) == len(b):
        return a[same + 1 :] == b[same + 1 :]
    return len(b) - len(a) == 1 and a[same:] == b[same + 1 :]


def is_swapped(a: str, b: str) -> bool:
    """Tell whether two neighbouring letters are swapped."""
    if len(a) != len(b):
        return False
    wrong = [i for i in range(len(a)) if a[i] != b[i]]
    return (
        len(wrong) == 2
        and wrong[1] == wrong[0] + 1
        and (a[wrong[0]], a[wrong[1]]) == (b[wrong[1]], b[wrong[0]])
    )


def undoubled(word: str) -> str:
    """The word with doubled letters written once."""
    return "".join(c for i, c in enumerate(word) if i == 0 or word[i - 1] != c)
