"""Texts that say the same are the same after normalising."""
# ruff: noqa: RUF001  (the look-alike characters are what is tested)

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from viseme.text.normalise import normalise
from viseme.text.numbers import MAX_NUMBER, digits_to_words, number_words

languages = st.sampled_from(["en", "en-GB", "de", "el", "ar", "zh", "fr"])


@given(st.text(), languages)
@example("e!\u0301", "en")
@example("ŉ x''y", "en")
@example("2nd 2 nd 2n.d.", "en")
def test_idempotent(text: str, language: str) -> None:
    once = normalise(text, language)
    assert normalise(once, language) == once


@given(st.text(), languages)
def test_only_letters_digits_marks_and_inner_apostrophes_remain(text: str, language: str) -> None:
    result = normalise(text, language)
    for word in result.split(" ") if result else []:
        assert word
        assert word[0] != "'"
        assert word[-1] != "'"
        assert all(char == "'" or unicodedata.category(char)[0] in "LNM" for char in word)


@given(st.text(st.characters(max_codepoint=0x24F)))
def test_case_and_unicode_form_do_not_matter(text: str) -> None:
    assert normalise(unicodedata.normalize("NFD", text)) == normalise(text)
    ascii_text = text.encode("ascii", "ignore").decode()
    assert normalise(ascii_text.upper()) == normalise(ascii_text.lower())


@given(st.lists(st.sampled_from(["don't", "b", "we", "naïve"])), st.sampled_from(" \t\n,;-–—…?_"))
def test_whatever_separates_words_does_not_matter(words: list[str], separator: str) -> None:
    assert normalise(separator.join(words)) == " ".join(words)


@pytest.mark.parametrize(
    ("text", "language", "wanted"),
    [
        ("Don\u2019t — stop!", "en", "don't stop"),
        ("'Tis the dogs' rock 'n' roll", "en", "tis the dogs rock n roll"),
        ("well-known", "en", "well known"),
        ("The U.S. at 9 a.m. ends.", "en", "the us at nine am ends"),
        ("bin blue at F2 now", "en", "bin blue at f two now"),
        ("1,234.50, or 3.5%", "en",
         "one thousand two hundred thirty four point five zero or three point five percent"),
        ("1,2,3 and 12,34", "en", "one two three and twelve thirty four"),
        ("agent 007 & the 2nd", "en", "agent zero zero seven and the 2nd"),
        ("\uff12 \u00b2", "en", "two two"),
        ("soft\u00adware", "en", "software"),
        ("STRASSE Straße GROẞ 2", "de", "strasse straße groß 2"),
        ("ΟΔΟΣ οδος οδοσ", "el", "οδοσ οδοσ οδοσ"),
        ("L´homme, aujourd’hui", "fr", "l'homme aujourd'hui"),
        ("مُحَمَّد ســلام", "ar", "محمد سلام"),
        ("你好，VSR世界！", "zh", "你 好 vsr 世 界"),
        ("你好", "en", "你好"),
        ("", "en", ""),
        (" ?! ", "en", ""),
    ],
)  # fmt: skip
def test_rules(text: str, language: str, wanted: str) -> None:
    assert normalise(text, language) == wanted


@pytest.mark.parametrize("apostrophe", "'\u2018\u2019\u201b\u02bc\u055a\uff07`\u00b4")
def test_every_apostrophe_is_straightened(apostrophe: str) -> None:
    assert normalise(f"don{apostrophe}t{apostrophe}") == "don't"


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "zero"),
        (13, "thirteen"),
        (20, "twenty"),
        (99, "ninety nine"),
        (100, "one hundred"),
        (1_001, "one thousand one"),
        (250_000, "two hundred fifty thousand"),
        (MAX_NUMBER, "nine hundred ninety nine million nine hundred ninety nine thousand "
         "nine hundred ninety nine"),
    ],
)  # fmt: skip
def test_number_words(number: int, words: str) -> None:
    assert number_words(number) == words


@given(st.integers(0, MAX_NUMBER))
def test_number_words_can_be_read_back(number: int) -> None:
    values = {number_words(i): i for i in range(20)} | {
        number_words(i): i for i in range(20, 100, 10)
    }
    total = group = 0
    for word in number_words(number).split():
        if word == "hundred":
            group *= 100
        elif word in ("thousand", "million"):
            total += group * {"thousand": 1_000, "million": 1_000_000}[word]
            group = 0
        else:
            group += values[word]
    assert total + group == number


def test_numbers_out_of_range() -> None:
    assert digits_to_words("1000000000") == "one" + " zero" * 9
    for number in (-1, MAX_NUMBER + 1):
        with pytest.raises(ValueError, match="outside"):
            number_words(number)
