"""How labels are written, and that their words keep their times."""

import pytest

from viseme.text.label_text import auto_avsr, write_label
from viseme.text.transcript import Word


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (' Well-known:  yes; "no"! ', "WELLKNOWN YES NO"),
        ("Don\u2019t go at 7.5%, will you?", "DON'T GO AT 75% WILL YOU"),
        ("(aside) \u2026 straße", "(ASIDE) \u2026 STRASSE"),
        (" ... ", ""),
    ],
)
def test_auto_avsr_drops_its_marks_and_no_others(before: str, after: str) -> None:
    assert auto_avsr(before) == after
    assert auto_avsr(after) == after


def test_a_word_that_becomes_several_shares_its_time() -> None:
    words = [Word("At", 0.0, 0.4, 0.5), Word("42.", 1.0, 2.0, 0.25), Word("-", 2.0, 2.1)]
    text, timed = write_label("At 42. -", words, "viseme", "en")
    assert text == "at forty two"
    assert timed == [
        Word("at", 0.0, 0.4, 0.5),
        Word("forty", 1.0, 1.5, 0.25),
        Word("two", 1.5, 2.0, 0.25),
    ]


def test_words_that_do_not_make_the_text_have_no_times() -> None:
    # "1,000" is one number, but Whisper may give it as two words.
    words = [Word("1", 0.0, 0.4), Word(",000", 0.4, 0.8)]
    assert write_label("1,000", words, "viseme", "en") == ("one thousand", [])
    assert write_label("hello", [], "auto_avsr", "en") == ("HELLO", [])
