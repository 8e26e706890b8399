"""The catalogue: enough voices of every kind, always the same, split by throat."""

import pytest

from viseme.errors import ConfigError
from viseme.studio.voices.catalogue import LANGUAGES, voice, voices


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_many_voices_of_both_sexes_in_every_split(language: str) -> None:
    assert len(voices(language, "espeak")) >= 40
    for sex in ("female", "male"):
        for split in ("train", "val", "test"):
            assert voices(language, "espeak", sex, split)


def test_ids_are_unique_and_find_their_voice() -> None:
    everyone = voices()
    assert len({one.id for one in everyone}) == len(everyone)
    assert all(voice(one.id) is one for one in everyone)


def test_no_two_voices_of_a_language_are_the_same() -> None:
    sounds = {
        (v.engine, v.language, v.base, v.variant, v.pitch, v.pitch_range, v.words_per_minute)
        for v in voices()
    }
    assert len(sounds) == len(voices())


def test_no_variant_is_heard_in_two_splits() -> None:
    splits: dict[tuple[str, str], set[str]] = {}
    for one in voices():
        splits.setdefault((one.engine, one.variant), set()).add(one.split)
    assert all(len(found) == 1 for found in splits.values())


def test_about_seven_of_ten_voices_are_for_training() -> None:
    espeak = voices("en", "espeak")
    assert 0.65 < len(voices("en", "espeak", split="train")) / len(espeak) < 0.8
    assert 0.15 < len(voices("en", "espeak", split="test")) / len(espeak) < 0.25


def test_kokoro_has_54_voices() -> None:
    kokoro = voices(engine="kokoro")
    assert len(kokoro) == 54
    assert len(voices("en", "kokoro")) == 28
    assert voice("kokoro-bm_george").sex == "male"
    assert voice("kokoro-bm_george").language == "en"


def test_the_order_is_fixed() -> None:
    assert [v.id for v in voices("de")[:3]] == [
        "espeak-de-f1-0",
        "espeak-de-f1-1",
        "espeak-de-f1-2",
    ]


def test_an_unknown_id_is_refused() -> None:
    with pytest.raises(ConfigError, match="nobody"):
        voice("nobody")
