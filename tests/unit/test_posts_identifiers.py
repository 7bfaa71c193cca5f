"""Identifiers in free text: every one planted is gone, and what only looks like one stays."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from precrisis.posts.identifiers import (
    is_iban,
    is_tax_code,
    registered_domain,
    without_identifiers,
)

PLANTED = [
    ("scrivi a nome.cognome+x@posta.example entro oggi", "scrivi a [e-mail] entro oggi"),
    ("scrivi a nome (at) posta.example", "scrivi a [e-mail]"),
    ("ciao @qualcuno e @altro@social.example!", "ciao [mention] e [mention]!"),
    ("chiama 347 1234567 subito", "chiama [phone] subito"),
    ("chiama +39 0461 555987 subito", "chiama [phone] subito"),
    ("call 0043 664 1234567 now", "call [phone] now"),
    ("targa FX482KL bianca", "targa [plate] bianca"),
    ("targa fx 482 kl bianca", "targa [plate] bianca"),
    ("vecchia targa TN 456123", "vecchia targa [plate]"),
    ("cf RSSMRA85T10A562S ok", "cf [tax-code] ok"),
    ("cf rssmra85t10a562s ok", "cf [tax-code] ok"),
    ("cf RSSMRA85T10A562X ok", "cf [code] ok"),
    ("su IT60X0542811101000000123456 grazie", "su [iban] grazie"),
    ("su IT60 X054 2811 1010 0000 0123 456 grazie", "su [iban] grazie"),
    ("su IT61X0542811101000000123456 grazie", "su [code] grazie"),
    ("su DE89 3704 0044 0532 0130 00 danke", "su [iban] danke"),
    ("carta CA12345AB smarrita", "carta [document] smarrita"),
    ("sono a 46.06787, 11.12108 ora", "sono a [coordinates] ora"),
    ("abito in via Roma 14, citofono", "abito in via Roma [street-number], citofono"),
    ("in via alle Laste 12/b", "in via alle Laste [street-number]"),
    ("p.zza Fiera n. 3", "p.zza Fiera [street-number]"),
    ("vedi https://anna.blog.example/io?x=1#y qui", "vedi [link blog.example] qui"),
    ("vedi www.posta.co.uk/anna", "vedi [link posta.co.uk]"),
    ("vedi http://192.168.1.20/cam", "vedi [link]"),
    ("codice 1234567890123", "codice [number]"),
]

KEPT = [
    "Mercato in piazza Fiera dalle 7 alle 14",
    "autobus 5 e 8 in via Roma alle 18",
    "Via Roma 300 persone ferme",
    "a piedi da 100 km ha 300 kg",
    "il 20 novembre alle otto tutti in piazza con le bandiere e i tamburi",
    "binario 1 anziché dal 3, ore 8:12",
    "tre a uno, 5000 tifosi, 30 euro",
]


@pytest.mark.parametrize(("text", "cut"), PLANTED)
def test_a_planted_identifier_is_replaced(text: str, cut: str) -> None:
    assert without_identifiers(text) == cut


@pytest.mark.parametrize("text", KEPT)
def test_ordinary_numbers_and_words_stay(text: str) -> None:
    assert without_identifiers(text) == text


WORDS = st.lists(
    st.sampled_from(
        ["ciao", "piazza", "Dante", "oggi,", "bello!", "\n", "è", "🎉", "via di corsa"]
    ),
    max_size=8,
).map(" ".join)
SECRETS = st.one_of(
    st.from_regex(r"3[2-9][0-9] ?[0-9]{7}", fullmatch=True),
    st.from_regex(r"0461[ /-]?[0-9]{6}", fullmatch=True),
    st.from_regex(r"[a-z]{3,9}\.[a-z]{3,9}@[a-z]{3,9}\.(it|example)", fullmatch=True),
    st.from_regex(r"@[a-z]{3,9}_[0-9]{2}", fullmatch=True),
    st.from_regex(r"[A-HJ-NPR-TV-Z]{2} ?[0-9]{3} ?[A-HJ-NPR-TV-Z]{2}", fullmatch=True).filter(
        lambda plate: " " not in plate
    ),
    st.from_regex(r"[A-Z]{6}[0-9]{2}[A-EHLMPRST][0-9]{2}[A-Z][0-9]{3}[A-Z]", fullmatch=True),
    st.from_regex(r"IT[0-9]{2}[A-Z][0-9]{22}", fullmatch=True),
    st.from_regex(r"https://[a-z]{4,9}\.[a-z]{4,9}\.example/[a-z0-9]{6,20}", fullmatch=True),
)


@given(WORDS, SECRETS, WORDS)
@example("", "3471234567", "")
def test_no_planted_identifier_survives_whatever_stands_around(
    before: str, secret: str, after: str
) -> None:
    assert secret not in without_identifiers(f"{before} {secret} {after}")


@given(st.text(max_size=300))
def test_cutting_twice_changes_nothing(text: str) -> None:
    once = without_identifiers(text)
    assert without_identifiers(once) == once


@pytest.mark.timeout(20)
@pytest.mark.parametrize("unit", ["a", "a.", "1 ", "via ", "@", "A1 ", "IT60 ", "via a 1 "])
def test_a_hostile_text_of_20_kb_takes_seconds_not_hours(unit: str) -> None:
    without_identifiers((unit * 20_000)[:20_000])


def test_check_digits() -> None:
    assert is_tax_code("RSSMRA85T10A562S")
    assert not is_tax_code("RSSMRA85T10A562T")
    assert is_iban("GB82 WEST 1234 5698 7654 32")
    assert not is_iban("GB82 WEST 1234 5698 7654 33")


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("anna.blog.example", "blog.example"),
        ("provincia.tn.it", "provincia.tn.it"),
        ("x.example", "x.example"),
    ],
)
def test_a_host_is_cut_to_its_registered_domain(host: str, domain: str) -> None:
    assert registered_domain(host) == domain
