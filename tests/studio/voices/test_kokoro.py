"""Kokoro: the network put together, its alphabet, and times that its sound confirms."""

# ruff: noqa: RUF001 - IPA is full of letters that look like others

import numpy as np
import pytest

from needed_assets import need_assets
from viseme.studio.utterance import SAMPLE_RATE_HZ, Phone
from viseme.studio.voices import speak, voice, voices
from viseme.studio.voices.kokoro_network import extra_output
from viseme.studio.voices.kokoro_symbols import tokens
from viseme.studio.voices.pauses import settled
from viseme.studio.voices.timing import SpokenPhone

RATE_HZ = 24_000
VOCAB = {letter: number for number, letter in enumerate(" ,.ˈˌAhlqʔəɛoʊʧ", start=1)}


def spoken(*symbols: tuple[str, int | None]) -> list[SpokenPhone]:
    return [
        SpokenPhone(Phone(symbol, 0.1 * i, 0.1 * (i + 1)), word)
        for i, (symbol, word) in enumerate(symbols)
    ]


@pytest.fixture(scope="module")
def fetched() -> None:
    """Skips where Kokoro or espeak-ng is not on this machine."""
    pytest.importorskip("espeakng_loader", reason="needs the extra studio")
    need_assets("kokoro")


def test_an_extra_output_is_a_mergeable_message() -> None:
    assert extra_output(b"abc") == bytes([7 << 3 | 2, 7, 12 << 3 | 2, 5, 1 << 3 | 2, 3]) + b"abc"


def test_every_phone_has_a_token_of_its_own() -> None:
    phones = spoken(("h", 0), ("eɪ", 0), ("", None), ("tʃ", 1), ("☃", 2))
    found = tokens(phones, voice("kokoro-af_heart"), VOCAB)
    assert {token.phone for token in found} == {0, 1, 2, 3, 4, None}
    letters = "".join(dict(zip(VOCAB.values(), VOCAB, strict=True))[token.id] for token in found)
    assert letters == "hA, ʧ ʔ."


def test_a_pause_is_where_the_sound_is_quiet() -> None:
    sound = np.sin(np.arange(RATE_HZ) * 0.1).astype(np.float32)
    sound[: round(0.1 * RATE_HZ)] = 0
    sound[round(0.42 * RATE_HZ) : round(0.52 * RATE_HZ)] = 0
    sound[round(0.8 * RATE_HZ) :] = 0
    phones = [
        SpokenPhone(Phone("a", 0.15, 0.4), 0),
        SpokenPhone(Phone("", 0.4, 0.55), None),
        SpokenPhone(Phone("o", 0.55, 0.9), 1),
    ]
    times = [(one.phone.start_s, one.phone.end_s) for one in settled(phones, sound, RATE_HZ)]
    np.testing.assert_allclose(times, [(0.1, 0.42), (0.42, 0.52), (0.52, 0.8)], atol=0.006)


def test_a_pause_that_is_not_heard_goes_to_the_phone_before() -> None:
    sound = np.sin(np.arange(RATE_HZ) * 0.1).astype(np.float32)
    phones = spoken(("a", 0), ("", None), ("o", 1))
    kept = settled(phones, sound, RATE_HZ)
    assert [one.phone.symbol for one in kept] == ["a", "o"]
    assert kept[0].phone.end_s == kept[1].phone.start_s == pytest.approx(0.2)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["af_heart", "bm_george", "ff_siwis", "em_alex", "zf_xiaoyi"])
def test_phones_tile_and_words_lie_on_the_sound(fetched: None, name: str) -> None:
    one = voice(f"kokoro-{name}")
    text = {"en": "the cat of the house is blue", "fr": "bonjour le monde", "es": "hola a todos"}
    made = speak(text.get(one.language, "你好 世界"), one, rate=0.9)
    assert [word.word for word in made.words] == made.text.split()
    assert made.phones[0].start_s == 0
    assert made.phones[-1].end_s == pytest.approx(made.duration_s, abs=1e-3)
    for phone, following in zip(made.phones, made.phones[1:], strict=False):
        assert phone.end_s == following.start_s
        assert phone.end_s > phone.start_s
    heard = np.flatnonzero(np.abs(made.audio) > 0.03 * np.abs(made.audio).max()) / SAMPLE_RATE_HZ
    assert heard[0] == pytest.approx(made.words[0].start_s, abs=0.04)
    assert heard[-1] == pytest.approx(made.words[-1].end_s, abs=0.04)


@pytest.mark.slow
def test_the_same_arguments_give_the_same_samples(fetched: None) -> None:
    one = voices("en", "kokoro")[0]
    np.testing.assert_array_equal(speak("good day", one).audio, speak("good day", one).audio)
