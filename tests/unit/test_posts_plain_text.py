"""HTML to text: what a reader sees, and nothing hidden in between."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from precrisis.posts.plain_text import INVISIBLE, plain_text_of

CASES = [
    ("<p>uno</p><p>due</p>", "uno\ndue"),
    ("uno<p>due</p>tre<br>quattro", "uno\ndue\ntre\nquattro"),
    ("a &amp; b &lt;c&gt;", "a & b <c>"),
    ('<p>#<span>trento</span> <a href="https://x.example/a">x</a></p>', "#trento x"),
    ("<p>ci<script>alert(1)</script>ao</p><!-- nota -->", "ciao"),
    ("347​123\x004567", "3471234567"),
    ("３４７ 𝓬𝓲𝓪𝓸", "347 ciao"),
    ("perche\u0301  \t no", "perché no"),
    ("x\u202ey\ud800z", "xyz"),
    ("", ""),
    ("   ", ""),
    ("<p></p>", ""),
]


@pytest.mark.parametrize(("markup", "text"), CASES)
def test_plain_text(markup: str, text: str) -> None:
    assert plain_text_of(markup) == text


@given(
    st.text(alphabet=st.characters(), max_size=200)
    | st.text(alphabet="<>/&;!-pbr? a=\"'#x0", max_size=80)
)
def test_any_markup_gives_composed_visible_text(markup: str) -> None:
    text = plain_text_of(markup)
    assert text == unicodedata.normalize("NFKC", text)
    assert not [c for c in text if c != "\n" and unicodedata.category(c) in INVISIBLE]
