"""Personal identifiers in free text, each replaced by a token that says what stood there.

Patterns err towards cutting: a lost product code costs nothing, a leaked number does. Names of
persons in free text can't be told from other words by a pattern and stay; the text is therefore
still personal data, kept in the restricted zone for its retention time only.
"""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import phonenumbers

REGION = "IT"
# What a character counts for on odd places of a tax code: 0-9, then A-Z.
ODD_DIGITS = "1 0 5 7 9 13 15 17 19 21"
ODD_LETTERS = f"{ODD_DIGITS} 2 4 18 20 11 3 6 8 12 14 16 10 22 25 24 23"
ODD_VALUES = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        map(int, f"{ODD_DIGITS} {ODD_LETTERS}".split()),
        strict=True,
    )
)
# In a tax code that clashes with another, digits are written as these letters.
TAX_DIGIT = "[0-9LMNPQRSTUV]"
STREET_WORDS = (
    r"viale|via|v\.?le|v|piazzale|piazza|p\.?z?za|p\.?le|corso|c\.?so|largo|l\.?go|vicolo|strada|"
    r"contrada|lungadige|salita|galleria|loc|localit[aà]|fraz|frazione"
)

# A number right after one of these is a time, a count or a line, not a house.
BEFORE_OTHER_NUMBERS = (
    "alle|dalle|ore|fino|dal|al|per|circa|e|con|tra|le|in|a|di|da|sono|siamo|bus|autobus|linea|"
    "binario|at|from|until|to|and|with|platform|n|nr|civico"
)
COUNTED = r":|\d|%|€|h\b|ore\b|anni\b|euro\b|metri\b|minuti\b|persone\b|feriti\b|people\b|minutes\b"
PLATE_LETTERS = "[A-HJ-NPR-TV-Z]"

LINK = re.compile(r"\b(?:https?://|www\.)[^\s<>\"\[\]]+", re.I)
E_MAIL = re.compile(
    r"(?<![\w.+%@-])[\w.+%-]+(?:@| ?(?:\(at\)|\[at\]| chiocciola ) ?)[\w-]+(?:\.[\w-]+)+", re.I
)
HANDLE = re.compile(r"(?<![\w@])@\w[\w.-]*(?:@[\w-]+(?:\.[\w-]+)+)?")
IBAN = re.compile(
    r"\bIT\d{2} ?[A-Z](?: ?\d){10}(?: ?[A-Z0-9]){12}\b"
    r"|\b[A-Z]{2}\d{2}(?=[A-Z]*\d+[A-Z]*\d)(?=\w*\d{6})[A-Z0-9]{11,30}\b"
    r"|\b[A-Z]{2}\d{2}(?: [A-Z0-9]{4}){2,7}(?: (?=\d)[A-Z0-9]{1,3})?\b",
    re.I,
)
TAX_CODE = re.compile(
    rf"\b[A-Z]{{6}} ?{TAX_DIGIT}{{2}}[A-EHLMPRST]{TAX_DIGIT}{{2}} ?[A-Z]{TAX_DIGIT}{{3}}[A-Z]\b",
    re.I,
)
# Today's plates, and the older ones of Trento and Bolzano with the province in front. Spaced and in
# small letters a plate looks like "da 100 km", so units are left alone there.
PLATE = re.compile(
    rf"\b{PLATE_LETTERS}{{2}}-?\d{{3}}-?{PLATE_LETTERS}{{2}}\b"
    rf"|\b{PLATE_LETTERS}{{2}}[ -]\d{{3}}[ -]?(?!k[mg]|m[tmlb]|c[ml]|gb|h[ag]|al|da|ma|se|ad|ed)"
    rf"{PLATE_LETTERS}{{2}}\b|\b(?:TN|BZ)[ -]?[A-Z0-9]\d{{5}}\b",
    re.I,
)
PLATE_TODAY = re.compile(rf"\b{PLATE_LETTERS}{{2}}-?\d{{3}}-?{PLATE_LETTERS}{{2}}\b", re.I)
IDENTITY_CARD = re.compile(r"\b[A-Z]{2}[ -]?\d{5}[ -]?[A-Z]{2}\b|\b[A-Z]{2}[ -]?\d{7}\b", re.I)
COORDINATES = re.compile(
    r"-?\b\d{1,2}[.,]\d{3,} ?°?[NS]?(?: ?[,;] ?| )-?\d{1,3}[.,]\d{3,}(?: ?°?[EWO]\b)?"
)
STREET_NUMBER = re.compile(
    rf"\b((?:{STREET_WORDS})\.?(?:\s(?!(?:{BEFORE_OTHER_NUMBERS})[.°]?\s\d)[^\W\d_][\w'’.]*){{1,3}})"
    rf",?\s(?:(?:n|nr)[.°]?\s?|civico\s)?\d{{1,4}}(?:\s?/\s?\w{{1,3}}|[a-z])?\b(?!\s?(?:{COUNTED}))",
    re.I,
)
LONG_NUMBER = re.compile(r"(?<!\d)\d(?:[ ./-]?\d){7,}(?!\d)")


def has_identifier(text: str) -> bool:
    """True where a text holds what leads to one person, whatever else it is: for rows of records.

    Numbers alone do not count: a record's own number looks like a telephone's.
    """
    return any(pattern.search(text) for pattern in (E_MAIL, HANDLE, IBAN, TAX_CODE, PLATE_TODAY))


def without_identifiers(text: str) -> str:
    """The text with identifiers replaced; links keep their registered domain.

    Order matters: a link holds handles, an IBAN holds long numbers, a telephone number may look
    like a street number.
    """
    text = LINK.sub(_domain_token, text)
    text = E_MAIL.sub("[e-mail]", text)
    text = HANDLE.sub("[mention]", text)
    text = IBAN.sub(_checked("iban", is_iban), text)
    text = TAX_CODE.sub(_checked("tax-code", is_tax_code), text)
    text = COORDINATES.sub("[coordinates]", text)
    text = PLATE.sub("[plate]", text)
    text = IDENTITY_CARD.sub("[document]", text)
    text = _without_telephones(text)
    text = LONG_NUMBER.sub("[number]", text)
    return STREET_NUMBER.sub(lambda match: f"{match[1].rstrip()} [street-number]", text)


def is_iban(candidate: str) -> bool:
    """Whether the check digits hold (ISO 13616: remainder 1 by 97)."""
    code = re.sub(r"[ -]", "", candidate).upper()
    moved = code[4:] + code[:4]
    return moved.isalnum() and int("".join(str(int(c, 36)) for c in moved)) % 97 == 1


def is_tax_code(candidate: str) -> bool:
    """Whether the last letter of an Italian tax code is the one its first fifteen call for."""
    code = candidate.replace(" ", "").upper()
    odd = sum(ODD_VALUES[c] for c in code[:15:2])
    even = sum(int(c) if c.isdigit() else ord(c) - ord("A") for c in code[1:15:2])
    return (odd + even) % 26 == ord(code[15]) - ord("A")


def registered_domain(host: str) -> str:
    """The last two labels of a host, three where the second is short: 'example.co.uk'.

    A sub-domain can be a person's handle (handle.blog.example), so it goes.
    """
    labels = [label for label in host.lower().split(".") if label]
    is_split = len(labels) > 2 and len(labels[-2]) <= 3
    return ".".join(labels[-3:] if is_split else labels[-2:])


def _checked(kind: str, is_valid: Callable[[str], bool]) -> Callable[[re.Match], str]:
    """A mistyped code still points at one person: it is cut too, under a vaguer token."""
    return lambda match: f"[{kind}]" if is_valid(match[0]) else "[code]"


def _domain_token(match: re.Match) -> str:
    link = match[0] if "://" in match[0] else f"https://{match[0]}"
    try:
        host = urlsplit(link).hostname or ""
    except ValueError:
        host = ""
    # An address of digits is a machine, perhaps somebody's own.
    named = host if re.search(r"[a-z]", host) and ":" not in host else ""
    return f"[link {registered_domain(named)}]" if named else "[link]"


def _without_telephones(text: str) -> str:
    leniency = phonenumbers.Leniency.POSSIBLE
    found = list(phonenumbers.PhoneNumberMatcher(text, REGION, leniency, max_tries=500))
    for match in reversed([m for m in found if sum(c.isdigit() for c in m.raw_string) >= 6]):
        text = f"{text[: match.start]}[phone]{text[match.end :]}"
    return text
