"""Espeak's events made phones and words, on events and samples made up here."""

# ruff: noqa: RUF001 - IPA is full of letters that look like others

import numpy as np
import pytest

from viseme.studio.voices.espeak_library import Event, Speech
from viseme.studio.voices.ipa import clean
from viseme.studio.voices.timing import spoken_phones, words

RATE_HZ = 1000


def speech(*events: tuple[int, int | str], silent: tuple[tuple[int, int], ...] = ()) -> Speech:
    """A second of noise with silences; an event's number is a word's place, its text a sound."""
    samples = np.where(np.arange(1000) % 2, 1000, -1000).astype(np.int16)
    for start, end in silent:
        samples[start:end] = 0
    made = tuple(
        Event(at, None, what) if isinstance(what, str) else Event(at, what, "")
        for at, what in events
    )
    return Speech(samples, RATE_HZ, made)


def test_the_closure_belongs_to_the_stop_and_the_pause_to_nobody() -> None:
    made = speech(
        *((0, 0), (0, "ˈa"), (180, "t"), (300, ""), (500, ""), (500, 3), (520, "ə"), (900, "")),
        silent=((140, 180), (300, 500), (900, 1000)),
    )
    phones = [one.phone for one in spoken_phones("at a", made, "en")]
    assert [(p.symbol, p.start_s, p.end_s, p.stress) for p in phones] == [
        ("a", 0.0, 0.14, 1),
        ("t", 0.14, 0.3, 0),
        ("", 0.3, 0.52, 0),
        ("ə", 0.52, 0.9, 0),
    ]


def test_sounds_without_a_name_or_time_go_to_the_sound_before() -> None:
    made = speech((0, 0), (0, "n"), (100, "ʲ"), (200, "e"), (300, ""), (400, "r"), (400, ""))
    phones = [one.phone for one in spoken_phones("ner", made, "ru")]
    assert [(p.symbol, p.end_s) for p in phones] == [("nʲ", 0.2), ("e", 0.4)]


def test_words_that_are_run_together_share_their_sounds() -> None:
    made = speech((0, 0), (0, "ɒ"), (200, "v"), (400, "ð"), (600, "ə"), (900, ""))
    found = words("of the", spoken_phones("of the", made, "en"))
    assert [(w.word, w.start_s, w.end_s) for w in found] == [("of", 0.0, 0.4), ("the", 0.4, 0.9)]


def test_more_words_than_sounds_share_the_time() -> None:
    made = speech((0, 0), (0, "o"), (800, ""))
    found = words("ó ő", spoken_phones("ó ő", made, "pt"))
    assert [(w.word, w.start_s, w.end_s) for w in found] == [("ó", 0.0, 0.4), ("ő", 0.4, 0.8)]


def test_no_sound_gives_no_phones() -> None:
    assert spoken_phones("", speech((0, "")), "en") == []


@pytest.mark.parametrize(
    ("sound", "language", "symbol", "stress"),
    [
        ("ˈaɪ", "en", "aɪ", 1),
        ("ˌɔ̃", "fr", "ɔ̃", 2),
        ("a-", "fr", "a", 0),
        ("χ", "zh", "x", 0),
        ("χ", "ar", "χ", 0),
        ("tɕh", "zh", "tɕʰ", 0),
        ("s.", "zh", "ʂ", 0),
        ("(en)", "zh", "", 0),
        ("", "en", "", 0),
    ],
)
def test_symbols_become_plain_ipa(sound: str, language: str, symbol: str, stress: int) -> None:
    assert clean(sound, language) == (symbol, stress)
