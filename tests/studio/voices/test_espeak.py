"""Espeak's speech: phones without gaps, words on their phones, times that the sound confirms."""

# ruff: noqa: RUF001 - words of many alphabets
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from viseme.errors import ConfigError
from viseme.studio.utterance import SAMPLE_RATE_HZ, Utterance
from viseme.studio.voices import speak, voice, voices
from viseme.studio.voices.catalogue import LANGUAGES

pytest.importorskip("espeakng_loader", reason="needs the extra studio")

TEXTS = {
    "en": "the cat of the house bin blue at f two now i am out of the box",
    "de": "der mann und die frau zeigen uns zwanzig äpfel",
    "fr": "l'homme et la femme qui est là aujourd'hui",
    "es": "hola mundo vamos a la casa con el perro",
    "it": "buongiorno all'uomo e la donna mangiano",
    "pt": "bom dia a todos os amigos não são maçãs",
    "zh": "你好 世界 我 喜欢 学习 老师",
    "ru": "привет мир и в доме с другом что мы делаем",
    "ar": "مرحبا بالعالم في البيت",
    "el": "καλημέρα κόσμε και στο σπίτι ο άνθρωπος",
}
VOWELS = set("aeiouɑɐɒæəɛɪɔʊʌ")


def rms(spoken: Utterance, start_s: float, end_s: float) -> float:
    part = spoken.audio[round(start_s * SAMPLE_RATE_HZ) : round(end_s * SAMPLE_RATE_HZ)]
    return float(np.sqrt(np.mean(part.astype(np.float64) ** 2)))


@pytest.fixture(scope="module", params=LANGUAGES)
def spoken(request: pytest.FixtureRequest) -> Utterance:
    return speak(TEXTS[request.param], voice(f"espeak-{request.param}-m3-0"))


def test_phones_tile_the_sound(spoken: Utterance) -> None:
    assert spoken.phones[0].start_s == 0
    assert spoken.phones[-1].end_s == pytest.approx(spoken.duration_s, abs=1e-3)
    for one, following in zip(spoken.phones, spoken.phones[1:], strict=False):
        assert one.end_s == following.start_s
        assert one.end_s > one.start_s
        assert one.symbol or following.symbol, "two pauses in a row"


def test_every_written_word_has_its_time_on_whole_phones(spoken: Utterance) -> None:
    assert [word.word for word in spoken.words] == spoken.text.split()
    starts = {phone.start_s for phone in spoken.phones if phone.symbol}
    ends = {phone.end_s for phone in spoken.phones if phone.symbol}
    for word, following in zip(spoken.words, (*spoken.words[1:], None), strict=True):
        assert word.start_s in starts
        assert word.end_s in ends
        assert word.start_s < word.end_s
        assert following is None or word.end_s <= following.start_s


def test_pauses_are_silent_and_vowels_loud(spoken: Utterance) -> None:
    level = rms(spoken, 0.2, spoken.duration_s - 0.2)
    vowels = [p for p in spoken.phones if VOWELS & set(p.symbol) and p.end_s - p.start_s > 0.04]
    assert len(vowels) >= 3
    loud = [rms(spoken, p.start_s + 0.01, p.end_s - 0.01) > 0.5 * level for p in vowels]
    assert np.mean(loud) > 0.9
    for phone in spoken.phones:
        assert phone.symbol or rms(spoken, phone.start_s, phone.end_s) < 0.05 * level


def test_symbols_are_plain_ipa(spoken: Utterance) -> None:
    for phone in spoken.phones:
        assert not set(phone.symbol) & set("ˈˌ.-[]0123456789;^")
        assert phone.stress in (0, 1, 2)
    assert any(phone.stress == 1 for phone in spoken.phones)


def test_russian_has_its_own_vowel() -> None:
    phones = speak("мы были сыты", voice("espeak-ru-m3-0")).phones
    symbols = [phone.symbol for phone in phones]
    assert "ɨ" in symbols
    assert "y" not in symbols


def test_changes_of_language_are_no_sounds() -> None:
    phones = speak("le weekend est cool", voice("espeak-fr-m3-0")).phones
    assert not {"en", "fr"} & {phone.symbol for phone in phones}


def test_word_starts_agree_with_the_sound_after_pauses() -> None:
    errors = []
    for one in voices("en", "espeak")[::12]:
        spoken = speak("say, away, never, zero, sun, yellow, again", one)
        for word in spoken.words:
            before = round((word.start_s - 0.04) * SAMPLE_RATE_HZ)
            window = np.abs(spoken.audio[before : before + SAMPLE_RATE_HZ // 4])
            onset = int(np.argmax(window > 0.02 * np.abs(spoken.audio).max()))
            errors.append(abs(onset / SAMPLE_RATE_HZ - 0.04))
    assert np.median(errors) < 0.04


def test_a_closure_belongs_to_the_stop() -> None:
    spoken = speak("a cap a cap", voice("espeak-en-m3-0"))
    stops = [phone for phone in spoken.phones if phone.symbol in ("p", "k")]
    assert len(stops) == 4
    for stop in stops[:3]:
        assert rms(spoken, stop.start_s, stop.start_s + 0.02) < 0.01


@pytest.mark.parametrize("variant", ["f2-0", "m1-1", "Andrea-2"])
def test_the_same_arguments_give_the_same_samples(variant: str) -> None:
    one = voice(f"espeak-en-{variant}")
    first = speak("she sells sea shells", one)
    speak("quelque chose d'autre", voice("espeak-fr-f3-0"))
    again = speak("she sells sea shells", one)
    np.testing.assert_array_equal(first.audio, again.audio)
    assert first.phones == again.phones


def test_threads_do_not_disturb_each_other() -> None:
    names = ["espeak-en-m1-0", "espeak-de-f4-1", "espeak-it-m5-0", "espeak-ru-f2-0"]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda name: speak("one two", voice(name)).audio, names))
    for name, audio in zip(names, together, strict=True):
        np.testing.assert_array_equal(audio, speak("one two", voice(name)).audio)


def test_rate_and_silence_are_as_asked() -> None:
    one = voice("espeak-en-m3-0")
    text = "bin blue at f two now"
    usual = speak(text, one, lead_s=0.0, tail_s=0.0)
    slow = speak(text, one, rate=0.7, lead_s=0.5, tail_s=0.3)
    assert slow.duration_s - 0.8 > 1.2 * usual.duration_s
    assert slow.words[0].start_s == pytest.approx(0.5, abs=1e-3)
    assert slow.words[-1].end_s == pytest.approx(slow.duration_s - 0.3, abs=1e-3)
    assert np.all(slow.audio[: round(0.49 * SAMPLE_RATE_HZ)] == 0)


def test_the_level_is_even_and_nothing_clips() -> None:
    audio = [speak("good morning to you", one).audio for one in voices("en", "espeak")[::16]]
    levels = [np.sqrt(np.mean(sound**2)) for sound in audio]
    assert max(levels) < 2 * min(levels)
    assert max(np.abs(sound).max() for sound in audio) < 1


def test_nothing_to_read_is_refused() -> None:
    with pytest.raises(ConfigError, match="nothing to read"):
        speak("   ", voice("espeak-en-f1-0"))
